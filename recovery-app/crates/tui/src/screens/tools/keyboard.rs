//! The keyboard's layout.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::draw_list;
use crate::input::Key;
use crate::message::{Command, Message};
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::tool::{LAYOUTS, Tool};
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};

const HELP: Topic = Topic::About(&[
    "Choose the layout that your keyboard is printed with, so that what you type is what you mean. \
     It counts until the computer is restarted, in the shells too.",
    "If yours is not in the list, choose the one that comes nearest: letters and digits matter \
     here, other signs do not. In a shell, 'loadkeys' knows many more.",
]);

/// The layouts to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyboard {
    cursor: Cursor,
}

fn rows(shared: &Shared) -> Vec<Row> {
    let row = |layout: &crate::tool::Layout| Row {
        marked: Some(shared.layout.as_ref() == Some(layout)),
        ..Row::new(layout.words)
    };
    LAYOUTS.iter().map(row).collect()
}

impl View for Keyboard {
    fn title(&self) -> String {
        "Keyboard layout".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("↑ ↓", "choose"), ("Enter", "take it"), ("Esc", "leave it as it is"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let rows = rows(shared);
        match key {
            Key::Esc => Reaction::Close,
            Key::Enter => {
                let layout = LAYOUTS[self.cursor.place(LAYOUTS.len())];
                Reaction::Do(Command::Use(Tool::Keyboard(layout)))
            }
            key => {
                self.cursor.press(key, &rows);
                Reaction::None
            }
        }
    }

    fn hear(&mut self, answer: &Message, _shared: &Shared) -> Reaction {
        match answer {
            Message::Used(Tool::Keyboard(_), Ok(_)) => Reaction::Close,
            _ => Reaction::None,
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let words = "Something is typed now and then. Which keyboard is this? The first letter of \
                     a language leads to it.";
        draw_list(words, &rows(shared), self.cursor, shared, area, frame);
    }
}
