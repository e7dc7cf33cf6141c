//! The name of a backup: what can be one, and what is proposed.

use crate::EngineError;

/// What a name must not have in it, on any filesystem.
const FORBIDDEN: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// Most letters of a proposed name.
const PROPOSED: usize = 40;

/// Why a backup cannot have this name, in a sentence: it cannot be that of a folder on every
/// filesystem, or is that of an unfinished backup. `None` when it can.
#[must_use]
pub fn name_trouble(name: &str) -> Option<String> {
    let words = if name.trim().is_empty() {
        "The backup needs a name."
    } else if let Some(letter) = name.chars().find(|letter| FORBIDDEN.contains(letter)) {
        return Some(format!("A name cannot have {letter} in it."));
    } else if name.contains(char::is_control) {
        "A name cannot have line ends or other control characters in it."
    } else if name.starts_with('.') {
        "A name cannot begin with a dot."
    } else if name.to_lowercase().ends_with(".partial") {
        "Names that end in .partial are for backups that are not finished."
    } else if name.ends_with('.') || name.trim() != name {
        "A name cannot begin with a blank, nor end with a blank or a dot."
    } else {
        return None;
    };
    Some(words.to_owned())
}

/// Refuses a name that has [`name_trouble`].
pub fn check_name(name: &str) -> Result<(), EngineError> {
    let Some(words) = name_trouble(name) else { return Ok(()) };
    Err(EngineError::refused(format!("`{name}` cannot be the name of a backup"), words))
}

/// A name made of what a disk or file is called: the letters and digits that every console draws,
/// and single hyphens for all else.
#[must_use]
pub fn proposed_name(words: &str) -> String {
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
    fn names_are_those_that_every_filesystem_takes() {
        let unusable = ["", "  ", ".a", "a/b", "a:b", "a.partial", "a.Partial", "a.", "a ", " a"];
        for name in unusable.into_iter().chain(["a\nb", "a\u{7f}", "a\u{85}b"]) {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        check_name("Büro 2026_a").unwrap();
    }

    #[test]
    fn proposed_names_are_usable_everywhere() {
        assert_eq!(proposed_name("Samsung SSD 980"), "Samsung-SSD-980");
        assert_eq!(proposed_name(" ../a:b*  "), "a-b");
        assert_eq!(proposed_name("///"), "disk");
        assert_eq!(proposed_name("漢字"), "disk");
        let long = proposed_name(&"ab ".repeat(40));
        assert!(long.len() <= PROPOSED && !long.ends_with('-'), "{long}");
        check_name(&long).unwrap();
    }
}
