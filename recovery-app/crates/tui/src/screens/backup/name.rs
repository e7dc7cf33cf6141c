//! The name of a backup on a drive: what is proposed, and what cannot be one there.

use engine::capture;
use hardware::Disk;

use crate::machine::Place;
use crate::widgets::card;

/// Letters that a name has at most; with what is added to it, every filesystem takes it.
pub const LONGEST: usize = 60;

/// The names that backups at a place have.
pub fn taken(place: &Place) -> Vec<String> {
    let folder = |folder: &std::path::Path| folder.file_name()?.to_str().map(str::to_owned);
    let names = place.backups.iter().map(|backup| backup.name.clone());
    names.chain(place.backups.iter().filter_map(|backup| folder(&backup.id.folder))).collect()
}

/// A name for backups of `copies` disks, by the model of the first.
pub fn proposed(first: &Disk, copies: usize, taken: &[String]) -> String {
    let name = capture::proposed_name(&card::name(first));
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| is_free(name, copies, taken)).unwrap_or_default()
}

/// Why backups of `copies` disks cannot have this name, in a sentence.
pub fn trouble(name: &str, copies: usize, taken: &[String]) -> Option<String> {
    let taken = || {
        let words = "There is a backup of this name on the drive already. Choose another one.";
        (!is_free(name, copies, taken)).then(|| words.to_owned())
    };
    capture::name_trouble(name).or_else(taken)
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

#[cfg(test)]
mod tests {
    use super::*;

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
