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

const HELP: Topic = Topic::About(&[
    "Large letters are twice as wide and high. 80 of them in a row, and 24 rows, must have room on \
     the screen; where they have not, the letters stay as they are.",
    "The size counts until the computer is restarted. In the menu before the start, 'Remetal, \
     large text' begins with large letters.",
]);

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
        vec![("↑ ↓", "choose"), ("Enter", "take it"), ("Esc", "back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
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
