//! The second step: what of a disk is kept.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use report::content::Content;

use super::part::{self, Part};
use super::sheet::{self, Sheet};
use super::{Destinations, which};
use crate::input::Key;
use crate::job::Source;
use crate::screens::focus::Focus;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::Row;
use crate::widgets::{bar, card};

const HELP: Topic = Topic::About(&[
    "A disk is divided into parts. All of them are kept in the backup, which is what you want \
     unless you know better: press Enter.",
    "Space leaves the part out that the arrow points to, or keeps it after all. Leaving out a large \
     part with files that you have elsewhere makes the backup smaller and quicker.",
    "The small parts with start-up files are what the computer starts from. A restored disk does \
     not start without them.",
    "Free space is never copied. The disk that is saved is only read.",
]);

/// With fewer parts there is nothing to leave out.
const FEWEST: usize = 2;

/// What is left out of one of the disks.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// What has been chosen so far.
    sources: Vec<Source>,
    /// Which of them it is about.
    at: usize,
    left_out: Vec<u32>,
    focus: Focus<u32>,
    /// Why Enter did nothing.
    note: Option<String>,
}

impl Parts {
    /// The screen for the first of these disks that has parts; the next step when none has.
    pub fn first_of(sources: Vec<Source>, shared: &Shared) -> Screen {
        Self::from(sources, 0, shared)
    }

    fn from(sources: Vec<Source>, at: usize, shared: &Shared) -> Screen {
        let has_parts = |source: &Source| parts_of(source, shared).len() >= FEWEST;
        match sources.iter().skip(at).position(has_parts) {
            Some(further) => Screen::Parts(Self {
                at: at + further,
                sources,
                left_out: Vec::new(),
                focus: Focus::default(),
                note: None,
            }),
            None => Screen::Destinations(Destinations::new(sources)),
        }
    }

    fn parts(&self, shared: &Shared) -> Vec<Part> {
        self.sources.get(self.at).map(|source| parts_of(source, shared)).unwrap_or_default()
    }

    fn rows(&self, parts: &[Part]) -> Vec<Row> {
        parts.iter().map(|part| self.row(part)).collect()
    }

    fn row(&self, part: &Part) -> Row {
        let kept = !self.left_out.contains(&part.number);
        let warning = part.without_it().filter(|_| !kept);
        Row {
            more: vec![part.place()],
            marked: Some(kept),
            warnings: warning.into_iter().map(str::to_owned).collect(),
            ..Row::new(part.content.words.clone())
        }
    }

    fn leave_out(&mut self, parts: &[Part]) {
        let numbers = numbers(parts);
        let place = self.focus.cursor(&numbers, 0).place(numbers.len());
        let Some(number) = numbers.get(place).copied() else { return };
        match self.left_out.iter().position(|left_out| *left_out == number) {
            Some(place) => drop(self.left_out.remove(place)),
            None => self.left_out.push(number),
        }
    }

    fn go_on(&mut self, shared: &Shared) -> Reaction {
        if !which::out_of_reach(self.sources.iter().map(|source| &source.disk), shared).is_empty() {
            return Reaction::None;
        }
        // Of a disk that was put back in nothing is known at first, not even its parts.
        if !self.sources.iter().all(|source| is_looked_at(source, shared)) {
            let words = "The disk is still being looked at. Wait a moment, then press Enter.";
            self.note = Some(words.to_owned());
            return Reaction::None;
        }
        self.note = None;
        let all = numbers(&self.parts(shared));
        let mut kept = all.clone();
        kept.retain(|number| !self.left_out.contains(number));
        if kept.is_empty() && !all.is_empty() {
            let words =
                "Nothing is left to be saved. Keep one part at least: Space marks it again.";
            self.note = Some(words.to_owned());
            return Reaction::None;
        }
        let mut sources = self.sources.clone();
        sources[self.at].partitions = (kept != all).then_some(kept);
        Reaction::Open(Self::from(sources, self.at + 1, shared))
    }

    fn above(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let Some(source) = self.sources.get(self.at) else { return Vec::new() };
        let words = "All of it is kept, unless you leave something out. Free space is not copied.";
        let mut lines = sheet::words(words, width, theme::BASE);
        lines.push(Line::default());
        lines.extend(sheet::words(&card::identity(&source.disk), width, theme::STRONG));
        let kept: Vec<Content> = self
            .parts(shared)
            .into_iter()
            .filter(|part| !self.left_out.contains(&part.number))
            .map(|part| part.content)
            .collect();
        lines.push(bar::draw(&kept, source.disk.size, usize::from(width)));
        lines
    }

    fn below(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let gone = which::out_of_reach(self.sources.iter().map(|source| &source.disk), shared);
        let mut lines = sheet::alarms(&gone, width);
        let numbers = numbers(&self.parts(shared));
        if self.left_out.iter().any(|left_out| numbers.contains(left_out)) {
            let words = "Left out: it will not be in the backup. When this backup is restored, this \
                         part of the disk stays as it is there (or is empty on a new disk).";
            lines.extend(sheet::alarms([&words.to_owned()], width));
        }
        lines.extend(sheet::alarms(&self.note, width));
        lines
    }
}

fn is_looked_at(source: &Source, shared: &Shared) -> bool {
    shared.disks.attached(&source.disk).is_some_and(|known| known.look().is_some())
}

fn parts_of(source: &Source, shared: &Shared) -> Vec<Part> {
    shared.disks.attached(&source.disk).map(part::of).unwrap_or_default()
}

fn numbers(parts: &[Part]) -> Vec<u32> {
    parts.iter().map(|part| part.number).collect()
}

impl View for Parts {
    fn title(&self) -> String {
        let disk = match self.sources.len() {
            1 => String::new(),
            count => format!(", disk {} of {count}", self.at + 1),
        };
        format!("Back up: what to keep (step 2 of 5{disk})")
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![
            ("↑ ↓", "choose"),
            ("Space", "leave out or keep"),
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
        let parts = self.parts(shared);
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.go_on(shared),
            Key::Char(' ') => self.leave_out(&parts),
            key => {
                let rows = self.rows(&parts);
                self.focus.press(key, &numbers(&parts), &rows, 0);
            }
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let parts = self.parts(shared);
        let rows = self.rows(&parts);
        let sheet = Sheet {
            above: self.above(shared, area.width),
            rows: &rows,
            cursor: self.focus.cursor(&numbers(&parts), 0),
            below: self.below(shared, area.width),
        };
        sheet.draw(area, frame);
    }
}
