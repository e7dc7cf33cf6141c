//! What all screens have: a title line above, the keys below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use crate::theme;

/// A key and what it does.
pub type KeyHint = (&'static str, &'static str);

/// Wider than this, lines are hard to follow. Columns.
const WIDEST: u16 = 112;

/// Clears the screen, draws title and keys, and gives the area between them.
pub fn draw(frame: &mut Frame<'_>, title: &str, keys: &[KeyHint]) -> Rect {
    let area = frame.area();
    frame.render_widget(Block::new().style(theme::BASE), area);
    let [head, _, body, foot] = parts(area);
    let rule = Block::new().borders(Borders::BOTTOM).border_style(theme::QUIET);
    frame.render_widget(rule, head);
    let [left, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(7)]).areas(column(head));
    frame.render_widget(Line::styled(title.to_owned(), theme::STRONG), line_of(left));
    frame.render_widget(Line::styled("Remetal", theme::QUIET), line_of(right));
    frame.render_widget(Line::from(hints(keys)), column(foot));
    column(body)
}

/// The area between title and keys on a screen of this many columns and lines.
pub fn body((columns, rows): (u16, u16)) -> Rect {
    let [_, _, body, _] = parts(Rect::new(0, 0, columns, rows));
    column(body)
}

/// Title, room where there is plenty, body, keys.
fn parts(area: Rect) -> [Rect; 4] {
    let room = u16::from(area.height >= 32);
    Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(room),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area)
}

/// The first line of an area.
fn line_of(area: Rect) -> Rect {
    Rect { height: area.height.min(1), ..area }
}

/// The middle of the screen, with a margin at both sides.
fn column(area: Rect) -> Rect {
    let inner = if area.width > 40 { area.inner(Margin::new(1, 0)) } else { area };
    let width = inner.width.min(WIDEST);
    Rect { x: inner.x + (inner.width - width) / 2, width, ..inner }
}

fn hints(keys: &[KeyHint]) -> Vec<Span<'static>> {
    keys.iter()
        .flat_map(|(key, what)| {
            [Span::styled(*key, theme::STRONG), Span::styled(format!(" {what}   "), theme::BASE)]
        })
        .collect()
}
