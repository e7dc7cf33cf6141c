//! The name of a backup: what is proposed, and what cannot be one.

use hardware::Disk;

use crate::machine::Place;
use crate::widgets::card;

/// Letters that a name has at most; with what is added to it, every filesystem takes it.
pub const LONGEST: usize = 60;

/// Letters that are taken of a disk's model.
const PROPOSED: usize = 40;

/// What a name must not have in it, on any filesystem.
const FORBIDDEN: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// The names that backups at a place have.
pub fn taken(place: &Place) -> Vec<String> {
    let folder = |folder: &std::path::Path| folder.file_name()?.to_str().map(str::to_owned);
    let names = place.backups.iter().map(|backup| backup.name.clone());
    names.chain(place.backups.iter().filter_map(|backup| folder(&backup.id.folder))).collect()
}

/// A name for backups of `copies` disks, by the model of the first.
pub fn proposed(first: &Disk, copies: usize, taken: &[String]) -> String {
    let name = usable(&card::name(first));
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| is_free(name, copies, taken)).unwrap_or_default()
}

/// Why backups of `copies` disks cannot have this name, in a sentence.
pub fn trouble(name: &str, copies: usize, taken: &[String]) -> Option<String> {
    let words = if name.trim().is_empty() {
        "The backup needs a name."
    } else if let Some(letter) = name.chars().find(|letter| FORBIDDEN.contains(letter)) {
        return Some(format!("A name cannot have {letter} in it."));
    } else if name.starts_with('.') {
        "A name cannot begin with a dot."
    } else if name.to_lowercase().ends_with(".partial") {
        "Names that end in .partial are for backups that are not finished."
    } else if name.ends_with('.') || name.trim() != name {
        "A name cannot begin with a blank, nor end with a blank or a dot."
    } else if !is_free(name, copies, taken) {
        "There is a backup of this name on the drive already. Choose another one."
    } else {
        return None;
    };
    Some(words.to_owned())
}

/// Filesystems for Windows take capital and small letters for the same.
fn is_free(name: &str, copies: usize, taken: &[String]) -> bool {
    let is_taken = |name: &str| {
        let name = name.to_lowercase();
        taken.iter().any(|taken| taken.to_lowercase() == name)
    };
    match copies {
        0 | 1 => !is_taken(name),
        copies => (1..=copies).all(|copy| !is_taken(&format!("{name}-{copy}"))),
    }
}

/// Letters and digits that every console draws, and single hyphens for all else.
fn usable(words: &str) -> String {
    let keep =
        |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let name: String = words.chars().map(keep).collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let name: String = name.chars().take(PROPOSED).collect();
    if name.is_empty() { "disk".to_owned() } else { name.trim_end_matches('-').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_usable_everywhere() {
        assert_eq!(usable("Samsung SSD 980"), "Samsung-SSD-980");
        assert_eq!(usable(" ../a:b*  "), "a-b");
        assert_eq!(usable("漢字"), "disk");
        let long = usable(&"ab ".repeat(40));
        assert!(long.len() <= PROPOSED && !long.ends_with('-'), "{long}");
        assert_eq!(trouble(&long, 1, &[]), None);
    }

    #[test]
    fn what_is_no_name_is_told() {
        let taken = ["Old".to_owned(), "both-2".to_owned()];
        for (name, words) in [
            ("", "needs a name"),
            ("  ", "needs a name"),
            ("a/b", "have / in it"),
            ("a\\b", "have \\ in it"),
            ("a:b", "have : in it"),
            ("a|b", "have | in it"),
            (".a", "begin with a dot"),
            ("a.Partial", "not finished"),
            ("a.", "a blank or a dot"),
            ("a ", "a blank or a dot"),
            ("OLD", "already"),
        ] {
            let trouble = trouble(name, 1, &taken).unwrap_or_default();
            assert!(trouble.contains(words), "{name:?}: {trouble}");
        }
        assert_eq!(trouble("both", 1, &taken), None);
        assert!(trouble("both", 2, &taken).is_some());
        assert_eq!(trouble("Old", 2, &taken), None);
        assert_eq!(trouble("Büro 2026_a", 1, &taken), None);
    }
}
