//! Lines to read, as many as there may be.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::input::Key;
use crate::theme;
use crate::widgets::chrome::KeyHint;

/// How far the lines were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll {
    /// The first line shown.
    first: usize,
}

/// Whether so many lines do not fit into so much height.
pub fn overflows(lines: usize, height: u16) -> bool {
    lines > usize::from(height)
}

/// The keys of a page that is only read: so many lines in so much height.
pub fn keys(lines: usize, height: u16) -> Vec<KeyHint> {
    let read_on = overflows(lines, height).then_some(("↑ ↓", "read on"));
    read_on.into_iter().chain([("Esc", "back")]).collect()
}

impl Scroll {
    /// Moves by arrows, pages, the space bar, Home and End, with so many lines in so much height.
    /// False for another key.
    pub fn press(&mut self, key: Key, lines: usize, height: u16) -> bool {
        let page = usize::from(height).saturating_sub(1).max(1);
        let last = last_start(lines, height);
        let first = self.first.min(last);
        self.first = match key {
            Key::Up => first.saturating_sub(1),
            Key::Down => (first + 1).min(last),
            Key::PageUp => first.saturating_sub(page),
            Key::PageDown | Key::Char(' ') => (first + page).min(last),
            Key::Home => 0,
            Key::End => last,
            _ => return false,
        };
        true
    }

    /// Draws what is in sight; where lines follow below, the last line says so.
    pub fn draw(self, lines: Vec<Line<'static>>, area: Rect, frame: &mut Frame<'_>) {
        let last = last_start(lines.len(), area.height);
        let first = self.first.min(last);
        let more = first < last;
        let mut shown: Vec<Line<'_>> =
            lines.into_iter().skip(first).take(usize::from(area.height)).collect();
        if more && area.height > 1 {
            shown.pop();
            shown.push(Line::styled("▼ more ", theme::QUIET).right_aligned());
        }
        frame.render_widget(Paragraph::new(shown).style(theme::BASE), area);
    }
}

/// The line that a page starts with when its end is in sight.
fn last_start(lines: usize, height: u16) -> usize {
    lines.saturating_sub(usize::from(height))
}
