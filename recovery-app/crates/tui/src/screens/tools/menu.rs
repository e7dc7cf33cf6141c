use ratatui::Frame;
use ratatui::layout::Rect;

use crate::input::Key;
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::widgets::chrome::KeyHint;

/// Tools
#[derive(Debug, Clone, PartialEq)]
pub struct Tools {}

impl Default for Tools {
    fn default() -> Self {
        Self {}
    }
}
impl View for Tools {
    fn title(&self) -> String {
        "Tools".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("Esc", "back")]
    }

    fn help(&self) -> Option<Topic> {
        None
    }

    fn press(&mut self, key: Key, _shared: &Shared) -> Reaction {
        if key == Key::Esc { Reaction::Close } else { Reaction::None }
    }

    fn draw(&self, _shared: &Shared, _area: Rect, _frame: &mut Frame<'_>) {}
}
