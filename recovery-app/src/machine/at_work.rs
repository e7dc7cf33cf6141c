//! What is at work in other processes: on a computer with a screen and a serial line, the end of
//! the computer ends the work of both.
//!
//! Each process that works holds a file of its own below [`ROOT`], with a sentence and its disks in
//! it. It is locked, so that a process that is gone holds nothing.

mod disks;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tui::job::Work;

use self::disks::UsedDisk;
pub use self::disks::occupied;

/// Below it are the files.
pub const ROOT: &str = "/run/remetal/work";
/// Bytes that are read of a file, at most: enough for some hundred disks.
const LONGEST: u64 = 1 << 16;

/// What a process tells others of its work.
#[derive(Serialize, Deserialize)]
struct Told {
    /// What becomes of the work when the computer is ended.
    sentence: String,
    /// The disks that it has to itself.
    disks: Vec<UsedDisk>,
}

/// Work is going on in this process until this is dropped.
pub struct Marker {
    path: PathBuf,
    /// Locked as long as it is open.
    _file: File,
}

impl Marker {
    /// Says that this work goes on. `None` where nothing can be written: who is not root cannot
    /// end the computer either.
    pub fn hold(root: &Path, work: &Work) -> Option<Self> {
        let path = root.join(std::process::id().to_string());
        let told = Told { sentence: in_words(work), disks: disks::of(work) };
        let write = || -> io::Result<File> {
            fs::create_dir_all(root)?;
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
            // Before there is something to read: what is not locked is taken for a leftover.
            file.lock()?;
            file.write_all(&serde_json::to_vec(&told)?)?;
            Ok(file)
        };
        write().ok().map(|file| Self { path, _file: file })
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        // A file that stays is not locked any more, and says nothing.
        let _ = fs::remove_file(&self.path);
    }
}

/// What is at work in other processes, and what becomes of it when the computer is ended, a
/// sentence for each.
pub fn elsewhere(root: &Path) -> Vec<String> {
    let mut sentences: Vec<String> =
        told_by_others(root).into_iter().map(|told| told.sentence).collect();
    sentences.sort();
    sentences
}

fn told_by_others(root: &Path) -> Vec<Told> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    let own = std::process::id().to_string();
    let others = entries.flatten().filter(|entry| entry.file_name() != own.as_str());
    others.filter_map(|entry| told_in(&entry.path())).collect()
}

/// What a file tells that is held; one that has not been written yet stands for any work.
fn told_in(path: &Path) -> Option<Told> {
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return None,
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap_or_else(|_| {
        let sentence = "Another screen is at work: that would be stopped.".to_owned();
        Told { sentence, disks: Vec::new() }
    }))
}

fn in_words(work: &Work) -> String {
    match work {
        Work::BackUp(_) => "A backup is at work on another screen; it would be stopped.".to_owned(),
        Work::Check(_) => {
            "A backup is being checked on another screen; that would be stopped.".to_owned()
        }
        Work::Restore(confirmed) => format!(
            "On another screen a restore onto {} is at work: that disk will not start.",
            confirmed.plan().request.target.identity()
        ),
        Work::Format(confirmed) => format!(
            "On another screen {} is being made ready for backups: it could not be used.",
            confirmed.request().disk.identity()
        ),
    }
}

#[cfg(test)]
mod tests {
    use tui::job::BackupId;

    use super::*;

    fn check() -> Work {
        Work::Check(Box::new(BackupId { device: "/dev/sda1".into(), folder: "a".into() }))
    }

    #[test]
    fn only_what_others_hold_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("work");
        assert_eq!(elsewhere(&root), Vec::<String>::new());
        let own = Marker::hold(&root, &check()).unwrap();
        assert_eq!(elsewhere(&root), Vec::<String>::new(), "its own work is no news to it");

        // As another process would have it.
        let other = root.join("1");
        fs::copy(&own.path, &other).unwrap();
        assert_eq!(elsewhere(&root), Vec::<String>::new(), "a process that is gone holds nothing");
        let held = File::open(&other).unwrap();
        held.lock().unwrap();
        let told = "A backup is being checked on another screen; that would be stopped.";
        assert_eq!(elsewhere(&root), [told]);
        fs::write(&other, "").unwrap();
        assert_eq!(elsewhere(&root), ["Another screen is at work: that would be stopped."]);
        let path = own.path.clone();
        drop((own, held));
        assert!(elsewhere(&root).is_empty() && !path.exists());
    }
}
