//! Disks that a job of another process of ours has changed, on another console: the kernel tells
//! nobody of writes.
//!
//! Each such disk has a file, whose time is that of the end of the last job and whose text is
//! `PROCESS NAME`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where the files are, in memory.
pub const FOLDER: &str = "/run/remetal/changed";

/// What the name of a file begins with while it is being written. No disk is called so.
const BEGUN: char = '.';

/// Says that a job on a disk has ended. Others that do not hear of it show what was there before.
pub fn tell(folder: &Path, disk: &str) {
    let (process, name) = (std::process::id(), disk.replace('/', "!"));
    // Others read the whole text or none.
    let begun = folder.join(format!("{BEGUN}{name}.{process}"));
    let _ = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&begun, format!("{process} {disk}")))
        .and_then(|()| fs::rename(&begun, folder.join(name)));
}

/// Hears what other processes tell.
pub struct Listener {
    folder: PathBuf,
    /// The files and their times, as they were last.
    seen: BTreeMap<OsString, SystemTime>,
}

impl Listener {
    /// Hears of what is told from now on.
    pub fn start(folder: &Path) -> Self {
        let mut listener = Self { folder: folder.to_owned(), seen: BTreeMap::new() };
        listener.news();
        listener
    }

    /// The kernel's names of the disks that others have told of since this was asked last.
    pub fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if file.file_name().to_string_lossy().starts_with(BEGUN) {
                continue;
            }
            let Ok(time) = file.metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            if self.seen.insert(file.file_name(), time) != Some(time) {
                news.extend(told_by_another(&file.path()));
            }
        }
        news
    }
}

fn told_by_another(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (process, disk) = text.split_once(' ')?;
    (process != std::process::id().to_string()).then(|| disk.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_heard_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("changed");
        fs::create_dir(&folder).unwrap();
        let other = |disk: &str| fs::write(folder.join(disk), format!("0 {disk}")).unwrap();
        other("sda");
        let mut listener = Listener::start(&folder);
        assert_eq!(listener.news(), [""; 0], "what was before is known from a look");
        other("sdb");
        tell(&folder, "sdc");
        assert_eq!(listener.news(), ["sdb"], "what this process did, it knows");
        assert_eq!(listener.news(), [""; 0]);
        // The time of a file is that of the kernel's last tick.
        std::thread::sleep(std::time::Duration::from_millis(20));
        other("sda");
        assert_eq!(listener.news(), ["sda"]);
    }

    #[test]
    fn what_is_still_being_written_is_not_heard() {
        let folder = tempfile::tempdir().unwrap();
        let mut listener = Listener::start(folder.path());
        fs::write(folder.path().join(".sda"), "0 sda").unwrap();
        assert_eq!(listener.news(), [""; 0]);
        tell(folder.path(), "sdb");
        assert!(folder.path().join("sdb").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_name_with_a_folder_in_it_comes_back_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("changed");
        tell(&folder, "cciss/c0d0");
        let text = fs::read_to_string(folder.join("cciss!c0d0")).unwrap();
        assert_eq!(text, format!("{} cciss/c0d0", std::process::id()));
    }
}
