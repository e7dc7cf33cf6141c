//! The backups on a volume.

mod entry;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tui::BackupEntry;
use tui::job::BackupId;

pub use entry::name_of;

/// Folders of one level that are looked into although they are no backups.
const MOST_FOLDERS: usize = 400;
/// Names of folders that are kept in memory: of one folder, and of all of one level.
const MOST_NAMES: (usize, usize) = (4000, 100_000);
/// A drive with more backups shows so many of them.
const MOST_BACKUPS: usize = 2000;
/// Images that are opened because there is no manifest to read beside them.
const MOST_IMAGES: usize = 8;
/// Nothing more is looked at after this time.
const PATIENCE: Duration = Duration::from_secs(8);

/// What was found on a volume.
pub struct Found {
    /// Newest first; those of which nothing is known come last.
    pub backups: Vec<BackupEntry>,
    /// Folders were left out, because there are too many or the drive is too slow.
    pub is_cut: bool,
}

/// The backups in `root`, in its folders, and one below. `device` is where `root` lies. What looks
/// like a backup and cannot be restored is among them, and says why.
pub fn find(root: &Path, device: &Path) -> Found {
    let mut search = Search {
        root,
        device,
        until: Instant::now() + PATIENCE,
        images: MOST_IMAGES,
        found: Found { backups: Vec::new(), is_cut: false },
    };
    let of_root = search.entry(root);
    search.found.backups.extend(of_root);
    let outer = search.folders(root, MOST_NAMES.0);
    let plain = search.look_into(vec![outer]);
    let share = (MOST_NAMES.1 / plain.len().max(1)).min(MOST_NAMES.0);
    let inner = plain.iter().map(|folder| search.folders(folder, share)).collect();
    search.look_into(inner);
    let mut found = search.found;
    found.backups.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| a.name.cmp(&b.name)));
    found
}

/// A search that goes on.
struct Search<'a> {
    root: &'a Path,
    device: &'a Path,
    until: Instant,
    /// Images that may still be opened.
    images: usize,
    found: Found,
}

impl Search<'_> {
    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// The folders in a folder, by name, without unfinished backups and what systems keep for
    /// themselves. Links are not followed.
    fn folders(&mut self, folder: &Path, most: usize) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if found.len() == most || self.is_late() {
                self.found.is_cut = true;
                break;
            }
            if is_wanted(&entry) {
                found.push(entry.path());
            }
        }
        found.sort();
        found
    }

    /// Takes the backups among the folders of several parents, and gives the folders that are none.
    /// Every parent has its turn: one with many folders does not hide those of the next.
    fn look_into(&mut self, parents: Vec<Vec<PathBuf>>) -> Vec<PathBuf> {
        let mut plain = Vec::new();
        for folder in in_turn(parents) {
            let is_full = plain.len() == MOST_FOLDERS || self.found.backups.len() >= MOST_BACKUPS;
            if is_full || self.is_late() {
                self.found.is_cut = true;
                break;
            }
            match self.entry(&folder) {
                Some(entry) => self.found.backups.push(entry),
                None => plain.push(folder),
            }
        }
        plain
    }

    fn entry(&mut self, folder: &Path) -> Option<BackupEntry> {
        let below = folder.strip_prefix(self.root).ok()?.to_owned();
        let id = BackupId { device: self.device.to_owned(), folder: below };
        entry::of(id, folder, &mut self.images)
    }
}

fn is_wanted(entry: &fs::DirEntry) -> bool {
    const NOT_OURS: [&str; 4] = ["$RECYCLE.BIN", "System Volume Information", "lost+found", "proc"];
    let name = entry.file_name();
    let name = name.to_string_lossy();
    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
    is_folder && !name.ends_with(".partial") && !NOT_OURS.contains(&name.as_ref())
}

/// The first of each list, then the second of each, and so on.
fn in_turn(lists: Vec<Vec<PathBuf>>) -> impl Iterator<Item = PathBuf> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut round = Vec::new().into_iter();
    std::iter::from_fn(move || {
        if round.len() == 0 {
            let next: Vec<_> = lists.iter_mut().filter_map(Iterator::next).collect();
            lists.retain(|list| list.len() > 0);
            round = next.into_iter();
        }
        round.next()
    })
}
