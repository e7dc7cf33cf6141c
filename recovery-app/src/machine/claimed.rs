//! Which disks other processes work on. On a computer with a screen and a serial line, one must not
//! wait for what the other is at, and then go on with what its person agreed to before.
//!
//! Each piece of work holds a file of its own below [`ROOT`], with the kernel's names of its disks in
//! it, a line each. It is locked, so that a process that is gone holds nothing.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Below it are the files.
pub const ROOT: &str = "/run/remetal/claimed";
/// Bytes that are read of a file, at most.
const LONGEST: u64 = 64 << 10;

/// Disks are worked on until this is dropped.
pub struct Held {
    path: PathBuf,
    /// Locked as long as it is open.
    _file: File,
}

impl Held {
    /// Says that these disks are worked on. `None` where nothing can be written: who is not root
    /// works on no disk either.
    pub fn hold(root: &Path, disks: &BTreeSet<String>) -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = root.join(name);
        let write = || -> io::Result<File> {
            fs::create_dir_all(root)?;
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
            file.lock()?;
            for disk in disks {
                writeln!(file, "{disk}")?;
            }
            Ok(file)
        };
        write().ok().map(|file| Self { path, _file: file })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A file that stays is not locked any more, and says nothing.
        let _ = fs::remove_file(&self.path);
    }
}

/// The disks that other processes work on. Who holds its own before it asks is never overlooked by
/// another one that does the same.
pub fn by_others(root: &Path) -> BTreeSet<String> {
    let own = format!("{}-", process::id());
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let others = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with(&own));
    others.flat_map(|entry| names_in(&entry.path())).collect()
}

/// The names in a file that is held.
fn names_in(path: &Path) -> Vec<String> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return Vec::new(),
    }
    let mut bytes = Vec::new();
    // What was read before an error counts.
    let _ = file.take(LONGEST).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_process_holds_is_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("claimed");
        let disks: BTreeSet<String> = ["sda", "cciss!c0d0"].map(str::to_owned).into();
        assert!(by_others(&root).is_empty());
        let own = Held::hold(&root, &disks).unwrap();
        let second = Held::hold(&root, &BTreeSet::from(["sdb".to_owned()])).unwrap();
        assert!(by_others(&root).is_empty(), "its own work is in nobody's way");

        // As another process would have it.
        let other = root.join("1-0");
        fs::copy(&own.path, &other).unwrap();
        assert!(by_others(&root).is_empty(), "a process that is gone holds nothing");
        let held = File::open(&other).unwrap();
        held.lock().unwrap();
        assert_eq!(by_others(&root), disks);
        let paths = [own.path.clone(), second.path.clone()];
        drop((own, second, held));
        assert!(by_others(&root).is_empty() && paths.iter().all(|path| !path.exists()));
    }
}
