//! Restore or check: which backup.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::backup::{self, Backup};
use super::{Targets, WIDEST, draw_choice, note_lines};
use crate::input::Key;
use crate::job::{BackupId, Work};
use crate::screens::focus::{DiskKey, Focus};
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};
use crate::widgets::text;

const RESTORE_HELP: Topic = Topic::About(&[
    "These are the backups on all drives that are attached, the newest first. Each tells when it \
     was made, of which disk, what was on that disk, and the drive it lies on.",
    "Choose the one that is to be put back. Nothing is written yet: next comes the disk that gets \
     it, then everything that would happen, and then a last question.",
    "If a backup is missing, attach the drive that it lies on: it appears by itself. The folder of \
     a backup has to lie at the top of its drive, or in a folder there.",
    "Times are those of UTC, as the computer's clock had them when the backup was made.",
]);

const CHECK_HELP: Topic = Topic::About(&[
    "A check reads a backup from its first byte to its last, and proves each piece against the \
     fingerprint that was taken when it was made. It writes nothing, and the backup stays as it \
     is.",
    "It says whether the backup is good. If it is damaged, it says where, and what that means for \
     the files in it, as far as that can be told.",
    "How long it takes depends on the drive. You can stop it at any time, without harm.",
]);

/// What is done with the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Restore,
    Check,
}

/// The drive counts: another one in its place may have a folder of the same name.
type BackupKey = (DiskKey, BackupId);

fn keys_of(backups: &[Backup]) -> Vec<BackupKey> {
    let key = |backup: &Backup| (DiskKey::of(&backup.drive), backup.id().clone());
    backups.iter().map(key).collect()
}

/// Which backup is marked.
#[derive(Debug, Clone, PartialEq)]
pub struct Backups {
    purpose: Purpose,
    /// On the newest one, until it was moved. Backups come and go with their drives.
    focus: Focus<BackupKey>,
    /// Why Enter did nothing.
    note: Option<String>,
}

impl Backups {
    pub fn to_restore() -> Self {
        Self { purpose: Purpose::Restore, focus: Focus::default(), note: None }
    }

    pub fn to_check() -> Self {
        Self { purpose: Purpose::Check, focus: Focus::default(), note: None }
    }

    fn cursor(&self, backups: &[Backup]) -> Cursor {
        self.focus.cursor(&keys_of(backups), 0)
    }

    fn choose(&mut self, backups: &[Backup]) -> Reaction {
        if self.focus.has_gone(&keys_of(backups)) {
            let words = "The backup that was marked is not there any more. Look again, then press \
                         Enter.";
            self.note = Some(words.to_owned());
            return Reaction::None;
        }
        let place = self.cursor(backups).place(backups.len());
        let Some(backup) = backups.get(place) else { return Reaction::None };
        if backup.row().refusal.is_some() {
            return Reaction::None;
        }
        self.focus.put((DiskKey::of(&backup.drive), backup.id().clone()));
        match self.purpose {
            Purpose::Restore => Reaction::Open(Screen::Targets(Targets::new(backup.clone()))),
            Purpose::Check => Reaction::Begin(Work::Check(Box::new(backup.id().clone()))),
        }
    }

    fn head(&self, backups: &[Backup], shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let words = match (backups.len(), self.purpose) {
            (0, _) if shared.is_searching() => "Looking for disks ...",
            (0, _) => {
                "No backup was found. Attach the drive with the backups: they appear here by \
                 themselves."
            }
            (_, Purpose::Restore) => {
                "Choose the backup that is to be put back. Nothing is written yet. The newest \
                 comes first."
            }
            (_, Purpose::Check) => {
                "Choose the backup that is to be checked. All of it is read and proven; nothing is \
                 written. How long that takes is not known before: it depends on the drive. You can \
                 stop it at any time."
            }
        };
        let mut lines = text::wrapped(words, "", width.min(WIDEST), theme::BASE);
        lines.push(Line::default());
        lines
    }
}

/// Drives that may have more backups. Where nothing else is there to read, all of it is told.
fn foot(backups: &[Backup], shared: &Shared, width: u16) -> Vec<Line<'static>> {
    const MOST: usize = 3;
    let unseen = backup::unseen(shared);
    let shown = if backups.is_empty() || unseen.len() <= MOST { unseen.len() } else { MOST - 1 };
    let mut lines: Vec<Line<'static>> = unseen[..shown]
        .iter()
        .flat_map(|words| text::hanging("! ", words, width.min(WIDEST), theme::WARNING))
        .collect();
    if shown < unseen.len() {
        let words = format!("! {} more drives cannot be seen into.", unseen.len() - shown);
        lines.push(Line::styled(words, theme::WARNING));
    }
    lines
}

impl View for Backups {
    fn title(&self) -> String {
        match self.purpose {
            Purpose::Restore => "Restore: which backup",
            Purpose::Check => "Check a backup",
        }
        .to_owned()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let mut keys = vec![("Esc", "go back"), ("F1", "help")];
        if !backup::all(shared).is_empty() {
            let act = match self.purpose {
                Purpose::Restore => "go on with it",
                Purpose::Check => "check it",
            };
            keys.splice(0..0, [("↑ ↓", "choose"), ("Enter", act)]);
        }
        keys
    }

    fn help(&self) -> Option<Topic> {
        Some(match self.purpose {
            Purpose::Restore => RESTORE_HELP,
            Purpose::Check => CHECK_HELP,
        })
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let backups = backup::all(shared);
        self.note = None;
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.choose(&backups),
            key => {
                self.focus.press(key, &keys_of(&backups), &rows(&backups), 0);
            }
        }
        Reaction::None
    }

    fn settle(&mut self, shared: &Shared) {
        if shared.disks.are_told(shared.now) {
            let backups = backup::all(shared);
            self.focus.bind(&keys_of(&backups), &rows(&backups), 0);
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let backups = backup::all(shared);
        let head = self.head(&backups, shared, area.width);
        let mut foot = foot(&backups, shared, area.width);
        foot.extend(note_lines(self.note.as_deref(), area.width));
        if backups.is_empty() {
            let lines: Vec<Line<'_>> = head.into_iter().chain(foot).collect();
            return frame.render_widget(ratatui::widgets::Paragraph::new(lines), area);
        }
        draw_choice(head, (&rows(&backups), self.cursor(&backups)), foot, area, frame);
    }
}

fn rows(backups: &[Backup]) -> Vec<Row> {
    backups.iter().map(Backup::row).collect()
}
