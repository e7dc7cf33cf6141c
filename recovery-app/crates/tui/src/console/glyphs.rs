//! The characters that may be drawn.
//!
//! A text console has 256 or 512 glyphs. Those of the PC's font (code page 437) are on all of them;
//! what is not drawn shows as `■` or as nothing. Found by looking at pictures of QEMU's VGA and of
//! the UEFI framebuffer.

use super::Glyphs;

/// Lines, blocks, arrows and signs that are drawn, with what stands for them in ASCII.
const DRAWN: [(&str, char); 17] = [
    ("─", '-'),
    ("═", '='),
    ("│║", '|'),
    ("┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬", '+'),
    ("█", '#'),
    ("▓▄▌▐", '#'),
    ("▒", ':'),
    ("░", '.'),
    ("►→", '>'),
    ("◄←", '<'),
    ("▲↑", '^'),
    ("▼↓", 'v'),
    ("•·■", '*'),
    ("○", 'o'),
    ("√", '+'),
    ("±≤≥", '?'),
    ("▀", '"'),
];

/// Latin letters and signs of code page 437.
const LATIN: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥áíóúñÑªº¿¬½¼¡«»ß°²µ÷";

/// Stands for what cannot be drawn.
const UNKNOWN: char = '?';

/// True for a character that the console can show.
#[must_use]
pub fn is_safe(letter: char, glyphs: Glyphs) -> bool {
    matches!(letter, ' '..='~')
        || glyphs == Glyphs::Drawn && (in_ascii(letter).is_some() || LATIN.contains(letter))
}

/// What to draw in place of `symbol`, or `None` when it can be drawn as it is.
pub(super) fn replacement(symbol: &str, glyphs: Glyphs) -> Option<char> {
    let mut letters = symbol.chars();
    let Some(letter) = letters.next() else { return Some(' ') };
    if letters.next().is_none() && is_safe(letter, glyphs) {
        return None;
    }
    Some(in_ascii(letter).unwrap_or(UNKNOWN))
}

fn in_ascii(letter: char) -> Option<char> {
    DRAWN.iter().find(|(drawn, _)| drawn.contains(letter)).map(|(_, ascii)| *ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_drawn_is_replaced() {
        for letter in ['╭', '━', '✓', '…', '●', '—', '\u{1b}', '\u{9b}', '漢', '⣿'] {
            assert_eq!(replacement(&letter.to_string(), Glyphs::Drawn), Some('?'), "{letter}");
        }
        assert_eq!(replacement("é", Glyphs::Drawn), None);
        assert_eq!(replacement("é", Glyphs::Ascii), Some('?'));
        assert_eq!(replacement("═", Glyphs::Ascii), Some('='));
        assert_eq!(replacement("e\u{301}", Glyphs::Drawn), Some('?'));
        assert_eq!(replacement("a", Glyphs::Ascii), None);
    }
}
