//! What to press on a US keyboard to type a text.

use crate::error::Error;

/// Characters and the names of their keys, where these differ (QEMU's `QKeyCode`).
const NAMES: [(char, &str); 14] = [
    (' ', "spc"),
    ('\n', "ret"),
    ('\t', "tab"),
    ('-', "minus"),
    ('=', "equal"),
    ('[', "bracket_left"),
    (']', "bracket_right"),
    (';', "semicolon"),
    ('\'', "apostrophe"),
    ('`', "grave_accent"),
    ('\\', "backslash"),
    (',', "comma"),
    ('.', "dot"),
    ('/', "slash"),
];

/// What Shift makes of the keys in the second line, in the same order.
const SHIFTED: &str = "!@#$%^&*()_+{}:\"~|<>?";
const PLAIN: &str = "1234567890-=[];'`\\,./";

/// The keys to hold down together for one character.
pub(crate) fn keys(character: char) -> Result<Vec<String>, Error> {
    if let Some(place) = SHIFTED.find(character) {
        return Ok(vec!["shift".to_owned(), name(char::from(PLAIN.as_bytes()[place]))?]);
    }
    if character.is_ascii_uppercase() {
        return Ok(vec!["shift".to_owned(), character.to_ascii_lowercase().to_string()]);
    }
    Ok(vec![name(character)?])
}

fn name(character: char) -> Result<String, Error> {
    if character.is_ascii_lowercase() || character.is_ascii_digit() {
        return Ok(character.to_string());
    }
    let named = NAMES.iter().find(|(known, _)| *known == character);
    named.map(|(_, name)| (*name).to_owned()).ok_or(Error::NoKey(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_become_keys() {
        let typed = |text: &str| text.chars().flat_map(|c| keys(c).unwrap()).collect::<Vec<_>>();
        assert_eq!(typed("a/Z_"), ["a", "slash", "shift", "z", "shift", "minus"]);
        assert_eq!(typed("| 1\n"), ["shift", "backslash", "spc", "1", "ret"]);
        assert!(matches!(keys('é'), Err(Error::NoKey('é'))));
    }
}
