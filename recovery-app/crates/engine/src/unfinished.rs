//! Backups that were never finished: folders named `NAME.partial` with nothing in them but what a
//! capture writes. The next capture of that name replaces them.

use std::fs::{self, DirEntry, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::EngineError;
use crate::backup::{FIRST_IMAGE, MANIFEST_NAME};

/// The end of the name of a backup's folder until it is finished.
const PARTIAL: &str = ".partial";
/// Folders that are looked for at a place, and files in each, at most.
const MOST: usize = 4000;

/// A backup that was never finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The name that it would have had.
    pub name: String,
    /// Bytes that become free when it is replaced.
    pub stored: u64,
}

/// The unfinished backups in a folder, by name. Folders with other files in them, and those that
/// a capture is at work on, are passed over.
#[must_use]
pub fn unfinished_in(destination: &Path) -> Vec<Unfinished> {
    let Ok(entries) = fs::read_dir(destination) else { return Vec::new() };
    let mut found: Vec<Unfinished> =
        entries.flatten().take(MOST).filter_map(|entry| unfinished(&entry)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The bytes that become free when a capture of this name begins.
#[must_use]
pub fn freed_by(destination: &Path, name: &str) -> u64 {
    let found = unfinished_in(destination).into_iter();
    found.filter(|unfinished| unfinished.name == name).map(|unfinished| unfinished.stored).sum()
}

fn unfinished(entry: &DirEntry) -> Option<Unfinished> {
    let name = entry.file_name().to_str()?.strip_suffix(PARTIAL)?.to_owned();
    // Links are not followed.
    if !entry.file_type().ok()?.is_dir() || is_at_work(&entry.path()) {
        return None;
    }
    let mut stored = 0_u64;
    let mut has_image = false;
    for file in fs::read_dir(entry.path()).ok()?.take(MOST) {
        let file = file.ok()?;
        let metadata = file.metadata().ok()?;
        let name = file.file_name().to_string_lossy().into_owned();
        if !is_ours(&name) || !metadata.is_file() {
            return None;
        }
        has_image |= name.starts_with(FIRST_IMAGE);
        stored = stored.saturating_add(metadata.blocks().saturating_mul(512));
    }
    has_image.then_some(Unfinished { name, stored })
}

/// A capture holds the lock of its folder as long as it is at work.
fn is_at_work(folder: &Path) -> bool {
    let locked = File::open(folder).map(|folder| folder.try_lock_shared());
    matches!(locked, Ok(Err(TryLockError::WouldBlock)))
}

/// True for the name of a file that a capture writes.
fn is_ours(name: &str) -> bool {
    name.starts_with(FIRST_IMAGE) || [MANIFEST_NAME, "report.txt", "README.txt"].contains(&name)
}

/// Empties the folder of an unfinished backup, if there is nothing in the folder but what we write.
pub(crate) fn remove_unfinished(partial: &Path) -> Result<(), EngineError> {
    // Nothing is removed before all of it may be.
    for_each_file(partial, |_| Ok(()))?;
    for_each_file(partial, |file| fs::remove_file(file))
}

/// Does `work` with each file in the folder of an unfinished backup, up to one that no capture
/// writes: that is refused.
fn for_each_file(
    partial: &Path,
    work: impl Fn(&Path) -> io::Result<()>,
) -> Result<(), EngineError> {
    let fail = |error: io::Error| EngineError::file(partial, "removing", error);
    for entry in fs::read_dir(partial).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_ours(&name) || entry.file_type().map_err(fail)?.is_dir() {
            return Err(EngineError::refused(
                format!("{} holds other files ({name})", partial.display()),
                "Move them away, or choose another name with --name.",
            ));
        }
        work(&entry.path()).map_err(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, file: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(file), [1; 100_000]).unwrap();
    }

    #[test]
    fn only_what_a_capture_left_is_counted() {
        let drive = tempfile::tempdir().unwrap();
        let root = drive.path();
        put(&root.join("begun.partial"), "disk0.img.zst.001");
        put(&root.join("begun.partial"), "manifest.json");
        put(&root.join("finished"), "disk0.img.zst");
        put(&root.join("film.partial"), "film.mkv");
        put(&root.join("mixed.partial"), "disk0.img.zst");
        put(&root.join("mixed.partial"), "letter.txt");
        put(&root.join("working.partial"), "disk0.img.zst");
        std::os::unix::fs::symlink(root.join("begun.partial"), root.join("link.partial")).unwrap();
        let at_work = File::open(root.join("working.partial")).unwrap();
        at_work.lock().unwrap();

        let found = unfinished_in(root);
        let [begun] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(begun.name, "begun");
        assert!((200_000..300_000).contains(&begun.stored), "{begun:?}");
        assert_eq!(freed_by(root, "begun"), begun.stored);
        assert_eq!(freed_by(root, "working") + freed_by(root, "mixed"), 0);
        drop(at_work);
        assert!(freed_by(root, "working") > 0);

        remove_unfinished(&root.join("begun.partial")).unwrap();
        assert_eq!(freed_by(root, "begun"), 0);
    }

    #[test]
    fn a_folder_with_other_files_in_it_loses_none() {
        let drive = tempfile::tempdir().unwrap();
        let parts: Vec<String> = (1..=9).map(|part| format!("disk0.img.zst.00{part}")).collect();
        for other in ["letter.txt", "disk0.img.zst.old/letter.txt"] {
            let folder = drive.path().join(other.replace('/', "-"));
            let foreign = folder.join(other);
            put(foreign.parent().unwrap(), foreign.file_name().unwrap().to_str().unwrap());
            parts.iter().for_each(|part| put(&folder, part));
            let refused = remove_unfinished(&folder).unwrap_err();
            assert!(matches!(refused, EngineError::Refused { .. }), "{refused}");
            assert!(foreign.exists());
            assert!(parts.iter().all(|part| folder.join(part).exists()), "{other}");
        }
    }
}
