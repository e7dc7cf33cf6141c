//! Trees of real files: collected from this machine, and hashed to be compared.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::bytes::hash;

/// Where real files are taken from: text, headers, programs, libraries.
const SOURCES: [&str; 4] = ["/usr/share/doc", "/usr/include", "/usr/bin", "/usr/lib"];

/// Characters that a FAT filesystem does not allow in names.
const NOT_ON_FAT: [char; 8] = [':', '*', '?', '"', '<', '>', '|', '\\'];

/// Copies real files of this machine into `to`: up to `bytes` from each of the sources. The names
/// are such that every filesystem can hold them, and differ by more than their case.
pub fn collect(to: &Path, bytes: u64) {
    let mut names = HashSet::new();
    for source in SOURCES {
        let mut left = bytes;
        for file in walk(Path::new(source)) {
            let size = fs::symlink_metadata(&file).unwrap().len();
            let Some(name) = portable(&file).filter(|_| size <= left) else { continue };
            if !names.insert(name.to_lowercase()) {
                continue;
            }
            left -= size;
            let copy = to.join(name);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&file, &copy).unwrap();
        }
    }
    assert!(names.len() > 100, "too few real files on this machine: {}", names.len());
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
pub fn hashes(root: &Path) -> BTreeMap<PathBuf, String> {
    walk(root)
        .into_iter()
        .map(|file| (file.strip_prefix(root).unwrap().to_path_buf(), hash(&file)))
        .collect()
}

/// All regular files below `root`, in a fixed order, without following links.
fn walk(root: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(walk(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}
