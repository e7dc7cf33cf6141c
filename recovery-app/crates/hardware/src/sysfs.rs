//! Reading attributes of sysfs. An attribute that is missing or unreadable is `None`: which
//! ones a device has depends on its driver and the kernel's version.

use std::fs;
use std::path::Path;
use std::str::FromStr;

/// The attribute as text without surrounding blanks and NULs; `None` when nothing is left.
pub(crate) fn text(folder: &Path, attribute: &str) -> Option<String> {
    cleaned(&fs::read(folder.join(attribute)).ok()?)
}

/// The attribute's bytes, for those that are not text.
pub(crate) fn bytes(folder: &Path, attribute: &str) -> Option<Vec<u8>> {
    fs::read(folder.join(attribute)).ok()
}

/// The attribute as a number.
pub(crate) fn number<T: FromStr>(folder: &Path, attribute: &str) -> Option<T> {
    text(folder, attribute)?.parse().ok()
}

/// True when the attribute is there and is `1`.
pub(crate) fn flag(folder: &Path, attribute: &str) -> bool {
    text(folder, attribute).as_deref() == Some("1")
}

/// The names in a subfolder, sorted; none when it is not there.
pub(crate) fn names(folder: &Path, subfolder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.join(subfolder)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// What a device says of itself, fit for a screen: control characters become blanks, runs of
/// blanks one, and none at the ends. `None` when nothing is left.
pub(crate) fn cleaned(raw: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(raw)
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
