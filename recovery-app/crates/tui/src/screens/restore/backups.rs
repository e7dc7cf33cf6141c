//! Restore or check: which backup.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::backup::{self, Backup};
use super::{Targets, WIDEST, draw_choice};
use crate::input::Key;
use crate::job::{BackupId, Work};
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

/// Which backup is marked.
#[derive(Debug, Clone, PartialEq)]
pub struct Backups {
    purpose: Purpose,
    /// The newest one, until the mark was moved. Backups come and go with their drives, and the
    /// mark stays with its own.
    marked: Option<BackupId>,
}

impl Backups {
    pub fn to_restore() -> Self {
        Self { purpose: Purpose::Restore, marked: None }
    }

    pub fn to_check() -> Self {
        Self { purpose: Purpose::Check, marked: None }
    }

    fn place(&self, backups: &[Backup]) -> usize {
        let marked = |id| backups.iter().position(|backup| backup.id() == id);
        self.marked.as_ref().and_then(marked).unwrap_or(0)
    }

    fn choose(&mut self, backups: &[Backup]) -> Reaction {
        let Some(backup) = backups.get(self.place(backups)) else { return Reaction::None };
        if backup.row().refusal.is_some() {
            return Reaction::None;
        }
        self.marked = Some(backup.id().clone());
        match self.purpose {
            Purpose::Restore => Reaction::Open(Screen::Targets(Targets::new(backup.clone()))),
            Purpose::Check => Reaction::Begin(Work::Check(Box::new(backup.id().clone()))),
        }
    }

    fn head(&self, backups: &[Backup], shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let words = match (backups.len(), self.purpose) {
            (0, _) if !shared.disks.listed => "Looking for disks ...",
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
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.choose(&backups),
            key => {
                let mut cursor = Cursor::at(self.place(&backups));
                if cursor.press(key, &rows(&backups)) {
                    let marked = backups.get(cursor.place(backups.len()));
                    self.marked = marked.map(|backup| backup.id().clone());
                }
            }
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let backups = backup::all(shared);
        let head = self.head(&backups, shared, area.width);
        let foot = foot(&backups, shared, area.width);
        if backups.is_empty() {
            let lines: Vec<Line<'_>> = head.into_iter().chain(foot).collect();
            return frame.render_widget(ratatui::widgets::Paragraph::new(lines), area);
        }
        let cursor = Cursor::at(self.place(&backups));
        draw_choice(head, (&rows(&backups), cursor), foot, area, frame);
    }
}

fn rows(backups: &[Backup]) -> Vec<Row> {
    backups.iter().map(Backup::row).collect()
}
