//! What technicians use beside backups.

mod details;
mod disks;
mod keyboard;
mod logs;
mod menu;
mod text_size;

pub use details::Details;
pub use disks::Disks;
pub use keyboard::Keyboard;
pub use logs::Logs;
pub use menu::Tools;
pub use text_size::Text;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::state::Shared;
use crate::theme;
use crate::widgets::list::{self, Cursor, Row};
use crate::widgets::text;

/// What Enter says when the disk under the arrow is not there any more.
const GONE: &str = "The disk that was marked has been taken out. Look again, then press Enter.";

/// A sentence, the rows below it, and what has just happened at the bottom.
fn draw_list(
    words: &str,
    rows: &[Row],
    cursor: Cursor,
    shared: &Shared,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let news = shared.news().map(|news| (news, theme::GOOD));
    draw_list_saying(news, words, rows, cursor, area, frame);
}

/// The same with words at the bottom that the screen itself has to say.
fn draw_list_saying(
    said: Option<(&str, Style)>,
    words: &str,
    rows: &[Row],
    cursor: Cursor,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let width = area.width.min(78);
    let lines = text::wrapped(words, "", width, theme::BASE);
    let said = said.map(|(said, style)| text::wrapped(said, "", width, style)).unwrap_or_default();
    let height = |lines: &[Line<'_>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let [head, _, body, news] = Layout::vertical([
        Constraint::Length(height(&lines)),
        Constraint::Max(1),
        Constraint::Fill(1),
        Constraint::Length(height(&said).clamp(1, (area.height / 3).max(1))),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(lines).style(theme::BASE), head);
    list::draw(rows, cursor, body, frame);
    frame.render_widget(Paragraph::new(said), news);
}
