//! The third step: where the backup goes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::offers::{self, Offer, Offered};
use super::sheet::{self, Sheet};
use super::{NewDrive, Options, which};
use crate::input::Key;
use crate::job::Source;
use crate::screens::focus::Focus;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::Row;

const HELP: Topic = Topic::About(&[
    "Choose the drive that the backup is written to. A USB drive that is larger than what is in use \
     on the disk is best. The backup becomes a folder on it; everything that is there already \
     stays.",
    "A drive that you attach now appears by itself after a few seconds.",
    "What cannot be chosen says why. The disk that is saved and the stick that Remetal was started \
     from never take a backup.",
    "A new drive, or one whose content you do not need, can be made ready for backups: everything \
     on it is then lost. You are asked twice more before that.",
]);

/// What has been chosen so far, and where the arrow is.
#[derive(Debug, Clone, PartialEq)]
pub struct Destinations {
    sources: Vec<Source>,
    focus: Focus<Offer>,
    /// Why Enter did nothing.
    note: Option<String>,
}

fn keys_of(offered: &[Offered]) -> Vec<Offer> {
    offered.iter().map(|offered| offered.offer.clone()).collect()
}

fn rows_of(offered: &[Offered]) -> Vec<Row> {
    offered.iter().map(|offered| offered.row.clone()).collect()
}

impl Destinations {
    pub fn new(sources: Vec<Source>) -> Self {
        Self { sources, focus: Focus::default(), note: None }
    }

    fn out_of_reach(&self, shared: &Shared) -> Vec<String> {
        which::out_of_reach(self.sources.iter().map(|source| &source.disk), shared)
    }

    fn go_on(&mut self, shared: &Shared) -> Reaction {
        if !self.out_of_reach(shared).is_empty() {
            return Reaction::None;
        }
        let offered = offers::all(&self.sources, shared);
        let keys = keys_of(&offered);
        if self.focus.has_gone(&keys) {
            let words =
                "The drive that was chosen has been taken out. Look again, then press Enter.";
            self.note = Some(words.to_owned());
            return Reaction::None;
        }
        let place = self.focus.cursor(&keys, offers::first(&offered)).place(keys.len());
        let Some(chosen) = offered.get(place) else { return Reaction::None };
        if let Some(refusal) = &chosen.row.refusal {
            self.note = Some(format!("This cannot be chosen: {refusal}"));
            return Reaction::None;
        }
        let drive = chosen.drive.clone();
        match &chosen.offer {
            Offer::Place(_, device) => {
                let options = Options::new(self.sources.clone(), drive, device.clone(), shared);
                Reaction::Open(Screen::Options(options))
            }
            Offer::Fresh(_) => {
                Reaction::Open(Screen::NewDrive(NewDrive::new(drive, self.sources.clone())))
            }
            Offer::Drive(_) => Reaction::None,
        }
    }

    fn below(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let gone = self.out_of_reach(shared);
        sheet::alarms(gone.iter().chain(&self.note), width)
    }
}

impl View for Destinations {
    fn title(&self) -> String {
        "Back up: where to (step 3 of 5)".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("↑ ↓", "choose"), ("Enter", "go on"), ("Esc", "back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        self.note = None;
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.go_on(shared),
            key => {
                let offered = offers::all(&self.sources, shared);
                let first = offers::first(&offered);
                self.focus.press(key, &keys_of(&offered), &rows_of(&offered), first);
            }
        }
        Reaction::None
    }

    fn settle(&mut self, shared: &Shared) {
        if shared.disks.are_told(shared.now) {
            let offered = offers::all(&self.sources, shared);
            self.focus.bind(&keys_of(&offered), &rows_of(&offered), offers::first(&offered));
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let offered = offers::all(&self.sources, shared);
        let rows = rows_of(&offered);
        let above = if offers::has_place(&offered) {
            "Choose where the backup goes. What is there already stays as it is."
        } else {
            "Attach a drive with room for the backup. It appears here by itself."
        };
        let sheet = Sheet {
            above: sheet::words(above, area.width, theme::BASE),
            rows: &rows,
            cursor: self.focus.cursor(&keys_of(&offered), offers::first(&offered)),
            below: self.below(shared, area.width),
        };
        sheet.draw(area, frame);
    }
}
