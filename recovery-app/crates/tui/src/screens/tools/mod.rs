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
use ratatui::widgets::Paragraph;

use crate::state::Shared;
use crate::theme;
use crate::widgets::list::{self, Cursor, Row};
use crate::widgets::text;

/// A sentence, the rows below it, and what has just happened at the bottom.
fn draw_list(
    words: &str,
    rows: &[Row],
    cursor: Cursor,
    shared: &Shared,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let lines = text::wrapped(words, "", area.width.min(78), theme::BASE);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let [head, _, body, news] = Layout::vertical([
        Constraint::Length(height),
        Constraint::Max(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(lines).style(theme::BASE), head);
    list::draw(rows, cursor, body, frame);
    let told = text::cut(shared.news().unwrap_or_default(), usize::from(news.width));
    frame.render_widget(ratatui::text::Line::styled(told, theme::GOOD), news);
}
