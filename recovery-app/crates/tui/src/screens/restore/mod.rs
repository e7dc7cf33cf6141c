//! Putting a backup back, and checking one, step by step.

mod backup;
mod backups;
mod contents;
mod obstacle;
mod picture;
mod proposal;
mod target;
mod targets;

pub use backups::Backups;
pub use obstacle::{disk_obstacle, lasting_obstacle, obstacle};
pub use proposal::Proposal;
pub use target::HAS_DOUBLE;
pub use targets::Targets;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::theme;
use crate::widgets::list::{self, Cursor, Row};
use crate::widgets::text;

/// Longer lines are hard to read. Columns.
const WIDEST: u16 = 78;

/// Why Enter did nothing, in lines.
fn note_lines(note: Option<&str>, width: u16) -> Vec<Line<'static>> {
    let hanging = |note| text::hanging("! ", note, width.min(WIDEST), theme::WARNING);
    note.map(hanging).unwrap_or_default()
}

/// Draws rows to choose from, with words above and below. Where room is short the rows have most
/// of it.
fn draw_choice(
    head: Vec<Line<'static>>,
    (rows, cursor): (&[Row], Cursor),
    foot: Vec<Line<'static>>,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let height = |lines: &[Line<'_>], most: u16| {
        Constraint::Length(u16::try_from(lines.len()).unwrap_or(most).min(most))
    };
    let [above, choice, below] = Layout::vertical([
        height(&head, area.height / 3),
        Constraint::Fill(1),
        height(&foot, area.height / 3),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(head).style(theme::BASE), above);
    list::draw_apart(rows, cursor, choice, frame);
    frame.render_widget(Paragraph::new(foot).style(theme::BASE), below);
}
