//! What all screens have: a title line above, the keys below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};
use unicode_width::UnicodeWidthStr;

use super::text;
use crate::theme;

/// A key and what it does.
pub type KeyHint = (&'static str, &'static str);

/// The program's.
const NAME: &str = "Remetal";
/// Between two hints.
const GAP: &str = "   ";

/// Wider than this, lines are hard to follow. Columns.
const WIDEST: u16 = 112;

/// Clears the screen, draws title and keys, and gives the area between them.
pub fn draw(frame: &mut Frame<'_>, title: &str, keys: &[KeyHint]) -> Rect {
    let area = frame.area();
    frame.render_widget(Block::new().style(theme::BASE), area);
    let [head, _, body, foot] = parts(area);
    let rule = Block::new().borders(Borders::BOTTOM).border_style(theme::QUIET);
    frame.render_widget(rule, head);
    let head = line_of(column(head));
    let title = text::cut(title, usize::from(head.width));
    // On a narrow screen the title needs all of the line.
    let has_room = title.width() + 1 + NAME.width() <= usize::from(head.width);
    let name = if has_room { 7 } else { 0 };
    let [left, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(name)]).areas(head);
    frame.render_widget(Line::styled(title, theme::STRONG), left);
    frame.render_widget(Line::styled(NAME, theme::QUIET), right);
    let foot = column(foot);
    frame.render_widget(Line::from(hints(&fitting(keys, usize::from(foot.width)))), foot);
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

/// The keys whose hints fit side by side in `width` columns. The way back and the help stay
/// longest, and before them what Enter does.
fn fitting(keys: &[KeyHint], width: usize) -> Vec<KeyHint> {
    let mut keys = keys.to_vec();
    let rank = |key: &str| match key {
        "Esc" | "F1" => 2,
        "Enter" => 1,
        _ => 0,
    };
    let needed = |keys: &[KeyHint]| {
        let hints = keys.iter().map(|(key, what)| key.width() + 1 + what.width());
        hints.sum::<usize>() + GAP.len() * keys.len().saturating_sub(1)
    };
    while needed(&keys) > width {
        let least = (0..keys.len()).min_by_key(|place| rank(keys[*place].0));
        let Some(least) = least else { break };
        keys.remove(least);
    }
    keys
}

fn hints(keys: &[KeyHint]) -> Vec<Span<'static>> {
    keys.iter()
        .flat_map(|(key, what)| {
            [Span::styled(*key, theme::STRONG), Span::styled(format!(" {what}{GAP}"), theme::BASE)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_and_the_help_stay_in_sight() {
        let keys = [
            ("↑ ↓", "choose"),
            ("a-z", "type the name"),
            ("Enter", "go on"),
            ("Esc", "back"),
            ("F1", "help"),
        ];
        assert_eq!(fitting(&keys, 80), keys);
        assert_eq!(fitting(&keys, 40), keys[2..]);
        assert_eq!(fitting(&keys, 20), keys[3..]);
        assert_eq!(fitting(&keys, 1), []);
    }
}
