//! Small helps for sentences.

/// The text as a sentence: a capital at its start, a full stop at its end.
pub fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let Some(first) = letters.next() else { return String::new() };
    let mut sentence: String = first.to_uppercase().chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_and_ends_as_one() {
        assert_eq!(sentence("the disk is gone"), "The disk is gone.");
        assert_eq!(sentence(" ärger! "), "Ärger!");
        assert_eq!(sentence(""), "");
    }
}
