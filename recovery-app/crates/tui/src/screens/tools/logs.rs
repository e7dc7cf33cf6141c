//! Where the logs go.

use hardware::Disk;
use ratatui::Frame;
use ratatui::layout::Rect;
use report::size;

use super::draw_list;
use crate::input::Key;
use crate::machine::Place;
use crate::message::Command;
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::tool::Tool;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};

const HELP: Topic = Topic::About(&[
    "The folder that is made on the drive holds the log of this start, the messages of the kernel, \
     and everything that is known of the disks. Nothing of what is on your disks is in it, but \
     names of disks, partitions and systems are.",
    "A disk with an operating system is not offered: nothing is written to it.",
]);

/// The drives to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logs {
    cursor: Cursor,
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
        let places = places(shared);
        match key {
            Key::Esc => Reaction::Close,
            Key::Enter => match places.get(self.cursor.place(places.len())) {
                Some((disk, place)) if refusal(place).is_none() => {
                    let (device, drive) = (place.device.clone(), Box::new((*disk).clone()));
                    Reaction::Do(Command::Use(Tool::CopyLogs { device, drive }))
                }
                _ => Reaction::None,
            },
            key => {
                self.cursor.press(key, &rows(shared));
                Reaction::None
            }
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let rows = rows(shared);
        let words = if rows.is_empty() {
            "Attach a drive that takes the logs. It appears here by itself."
        } else {
            "Which drive takes the logs?"
        };
        draw_list(words, &rows, self.cursor, shared, area, frame);
    }
}
