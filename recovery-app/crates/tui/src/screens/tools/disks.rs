//! Which disk's details.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Details, draw_list};
use crate::disks::Condition;
use crate::input::Key;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};

const HELP: Topic = Topic::About(&[
    "All disks that answer can be chosen, and nothing is written to them. One that is being looked \
     at can be chosen in a moment.",
    "A disk that does not answer may be failing, or its cable is loose.",
]);

/// The disks to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disks {
    cursor: Cursor,
}

fn rows(shared: &Shared) -> Vec<Row> {
    let known = shared.disks.known().iter();
    known
        .map(|known| Row {
            refusal: match known.condition(shared.now) {
                Condition::Told(_) => None,
                Condition::Asked => Some("it is being looked at".to_owned()),
                Condition::NotAnswering => Some("it does not answer".to_owned()),
            },
            ..Row::new(card::identity(&known.disk))
        })
        .collect()
}

impl View for Disks {
    fn title(&self) -> String {
        "Disk details".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("↑ ↓", "choose"), ("Enter", "open"), ("Esc", "back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let rows = rows(shared);
        let place = self.cursor.place(rows.len());
        match key {
            Key::Esc => Reaction::Close,
            Key::Enter => match (shared.disks.known().get(place), rows.get(place)) {
                (Some(known), Some(Row { refusal: None, .. })) => {
                    Reaction::Open(Screen::Details(Details::disk(&known.disk)))
                }
                _ => Reaction::None,
            },
            key => {
                self.cursor.press(key, &rows);
                Reaction::None
            }
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let rows = rows(shared);
        let words = if rows.is_empty() { "No disk was found." } else { "Which disk?" };
        draw_list(words, &rows, self.cursor, shared, area, frame);
    }
}
