//! Where the logs go.

use std::path::PathBuf;

use hardware::Disk;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use report::size;

use super::{GONE, draw_list_saying};
use crate::input::Key;
use crate::machine::Place;
use crate::message::{Command, Message};
use crate::screens::focus::{DiskKey, Focus};
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::tool::Tool;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::Row;

const HELP: Topic = Topic::About(&[
    "The folder that is made on the drive holds the log of this start, the messages of the kernel, \
     and everything that is known of the disks. Nothing of what is on your disks is in it, but \
     names of disks, partitions and systems are.",
    "A disk with an operating system is not offered: nothing is written to it.",
]);

/// A volume, and the disk that it lies on.
type PlaceKey = (DiskKey, PathBuf);

/// The drives to choose from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logs {
    focus: Focus<PlaceKey>,
    /// The logs are being copied.
    is_copying: bool,
    /// What the last key led to.
    said: Option<(String, Style)>,
}

fn keys_of(places: &[(&Disk, &Place)]) -> Vec<PlaceKey> {
    places.iter().map(|(disk, place)| (DiskKey::of(disk), place.device.clone())).collect()
}

/// All volumes with files, with their disks.
fn places(shared: &Shared) -> Vec<(&Disk, &Place)> {
    let looks = shared.disks.known().iter().filter_map(|known| Some((&known.disk, known.look()?)));
    looks.flat_map(|(disk, look)| look.places.iter().map(move |place| (disk, place))).collect()
}

fn refusal(place: &Place) -> Option<String> {
    const ROOM: u64 = 32 << 20;
    if place.has_system {
        return Some("an operating system is installed there".to_owned());
    }
    let small = || (place.free < ROOM).then(|| "it is full".to_owned());
    place.problem.clone().or_else(|| place.not_writable.clone()).or_else(small)
}

fn rows(shared: &Shared) -> Vec<Row> {
    let row = |(disk, place): &(&Disk, &Place)| {
        let label = place.label.as_ref().map_or_else(String::new, |label| format!("\"{label}\", "));
        Row {
            more: vec![format!("{label}{}, {} free", place.title, size::in_words(place.free))],
            refusal: refusal(place),
            ..Row::new(card::identity(disk))
        }
    };
    places(shared).iter().map(row).collect()
}

impl Logs {
    fn copy(&mut self, shared: &Shared) -> Reaction {
        let places = places(shared);
        let keys = keys_of(&places);
        if self.focus.has_gone(&keys) {
            self.said = Some((GONE.to_owned(), theme::WARNING));
            return Reaction::None;
        }
        match places.get(self.focus.cursor(&keys, 0).place(places.len())) {
            Some((disk, place)) if refusal(place).is_none() => {
                self.is_copying = true;
                self.said = Some(("Copying the logs ...".to_owned(), theme::STRONG));
                let (device, drive) = (place.device.clone(), Box::new((*disk).clone()));
                Reaction::Do(Command::Use(Tool::CopyLogs { device, drive }))
            }
            _ => Reaction::None,
        }
    }
}

impl View for Logs {
    fn title(&self) -> String {
        "Logs and reports".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("↑ ↓", "choose"), ("Enter", "copy there"), ("Esc", "back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        if key == Key::Esc {
            return Reaction::Close;
        }
        if self.is_copying {
            return Reaction::None;
        }
        self.said = None;
        match key {
            Key::Enter => return self.copy(shared),
            key => {
                self.focus.press(key, &keys_of(&places(shared)), &rows(shared), 0);
            }
        }
        Reaction::None
    }

    fn hear(&mut self, answer: &Message, _shared: &Shared) -> Reaction {
        if let Message::Used(Tool::CopyLogs { .. }, copied) = answer {
            self.is_copying = false;
            self.said = Some(match copied {
                Ok(words) => (words.clone(), theme::GOOD),
                Err(reason) => (format!("This did not work: {reason}"), theme::WARNING),
            });
        }
        Reaction::None
    }

    fn settle(&mut self, shared: &Shared) {
        if shared.disks.are_told(shared.now) {
            self.focus.bind(&keys_of(&places(shared)), &rows(shared), 0);
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let rows = rows(shared);
        let words = if rows.is_empty() {
            "Attach a drive that takes the logs. It appears here by itself."
        } else {
            "Which drive takes the logs?"
        };
        let said = self.said.as_ref().map(|(words, style)| (words.as_str(), *style));
        let said = said.or_else(|| shared.news().map(|news| (news, theme::GOOD)));
        let cursor = self.focus.cursor(&keys_of(&places(shared)), 0);
        draw_list_saying(said, words, &rows, cursor, area, frame);
    }
}
