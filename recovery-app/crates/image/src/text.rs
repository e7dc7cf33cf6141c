//! Text of others, made fit for lines that people read.
//!
//! What a disk or a backup says of itself (labels, names of partitions and files, models, notes)
//! is written by others. A line end in a label would make a line that nobody wrote, on the page
//! that says what will be lost; an escape sequence would do to the terminal what it likes; a
//! bidirectional control would turn the order of the letters around. Programs get such strings
//! as they are, escaped by JSON.
//!
//! It is here because two crates need it that do not use each other (`engine` for `report.txt`,
//! `report` and the program for what is shown), and of those below both this one brings in the
//! strings of a manifest.

/// Stands for a character that must not be shown. Every console draws it.
const STAND_IN: char = '?';

/// A single line: without line ends, other control characters and bidirectional controls.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|letter| if is_control(letter) { STAND_IN } else { letter }).collect()
}

/// Lines below each other, each of which stays the [one line](one_line) that it is.
#[must_use]
pub fn in_lines<S: AsRef<str>>(lines: &[S]) -> String {
    lines.iter().map(|line| one_line(line.as_ref())).collect::<Vec<_>>().join("\n")
}

/// Lines that were put together before: nothing but their ends is left of control characters.
#[must_use]
pub fn printable(lines: &str) -> String {
    in_lines(&lines.split('\n').collect::<Vec<_>>())
}

/// True for what moves the cursor, ends a line, speaks to the terminal or turns text around.
#[must_use]
pub fn is_control(letter: char) -> bool {
    let is_separator_or_bidirectional = matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    letter.is_control() || is_separator_or_bidirectional
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(one_line("\u{1b}[31mR\u{1b}]0;x\u{7}"), "?[31mR?]0;x?");
        let controls = ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}');
        let bidirectional = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        let others = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'];
        for letter in controls.chain(bidirectional).chain(others) {
            assert_eq!(one_line(&format!("a{letter}b")), "a?b", "{letter:?}");
        }
    }

    #[test]
    fn letters_of_all_kinds_stay() {
        let names =
            ["", "Fotos 2026 – Ärger", "\u{a0}\u{ad}", "שלום", "写真", "\u{200d}\u{feff}", "�"];
        for name in names {
            assert_eq!(one_line(name), name);
            assert_eq!(printable(name), name);
        }
    }

    #[test]
    fn a_name_makes_no_line() {
        assert_eq!(in_lines(&["a\nb\r\n", "", "c\u{2028}d"]), "a?b??\n\nc?d");
        assert_eq!(in_lines::<&str>(&[]), "");
    }

    #[test]
    fn lines_that_were_put_together_keep_their_ends() {
        assert_eq!(printable("a\r\n\tb\n\n\u{1b}c\n"), "a?\n?b\n\n?c\n");
    }
}
