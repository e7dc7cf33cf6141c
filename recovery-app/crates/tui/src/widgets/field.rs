//! A line that is typed into.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use tui_input::{Input, InputRequest};

use crate::input::Key;
use crate::theme;

/// What was typed, and where the next letter goes.
#[derive(Debug, Clone, Default)]
pub struct Field {
    input: Input,
    /// Letters that it takes at most.
    most: usize,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() && self.input.cursor() == other.input.cursor()
    }
}

impl Field {
    /// With this text in it, for up to `most` letters.
    pub fn new(text: &str, most: usize) -> Self {
        Self { input: Input::new(text.to_owned()), most }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Takes a key; false for one that changes nothing here.
    pub fn press(&mut self, key: Key) -> bool {
        let full = self.text().chars().count() >= self.most;
        let request = match key {
            Key::Char(letter) if !letter.is_control() && !full => InputRequest::InsertChar(letter),
            Key::Backspace => InputRequest::DeletePrevChar,
            Key::Delete => InputRequest::DeleteNextChar,
            Key::Left => InputRequest::GoToPrevChar,
            Key::Right => InputRequest::GoToNextChar,
            Key::Home => InputRequest::GoToStart,
            Key::End => InputRequest::GoToEnd,
            Key::Ctrl('u') => InputRequest::DeleteLine,
            _ => return false,
        };
        self.input.handle(request);
        true
    }

    /// The text in a line of `width` columns, in brackets; the place of the next letter is marked
    /// when the field has the keys.
    pub fn line(&self, width: usize, has_keys: bool) -> Line<'static> {
        let room = width.saturating_sub(3).max(1);
        let skipped = self.input.cursor().saturating_sub(room);
        let letters: Vec<char> = self.text().chars().skip(skipped).take(room).collect();
        let at = self.input.cursor() - skipped;
        let mut spans = vec![Span::styled("[", theme::BASE)];
        for place in 0..=room {
            let letter = letters.get(place).copied().unwrap_or(if has_keys { '_' } else { ' ' });
            spans.push(Span::styled(letter.to_string(), style(has_keys, place == at)));
        }
        spans.push(Span::styled("]", theme::BASE));
        Line::from(spans)
    }
}

fn style(has_keys: bool, is_next: bool) -> Style {
    match (has_keys, is_next) {
        (true, true) => theme::CHOSEN,
        (true, false) => theme::STRONG,
        (false, _) => theme::BASE,
    }
}
