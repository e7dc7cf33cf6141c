//! The tools.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Details, Disks, Keyboard, Logs, Text, draw_list};
use crate::input::Key;
use crate::machine::Surroundings;
use crate::message::Command;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};

const HELP: Topic = Topic::About(&[
    "Details of a disk are what a technician wants to know: numbers, sizes, partitions, the disk's \
     own opinion of its health.",
    "Logs and reports go into a folder of a drive that you choose, so that you can show them to \
     somebody.",
    "The keyboard layout counts until the computer is restarted.",
]);

/// What can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tools {
    cursor: Cursor,
}

#[derive(Clone, Copy)]
enum Choice {
    Disks,
    Logs,
    Keyboard,
    Text,
    Computer,
    About,
}

const CHOICES: [Choice; 6] =
    [Choice::Disks, Choice::Logs, Choice::Keyboard, Choice::Text, Choice::Computer, Choice::About];

impl Choice {
    fn row(self, shared: &Shared) -> Row {
        let (label, more) = match self {
            Self::Disks => ("Disk details", "numbers, partitions, health"),
            Self::Logs => ("Logs and reports", "copy them to a drive"),
            Self::Keyboard => ("Keyboard layout", "so that keys give what is printed on them"),
            Self::Text => ("Size of letters", "normal or large"),
            Self::Computer => ("This computer", "date and time, firmware, memory"),
            Self::About => ("About Remetal", "version and licences"),
        };
        Row { more: vec![more.to_owned()], refusal: self.refusal(shared), ..Row::new(label) }
    }

    fn refusal(self, shared: &Shared) -> Option<String> {
        let words = match (self, shared.surroundings) {
            (Self::Keyboard | Self::Text, Surroundings::Serial) => {
                "the terminal at the other end of the serial line decides it"
            }
            (Self::Keyboard | Self::Text, Surroundings::Guest) => "the running system decides it",
            _ => return None,
        };
        Some(words.to_owned())
    }

    fn screen(self) -> Screen {
        match self {
            Self::Disks => Screen::Disks(Disks::default()),
            Self::Logs => Screen::Logs(Logs::default()),
            Self::Keyboard => Screen::Keyboard(Keyboard::default()),
            Self::Text => Screen::Text(Text::default()),
            Self::Computer => Screen::Details(Details::computer()),
            Self::About => Screen::Details(Details::about()),
        }
    }
}

fn rows(shared: &Shared) -> Vec<Row> {
    CHOICES.iter().map(|choice| choice.row(shared)).collect()
}

impl View for Tools {
    fn title(&self) -> String {
        "Tools".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("↑ ↓", "choose"), ("Enter", "open"), ("Esc", "back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let rows = rows(shared);
        match key {
            Key::Esc => Reaction::Close,
            Key::Enter => {
                let choice = CHOICES[self.cursor.place(CHOICES.len())];
                match choice {
                    _ if choice.refusal(shared).is_some() => Reaction::None,
                    Choice::Computer | Choice::About => {
                        Reaction::OpenAndDo(choice.screen(), Command::AskFacts)
                    }
                    _ => Reaction::Open(choice.screen()),
                }
            }
            key => {
                self.cursor.press(key, &rows);
                Reaction::None
            }
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let words = "None of these changes what is on a disk. Logs go to a drive that you choose.";
        draw_list(words, &rows(shared), self.cursor, shared, area, frame);
    }
}
