//! Something to read, as long as it may be.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Reaction, Topic, View};
use crate::input::Key;
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::scroll::{self, Scroll};
use crate::widgets::text;

/// Longer lines are hard to read. Columns.
const WIDEST: u16 = 78;

/// A page and how far it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    topic: Topic,
    scroll: Scroll,
}

impl Page {
    pub fn new(topic: Topic) -> Self {
        Self { topic, scroll: Scroll::default() }
    }

    fn lines(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for paragraph in self.topic.paragraphs(shared.surroundings) {
            lines.extend(text::wrapped(paragraph, "", width.min(WIDEST), theme::BASE));
            lines.push(Line::default());
        }
        lines.pop();
        lines
    }
}

impl View for Page {
    fn title(&self) -> String {
        self.topic.title().to_owned()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let body = chrome::body(shared.size);
        scroll::keys(self.lines(shared, body.width).len(), body.height)
    }

    fn help(&self) -> Option<Topic> {
        None
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let body = chrome::body(shared.size);
        let lines = self.lines(shared, body.width).len();
        match key {
            Key::Esc | Key::Enter | Key::Backspace | Key::Left => return Reaction::Close,
            key => self.scroll.press(key, lines, body.height),
        };
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        self.scroll.draw(self.lines(shared, area.width), area, frame);
    }
}
