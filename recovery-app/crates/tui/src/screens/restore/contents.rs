//! What is on a disk, for people: the most important first.

use report::content::{Content, Role};

/// The contents, the most important first. Several start-up parts are one thing to a person.
pub fn sorted(contents: &[Content]) -> Vec<&Content> {
    let mut sorted: Vec<&Content> = contents.iter().collect();
    sorted.sort_by_key(|content| content.role);
    sorted.dedup_by(|a, b| {
        a.role == b.role && matches!(a.role, Role::Startup | Role::Swap) && a.words == b.words
    });
    sorted
}

/// The contents in one sentence.
pub fn in_a_row(contents: &[Content]) -> String {
    let words: Vec<&str> = sorted(contents).iter().map(|content| content.words.as_str()).collect();
    if words.is_empty() { "nothing that Remetal knows".to_owned() } else { words.join("; ") }
}
