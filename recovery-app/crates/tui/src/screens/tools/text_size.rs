//! The size of letters.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::draw_list;
use crate::input::Key;
use crate::message::Command;
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::tool::{TextSize, Tool};
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};

/// The sizes to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    cursor: Cursor,
}

const SIZES: [(TextSize, &str, &str); 2] = [
    (TextSize::Normal, "Normal", "as it is at the start"),
    (TextSize::Large, "Large", "twice as wide and high, where the screen has room"),
];

fn rows() -> Vec<Row> {
    let row = |(_, label, more): &(TextSize, &str, &str)| Row {
        more: vec![(*more).to_owned()],
        ..Row::new(*label)
    };
    SIZES.iter().map(row).collect()
}

impl View for Text {
    fn title(&self) -> String {
        "Size of letters".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("↑ ↓", "choose"), ("Enter", "take it"), ("Esc", "back")]
    }

    fn help(&self) -> Option<Topic> {
        None
    }

    fn press(&mut self, key: Key, _shared: &Shared) -> Reaction {
        match key {
            Key::Esc => Reaction::Close,
            Key::Enter => {
                let (size, ..) = SIZES[self.cursor.place(SIZES.len())];
                Reaction::Do(Command::Use(Tool::Text(size)))
            }
            key => {
                self.cursor.press(key, &rows());
                Reaction::None
            }
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        draw_list("How large should letters be?", &rows(), self.cursor, shared, area, frame);
    }
}
