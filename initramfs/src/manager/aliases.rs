//! What the devices of this machine call themselves, for the search of drivers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The `modalias` of every device below `sys`, each once.
#[must_use]
pub fn present(sys: &Path) -> BTreeSet<String> {
    let mut aliases = BTreeSet::new();
    let mut waiting = vec![sys.join("devices")];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            // Links lead out of the tree, and in circles.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(kind) if kind.is_file() && entry.file_name() == "modalias" => {
                    aliases.extend(alias_in(entry.path()));
                }
                _ => {}
            }
        }
    }
    aliases
}

/// A device may vanish while it is looked at, and some have nothing to say.
fn alias_in(path: PathBuf) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(path).ok()?).trim_end().to_owned();
    (!text.is_empty()).then_some(text)
}
