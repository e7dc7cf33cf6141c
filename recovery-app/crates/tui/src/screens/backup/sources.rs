//! The first step: which disks are saved.

use hardware::{Bus, Verdict};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use report::content::{self, Role};

use super::sheet::{self, Sheet};
use super::{Parts, words};
use crate::disks::Known;
use crate::input::Key;
use crate::job::Source;
use crate::message::Command;
use crate::screens::focus::{DiskKey, Focus};
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::Row;

const HELP: Topic = Topic::About(&[
    "Choose the disk that is to be saved. For a computer with one disk it is marked already. A \
     disk that is saved is only read: nothing on it changes.",
    "Space marks a disk, for saving several of them, one after the other. Without marks Enter takes \
     the disk that the arrow points to.",
    "Every disk is known by its model, its size, how it is attached, and the end of the serial \
     number that is printed on its label.",
    "A disk that cannot be chosen says why. One that does not answer may be failing, or its cable is \
     loose: shut down, see to the cable, and start again.",
    "If a built-in disk is missing, it may be hidden by a setting of the computer's own setup \
     program: look there for 'Intel VMD', 'RST' or 'RAID'.",
]);

/// What is marked, and where the arrow is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sources {
    focus: Focus<DiskKey>,
    marked: Vec<DiskKey>,
    /// Why the last key did nothing.
    note: Option<String>,
}

fn keys_of(shared: &Shared) -> Vec<DiskKey> {
    shared.disks.known().iter().map(|known| DiskKey::of(&known.disk)).collect()
}

/// The disk that is most likely meant: a built-in one with an operating system.
fn first(shared: &Shared) -> usize {
    let known = shared.disks.known();
    let usable = |known: &Known| words::refusal(known, shared.now).is_none();
    let built_in = |known: &Known| known.disk.bus != Bus::Usb && !known.disk.removable;
    let has_system = |known: &Known| {
        let contents = known.look().map(|look| content::of_disk(&look.report)).unwrap_or_default();
        contents.iter().any(|content| content.role == Role::System)
    };
    let place = |wanted: &dyn Fn(&Known) -> bool| {
        known.iter().position(|known| usable(known) && wanted(known))
    };
    place(&|known| built_in(known) && has_system(known))
        .or_else(|| place(&built_in))
        .or_else(|| place(&|_| true))
        .unwrap_or(0)
}

impl Sources {
    fn rows(&self, shared: &Shared) -> Vec<Row> {
        shared.disks.known().iter().map(|known| self.row(known, shared)).collect()
    }

    fn row(&self, known: &Known, shared: &Shared) -> Row {
        let mut row = Row::new(card::identity(&known.disk));
        row.marked = Some(self.marked.contains(&DiskKey::of(&known.disk)));
        row.refusal = words::refusal(known, shared.now);
        let Some(look) = known.look() else { return row };
        row.more.push(words::contents(look));
        if let Some(health) = &look.report.health {
            if health.verdict == Verdict::Failing && health.warnings.is_empty() {
                row.warnings.push("The disk says that it is failing.".to_owned());
            }
            row.warnings.extend(health.warnings.iter().cloned());
        }
        if look.report.unfinished_restore.is_some() {
            let words =
                "A restore onto this disk was not finished: it holds a part of a backup only.";
            row.warnings.push(words.to_owned());
        }
        if look.report.problem.is_some() {
            let words = "What is on it could not be read. It is saved as far as it answers.";
            row.warnings.push(words.to_owned());
        }
        row
    }

    fn mark(&mut self, shared: &Shared) {
        let keys = keys_of(shared);
        let place = self.focus.cursor(&keys, first(shared)).place(keys.len());
        let Some(known) = shared.disks.known().get(place) else { return };
        if self.refuse(known, shared) {
            return;
        }
        let key = DiskKey::of(&known.disk);
        match self.marked.iter().position(|marked| *marked == key) {
            Some(place) => drop(self.marked.remove(place)),
            None => self.marked.push(key),
        }
    }

    fn refuse(&mut self, known: &Known, shared: &Shared) -> bool {
        let refusal = words::refusal(known, shared.now);
        self.note =
            refusal.map(|why| format!("{} cannot be chosen: {why}", card::name(&known.disk)));
        self.note.is_some()
    }

    /// True when something that was chosen is not there any more.
    fn has_lost(&mut self, shared: &Shared) -> bool {
        let keys = keys_of(shared);
        let marks = self.marked.len();
        self.marked.retain(|key| keys.contains(key));
        let lost = marks > self.marked.len() || self.focus.has_gone(&keys);
        if lost {
            let words = "A disk that was chosen has been taken out. Look again, then press Enter.";
            self.note = Some(words.to_owned());
        }
        lost
    }

    fn go_on(&mut self, shared: &Shared) -> Reaction {
        if self.has_lost(shared) {
            return Reaction::None;
        }
        let keys = keys_of(shared);
        let place = self.focus.cursor(&keys, first(shared)).place(keys.len());
        let is_chosen = |(at, known): &(usize, &Known)| {
            if self.marked.is_empty() {
                *at == place
            } else {
                self.marked.contains(&DiskKey::of(&known.disk))
            }
        };
        let chosen: Vec<&Known> =
            shared.disks.known().iter().enumerate().filter(is_chosen).map(|(_, k)| k).collect();
        if chosen.is_empty() || chosen.iter().any(|known| self.refuse(known, shared)) {
            return Reaction::None;
        }
        let whole = |known: &&Known| Source { disk: known.disk.clone(), partitions: None };
        let next = Parts::first_of(chosen.iter().map(whole).collect(), shared);
        match shared.facts {
            // The last step tells of the battery and the like.
            None => Reaction::OpenAndDo(next, Command::AskFacts),
            Some(_) => Reaction::Open(next),
        }
    }

    fn below(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let keys = keys_of(shared);
        let marked = self.marked.iter().filter(|key| keys.contains(key)).count();
        let mut lines = Vec::new();
        if marked > 0 {
            let count = words::counted(marked, "disk");
            let words =
                format!("{count} marked. Enter goes on with what is marked, and only that.");
            lines.extend(sheet::words(&words, width, theme::BASE));
        }
        lines.extend(sheet::alarms(&self.note, width));
        lines
    }
}

impl View for Sources {
    fn title(&self) -> String {
        "Back up: which disk (step 1 of 5)".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![
            ("↑ ↓", "choose"),
            ("Space", "mark several"),
            ("Enter", "go on"),
            ("Esc", "back"),
            ("F1", "help"),
        ]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        self.note = None;
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.go_on(shared),
            Key::Char(' ') => self.mark(shared),
            key => {
                let (keys, rows) = (keys_of(shared), self.rows(shared));
                self.focus.press(key, &keys, &rows, first(shared));
            }
        }
        Reaction::None
    }

    fn settle(&mut self, shared: &Shared) {
        if shared.disks.are_told(shared.now) {
            self.focus.bind(&keys_of(shared), &self.rows(shared), first(shared));
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let rows = self.rows(shared);
        let above = match (rows.is_empty(), shared.is_searching()) {
            (false, _) => "Choose the disk to be saved. It is only read: nothing on it changes.",
            (true, false) => "No disk was found. Drives that you attach appear by themselves.",
            (true, true) => "Looking for disks ...",
        };
        let sheet = Sheet {
            above: sheet::words(above, area.width, theme::BASE),
            rows: &rows,
            cursor: self.focus.cursor(&keys_of(shared), first(shared)),
            below: self.below(shared, area.width),
        };
        sheet.draw(area, frame);
    }
}
