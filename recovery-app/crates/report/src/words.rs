//! Small helps for sentences.

/// The text with a capital at its start.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The text as a sentence: a capital at its start, a full stop at its end.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut sentence = capitalised(text.trim());
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) {
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
