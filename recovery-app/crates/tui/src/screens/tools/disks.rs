//! Which disk's details.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Details, GONE, draw_list_saying};
use crate::disks::Condition;
use crate::input::Key;
use crate::screens::focus::{DiskKey, Focus};
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::Row;

const HELP: Topic = Topic::About(&[
    "All disks that answer can be chosen, and nothing is written to them. One that is being looked \
     at can be chosen in a moment.",
    "A disk that does not answer may be failing, or its cable is loose.",
]);

/// The disks to choose from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Disks {
    focus: Focus<DiskKey>,
    /// Why Enter did nothing.
    note: Option<&'static str>,
}

fn keys_of(shared: &Shared) -> Vec<DiskKey> {
    shared.disks.known().iter().map(|known| DiskKey::of(&known.disk)).collect()
}

fn rows(shared: &Shared) -> Vec<Row> {
    let known = shared.disks.known().iter();
    known
        .map(|known| Row {
            refusal: match known.condition(shared.now) {
                Condition::Told(_) | Condition::Occupied(_, Some(_)) => None,
                Condition::Occupied(occupation, None) => {
                    Some(format!("it {}", occupation.in_words()))
                }
                Condition::Asked => Some("it is being looked at".to_owned()),
                Condition::NotAnswering => Some("it does not answer".to_owned()),
            },
            ..Row::new(card::identity(&known.disk))
        })
        .collect()
}

impl Disks {
    fn choose(&mut self, shared: &Shared) -> Reaction {
        let (keys, rows) = (keys_of(shared), rows(shared));
        if self.focus.has_gone(&keys) {
            self.note = Some(GONE);
            return Reaction::None;
        }
        let place = self.focus.cursor(&keys, 0).place(rows.len());
        match (shared.disks.known().get(place), rows.get(place)) {
            (Some(known), Some(Row { refusal: None, .. })) => {
                Reaction::Open(Screen::Details(Details::disk(&known.disk)))
            }
            _ => Reaction::None,
        }
    }
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
        self.note = None;
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.choose(shared),
            key => {
                self.focus.press(key, &keys_of(shared), &rows(shared), 0);
            }
        }
        Reaction::None
    }

    fn settle(&mut self, shared: &Shared) {
        self.focus.bind(&keys_of(shared), &rows(shared), 0);
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let rows = rows(shared);
        let words = match (rows.is_empty(), shared.is_searching()) {
            (false, _) => "Which disk?",
            (true, false) => "No disk was found.",
            (true, true) => "Looking for disks ...",
        };
        let note = self.note.map(|note| (note, theme::WARNING));
        let said = note.or_else(|| shared.news().map(|news| (news, theme::GOOD)));
        let cursor = self.focus.cursor(&keys_of(shared), 0);
        draw_list_saying(said, words, &rows, cursor, area, frame);
    }
}
