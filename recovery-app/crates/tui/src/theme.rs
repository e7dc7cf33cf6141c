//! What colours mean. Every meaning is also told by a word or a sign, for screens without colour.
//!
//! Both colours are always named: the Linux console half obeys a reset. Only the bright variants
//! carry meaning, since blue on black cannot be read and bold takes colours away.

use ratatui::style::{Color, Style};
use report::content::Role;

const fn on_black(color: Color) -> Style {
    Style::new().fg(color).bg(Color::Black)
}

/// Ordinary text.
pub const BASE: Style = on_black(Color::Gray);
/// Names and titles.
pub const STRONG: Style = on_black(Color::White);
/// Lines and what is of less moment.
pub const QUIET: Style = on_black(Color::DarkGray);
/// What Enter acts on.
pub const CHOSEN: Style = Style::new().fg(Color::Black).bg(Color::Gray);
/// The frame around what Enter acts on.
pub const CHOSEN_FRAME: Style = on_black(Color::LightYellow);
/// All is well.
pub const GOOD: Style = on_black(Color::LightGreen);
/// Something to be read before going on.
pub const WARNING: Style = on_black(Color::LightYellow);
/// Data is in danger.
pub const DANGER: Style = on_black(Color::LightRed);

/// What is on a stretch of a disk.
#[must_use]
pub const fn of_role(role: Role) -> Style {
    on_black(match role {
        Role::System => Color::LightBlue,
        Role::Files => Color::LightCyan,
        Role::Encrypted => Color::LightMagenta,
        Role::Array => Color::LightYellow,
        Role::Startup => Color::Gray,
        Role::Swap | Role::Unknown => Color::DarkGray,
    })
}
