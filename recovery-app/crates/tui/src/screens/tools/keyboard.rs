//! The keyboard's layout.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::draw_list_saying;
use crate::input::Key;
use crate::message::{Command, Message};
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::theme;
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
    /// On the layout that is loaded, until it was moved.
    moved: Option<Cursor>,
    /// One is being loaded.
    is_loading: bool,
    /// Why that did not work.
    trouble: Option<String>,
}

impl Keyboard {
    fn cursor(&self, shared: &Shared) -> Cursor {
        let loaded = LAYOUTS.iter().position(|layout| shared.layout.as_ref() == Some(layout));
        self.moved.unwrap_or(Cursor::at(loaded.unwrap_or(0)))
    }
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
        if key == Key::Esc {
            return Reaction::Close;
        }
        // A key that is held down comes many times.
        if self.is_loading {
            return Reaction::None;
        }
        self.trouble = None;
        let mut cursor = self.cursor(shared);
        if key == Key::Enter {
            self.is_loading = true;
            let layout = LAYOUTS[cursor.place(LAYOUTS.len())];
            return Reaction::Do(Command::Use(Tool::Keyboard(layout)));
        }
        if cursor.press(key, &rows(shared)) {
            self.moved = Some(cursor);
        }
        Reaction::None
    }

    fn hear(&mut self, answer: &Message, _shared: &Shared) -> Reaction {
        match answer {
            Message::Used(Tool::Keyboard(_), Ok(_)) => return Reaction::Close,
            Message::Used(Tool::Keyboard(_), Err(reason)) => {
                self.is_loading = false;
                self.trouble = Some(format!("This did not work: {reason}"));
            }
            _ => {}
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let words = "Something is typed now and then. Which keyboard is this? The first letter of \
                     a language leads to it.";
        let trouble = self.trouble.as_deref().map(|trouble| (trouble, theme::WARNING));
        let said = trouble.or_else(|| shared.news().map(|news| (news, theme::GOOD)));
        draw_list_saying(said, words, &rows(shared), self.cursor(shared), area, frame);
    }
}
