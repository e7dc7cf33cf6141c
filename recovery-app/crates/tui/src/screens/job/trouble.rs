//! Something that was not done: what happened, what is unharmed, what to do next.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::input::Key;
use crate::job::{Ending, Trouble};
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::scroll::Scroll;
use crate::widgets::text;

const HELP: Topic = Topic::About(&[
    "Something was not done, or not to its end. The screen says what happened, what is unharmed, \
     and what to do next.",
    "D shows the details: names of devices, places on them, and what the system said. Where \
     Remetal was started from its own medium, they are in the log as well, which Tools copies to \
     a drive.",
]);

/// What was not done, and whether its details are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct TroubleScreen {
    trouble: Trouble,
    shows_details: bool,
    scroll: Scroll,
}

impl TroubleScreen {
    pub fn new(trouble: Trouble) -> Self {
        Self { trouble, shows_details: false, scroll: Scroll::default() }
    }

    fn lines(&self, width: u16) -> Vec<Line<'static>> {
        let width = width.min(78);
        let (headline, style) = match self.trouble.end {
            Ending::Refused => ("! This was not begun.", theme::WARNING),
            Ending::Stopped => ("! Stopped, as you asked.", theme::WARNING),
            Ending::Failed => ("! This failed.", theme::DANGER),
        };
        let mut lines = vec![Line::styled(headline, style), Line::default()];
        let sections = [
            ("What happened", &self.trouble.what),
            ("What is unharmed", &self.trouble.unharmed),
            ("What to do now", &self.trouble.next),
        ];
        for (title, words) in sections.into_iter().filter(|(_, words)| !words.is_empty()) {
            lines.push(Line::styled(title, theme::STRONG));
            lines.extend(text::wrapped(words, "  ", width, theme::BASE));
            lines.push(Line::default());
        }
        if self.shows_details {
            lines.push(Line::styled("Details", theme::STRONG));
            lines.extend(detail_lines(&self.trouble.details, width, theme::BASE));
        }
        lines
    }
}

fn detail_lines(details: &[String], width: u16, style: Style) -> Vec<Line<'static>> {
    details.iter().flat_map(|detail| text::wrapped(detail, "  ", width, style)).collect()
}

impl View for TroubleScreen {
    fn title(&self) -> String {
        match self.trouble.end {
            Ending::Refused => "Not begun",
            Ending::Stopped => "Stopped",
            Ending::Failed => "Failed",
        }
        .to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        let mut keys = vec![("Enter", "go on"), ("F1", "help")];
        if !self.trouble.details.is_empty() {
            keys.insert(1, ("D", "details"));
        }
        keys
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let body = chrome::body(shared.size);
        match key {
            Key::Enter | Key::Esc => return Reaction::Close,
            Key::Char('d' | 'D') => self.shows_details = !self.shows_details,
            key => {
                self.scroll.press(key, self.lines(body.width).len(), body.height);
            }
        }
        Reaction::None
    }

    fn draw(&self, _shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        self.scroll.draw(self.lines(area.width), area, frame);
    }
}
