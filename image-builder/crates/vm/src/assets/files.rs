//! Trees of real files: collected from this machine, and hashed to be compared.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::hash;
use crate::error::Error;

/// Where real files are taken from: text, headers, programs, libraries.
const SOURCES: [&str; 4] = ["/usr/share/doc", "/usr/include", "/usr/bin", "/usr/lib"];

/// Characters that a FAT filesystem does not allow in names.
const NOT_ON_FAT: [char; 8] = [':', '*', '?', '"', '<', '>', '|', '\\'];

/// Copies real files of this machine into `to`: up to `bytes` from each of the sources. The names
/// are such that every filesystem can hold them, and differ by more than their case.
///
/// # Errors
/// When they cannot be copied, or there are hardly any.
pub fn collect(to: &Path, bytes: u64) -> Result<(), Error> {
    let mut names = HashSet::new();
    for source in SOURCES {
        let mut left = bytes;
        for file in walk(Path::new(source))? {
            let size = fs::symlink_metadata(&file).map_err(Error::file("read", &file))?.len();
            let Some(name) = portable(&file).filter(|_| size <= left) else { continue };
            if !names.insert(name.to_lowercase()) {
                continue;
            }
            left -= size;
            let copy = to.join(name);
            let directory = copy.parent().unwrap_or(to);
            fs::create_dir_all(directory).map_err(Error::file("make", directory))?;
            fs::copy(&file, &copy).map_err(Error::file("copy", &file))?;
        }
    }
    if names.len() < 100 {
        let reason = format!("too few real files on this machine: {}", names.len());
        return Err(Error::Asset { asset: "filesystems", reason });
    }
    Ok(())
}

/// The path without its first slash, if it may stand on FAT; the directories in lower case, so
/// that no two of them differ by case only.
fn portable(file: &Path) -> Option<String> {
    let name = file.strip_prefix("/").ok()?.to_str()?;
    let (directory, name) = name.rsplit_once('/')?;
    let path = format!("{}/{name}", directory.to_lowercase());
    let bad = path.contains(NOT_ON_FAT) || path.split('/').any(|part| part.ends_with(['.', ' ']));
    (!bad && path.is_ascii()).then_some(path)
}

/// SHA-256 of each regular file below `root`, by its path.
///
/// # Errors
/// When a file cannot be read.
pub fn hashes(root: &Path) -> Result<BTreeMap<PathBuf, String>, Error> {
    let name = |file: &Path| file.strip_prefix(root).unwrap_or(file).to_path_buf();
    walk(root)?.into_iter().map(|file| Ok((name(&file), hash(&file)?))).collect()
}

/// All regular files below `root`, in a fixed order, without following links.
fn walk(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let listed = fs::read_dir(root).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = listed.map_err(Error::file("list", root))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let kind = entry.file_type().map_err(Error::file("read", &entry.path()))?;
        if kind.is_dir() {
            files.extend(walk(&entry.path())?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}
