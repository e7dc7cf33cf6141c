//! Something to read, as long as it may be.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Reaction, Topic};
use crate::input::Key;
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::text;

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Sentences.
    Text(String),
    /// A step, by its number.
    Step(usize, String),
    /// A line to be typed. It is never wrapped.
    Command(String),
    /// A line of a list, cut rather than wrapped.
    Entry(String),
    /// Something to be read before going on.
    Warning(String),
    /// Room.
    Gap,
}

/// A page and how far it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub topic: Topic,
    /// The first line shown.
    first: usize,
}

impl Page {
    pub fn new(topic: Topic) -> Self {
        Self { topic, first: 0 }
    }

    pub fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let mut keys = vec![("Esc", "back")];
        if self.last_start(shared, chrome::body(shared.size)) > 0 {
            keys.insert(0, ("↑ ↓", "read on"));
        }
        if self.topic.help().is_some() {
            keys.push(("F1", "help"));
        }
        keys
    }

    pub fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let body = chrome::body(shared.size);
        let page = usize::from(body.height).saturating_sub(1).max(1);
        let last = self.last_start(shared, body);
        let first = self.first.min(last);
        self.first = match key {
            Key::Esc | Key::Enter | Key::Backspace | Key::Left => return Reaction::Close,
            Key::Up => first.saturating_sub(1),
            Key::Down => first + 1,
            Key::PageUp => first.saturating_sub(page),
            Key::PageDown | Key::Char(' ') => first + page,
            Key::Home => 0,
            Key::End => last,
            _ => first,
        };
        Reaction::None
    }

    pub fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let lines = self.lines(shared, area.width);
        let last = lines.len().saturating_sub(usize::from(area.height));
        let lines: Vec<Line<'_>> = lines.into_iter().skip(self.first.min(last)).collect();
        frame.render_widget(Paragraph::new(lines).style(theme::BASE), area);
    }

    /// The line that a page starts with when its end is in sight.
    fn last_start(&self, shared: &Shared, body: Rect) -> usize {
        self.lines(shared, body.width).len().saturating_sub(usize::from(body.height))
    }

    fn lines(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let width = width.min(78);
        self.topic.pieces(shared).iter().flat_map(|piece| lines_of(piece, width)).collect()
    }
}

fn lines_of(piece: &Piece, width: u16) -> Vec<Line<'static>> {
    match piece {
        Piece::Text(words) => text::wrapped(words, "", width, theme::BASE),
        Piece::Warning(words) => text::wrapped(&format!("! {words}"), "", width, theme::WARNING),
        Piece::Command(command) => vec![Line::styled(format!("     {command}"), theme::COMMAND)],
        Piece::Entry(words) => {
            let words = text::cut(words, usize::from(width.saturating_sub(5)));
            vec![Line::styled(format!("     {words}"), theme::BASE)]
        }
        Piece::Gap => vec![Line::default()],
        Piece::Step(number, words) => {
            let mut lines = text::wrapped(words, "  ", width, theme::BASE);
            if let Some(first) = lines.first_mut() {
                let words = first.to_string().trim_start().to_owned();
                *first = Line::from(vec![
                    Span::styled(format!("{number} "), theme::STRONG),
                    Span::styled(words, theme::BASE),
                ]);
            }
            lines
        }
    }
}
