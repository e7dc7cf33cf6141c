//! Restore: onto which disk.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::backup::Backup;
use super::{Proposal, WIDEST, draw_choice, note_lines, target};
use crate::disks::Known;
use crate::input::Key;
use crate::message::Command;
use crate::screens::focus::{DiskKey, Focus};
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};
use crate::widgets::text;

const HELP: Topic = Topic::About(&[
    "Choose the disk that gets what is in the backup. What is on that disk now is overwritten. \
     Nothing is written yet: next you see everything that would happen, and then comes a last \
     question.",
    "Each disk is known by its model, its size, and the end of the serial number that is printed \
     on its label. Hold the label against the screen if you can.",
    "The disk has to be at least as large as the one that was saved, to the byte: two disks of \
     '500 GB' may differ a little.",
    "A disk that cannot be chosen says why. The drive with the backup and the medium that Remetal \
     was started from are never overwritten.",
    "If the new disk is missing, attach it: it appears by itself. A built-in one may be hidden by \
     a setting of the computer's own setup program ('Intel VMD', 'RST', 'RAID').",
]);

/// The backup, and which disk is marked.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    backup: Backup,
    /// On the first empty disk, until it was moved.
    focus: Focus<DiskKey>,
    /// Why Enter did nothing.
    note: Option<String>,
}

fn keys_of(shared: &Shared) -> Vec<DiskKey> {
    shared.disks.known().iter().map(|known| DiskKey::of(&known.disk)).collect()
}

impl Targets {
    pub fn new(backup: Backup) -> Self {
        Self { backup, focus: Focus::default(), note: None }
    }

    /// The disk that is most likely meant: an empty one that is large enough.
    fn first(&self, shared: &Shared) -> usize {
        let known = shared.disks.known();
        let choosable = |known: &Known| target::refusal(known, &self.backup, shared).is_none();
        let empty = known.iter().position(|known| choosable(known) && target::is_empty(known));
        empty.or_else(|| known.iter().position(choosable)).unwrap_or(0)
    }

    fn cursor(&self, shared: &Shared) -> Cursor {
        self.focus.cursor(&keys_of(shared), self.first(shared))
    }

    fn rows(&self, shared: &Shared) -> Vec<Row> {
        let known = shared.disks.known().iter();
        known.map(|known| target::row(known, &self.backup, shared)).collect()
    }

    fn choose(&mut self, shared: &Shared) -> Reaction {
        if self.focus.has_gone(&keys_of(shared)) {
            let words =
                "The disk that was marked has been taken out. Look again, then press Enter.";
            self.note = Some(words.to_owned());
            return Reaction::None;
        }
        let all = shared.disks.known();
        let Some(known) = all.get(self.cursor(shared).place(all.len())) else {
            return Reaction::None;
        };
        let refusal = target::refusal(known, &self.backup, shared);
        if refusal.is_some() || !self.backup.is_there(shared) {
            return Reaction::None;
        }
        self.focus.put(DiskKey::of(&known.disk));
        let proposal = Proposal::new(self.backup.clone(), known);
        let ask = Command::PlanRestore(Box::new(proposal.request().clone()));
        Reaction::OpenAndDo(Screen::Proposal(proposal), ask)
    }

    fn head(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let width = width.min(WIDEST);
        let question = format!("Choose the disk that gets the backup {}.", self.backup.headline());
        let mut lines = text::wrapped(&question, "", width, theme::STRONG);
        if self.backup.is_there(shared) {
            let words = "What is on that disk now will be overwritten. Nothing is written yet.";
            lines.extend(text::wrapped(words, "", width, theme::BASE));
        } else {
            let words = "The drive with this backup was taken out, or does not answer. Attach it \
                         again; if this stays, go back and choose the backup anew.";
            lines.extend(text::hanging("! ", words, width, theme::WARNING));
        }
        lines.push(Line::default());
        lines
    }
}

impl View for Targets {
    fn title(&self) -> String {
        "Restore: onto which disk".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![
            ("↑ ↓", "choose"),
            ("Enter", "see what would happen"),
            ("Esc", "go back"),
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
            Key::Enter => return self.choose(shared),
            key => {
                let (keys, rows) = (keys_of(shared), self.rows(shared));
                self.focus.press(key, &keys, &rows, self.first(shared));
            }
        }
        Reaction::None
    }

    fn settle(&mut self, shared: &Shared) {
        if shared.disks.are_told(shared.now) {
            self.focus.bind(&keys_of(shared), &self.rows(shared), self.first(shared));
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let rows = self.rows(shared);
        let cursor = self.cursor(shared);
        let head = self.head(shared, area.width);
        let mut foot = note_lines(self.note.as_deref(), area.width);
        if rows.is_empty() {
            foot.extend(text::wrapped("No disk is there.", "", area.width, theme::WARNING));
        }
        draw_choice(head, (&rows, cursor), foot, area, frame);
    }
}
