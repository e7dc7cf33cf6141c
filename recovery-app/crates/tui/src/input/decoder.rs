//! Bytes to keys.
//!
//! Hand-written: the decoders of crossterm and its relatives take what one read returns for whole,
//! and on a serial line an arrow key comes in two or three reads.
//!
//! Knows the Linux console (`console_codes(4)`), VT220, xterm and rxvt. All of them begin a key
//! with Escape, so an Escape alone is only known by the silence after it.

use std::time::Duration;

use super::Key;

/// After this silence an Escape was the key itself. A serial line at 1200 baud needs 8 ms for a
/// character; adapters and networks hold characters back for some tens.
const ESCAPE_TIMEOUT: Duration = Duration::from_millis(100);
/// What is plainly the beginning of a sequence gets more time: its rest would be taken for letters.
const SEQUENCE_TIMEOUT: Duration = Duration::from_millis(500);

/// The longest sequence that is waited for, in bytes; longer ones are noise.
const LONGEST: usize = 32;

const ESC: u8 = 0x1b;
/// Control Sequence Introducer as one byte, from a VT220 in 8-bit mode.
const CSI: u8 = 0x9b;
/// Single Shift Three as one byte.
const SS3: u8 = 0x8f;

/// What a terminal sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// Where the cursor is, from 1: the answer to `CSI 6 n`.
    Cursor {
        /// The line.
        row: u16,
        /// The column.
        column: u16,
    },
    /// The size in characters: the answer to `CSI 18 t`.
    Size {
        /// Lines.
        rows: u16,
        /// Columns.
        columns: u16,
    },
}

/// Collects bytes until they are a key.
#[derive(Debug, Default)]
pub struct Decoder {
    /// A sequence that has begun.
    bytes: Vec<u8>,
    /// The last byte was a carriage return: a line feed behind it is the same key.
    after_return: bool,
}

/// What the bytes so far are.
enum Reading {
    /// The beginning of something.
    Begun,
    /// This; `None` for what has no meaning here.
    Whole(Option<Input>),
}

impl Decoder {
    /// Takes bytes and gives what they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }

    /// With a sequence begun, how long a silence means that it has ended: see [`Self::silence`].
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match self.bytes.as_slice() {
            [] => None,
            [ESC] => Some(ESCAPE_TIMEOUT),
            _ => Some(SEQUENCE_TIMEOUT),
        }
    }

    /// The time has passed: what has begun is all there is.
    pub fn silence(&mut self) -> Option<Input> {
        let key = match self.bytes.as_slice() {
            [ESC] => Some(Key::Esc),
            // What begins a sequence, with Alt held, and nothing behind it.
            [ESC, letter] => Some(Key::Alt(char::from(*letter))),
            _ => None,
        };
        self.bytes.clear();
        key.map(Input::Key)
    }

    fn byte(&mut self, byte: u8) -> Option<Input> {
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        if byte == b'\n' && after_return && self.bytes.is_empty() {
            return None;
        }
        if self.bytes.as_slice() == [ESC] && byte == ESC {
            return Some(Input::Key(Key::Esc));
        }
        let in_sequence = self.bytes.first().is_some_and(|first| matches!(*first, ESC | CSI | SS3));
        if byte == ESC && in_sequence || self.bytes.len() >= LONGEST {
            // The sequence was cut off; a new one begins.
            self.bytes.clear();
        }
        self.bytes.push(byte);
        match read(&self.bytes) {
            Reading::Begun => None,
            Reading::Whole(input) => {
                self.bytes.clear();
                input
            }
        }
    }
}

fn read(bytes: &[u8]) -> Reading {
    let key = |key| Reading::Whole(Some(Input::Key(key)));
    match bytes {
        [] | [ESC] | [CSI] | [SS3] => Reading::Begun,
        [ESC, b'[', rest @ ..] | [CSI, rest @ ..] => control_sequence(rest),
        [ESC, b'O', rest @ ..] | [SS3, rest @ ..] => single_shift(rest),
        [ESC, rest @ ..] => match read_character(rest) {
            Reading::Whole(Some(Input::Key(Key::Char(letter)))) => key(Key::Alt(letter)),
            other => other,
        },
        _ => read_character(bytes),
    }
}

fn read_character(bytes: &[u8]) -> Reading {
    let key = match bytes {
        [b'\r' | b'\n'] => Key::Enter,
        [b'\t'] => Key::Tab,
        [0x08 | 0x7f] => Key::Backspace,
        [0] => Key::Ctrl(' '),
        [control @ 1..=26] => Key::Ctrl(char::from(b'a' + control - 1)),
        [0..0x20] => return Reading::Whole(None),
        _ => return utf8(bytes),
    };
    Reading::Whole(Some(Input::Key(key)))
}

fn utf8(bytes: &[u8]) -> Reading {
    match std::str::from_utf8(bytes) {
        Ok(text) => Reading::Whole(text.chars().next().map(|letter| Input::Key(Key::Char(letter)))),
        Err(error) if error.error_len().is_none() => Reading::Begun,
        // Another encoding, or noise on the line.
        Err(_) => Reading::Whole(None),
    }
}

/// `CSI`, parameters, a final byte.
fn control_sequence(rest: &[u8]) -> Reading {
    // F1 to F5 of the Linux console: `CSI [ A` to `CSI [ E`.
    if let [b'[', rest @ ..] = rest {
        return match rest {
            [] => Reading::Begun,
            [letter @ b'A'..=b'E'] => Reading::Whole(Some(Input::Key(Key::F(letter - b'A' + 1)))),
            _ => Reading::Whole(None),
        };
    }
    match rest.split_last() {
        Some((last @ 0x40..=0x7e, parameters)) => Reading::Whole(meaning(*last, parameters)),
        // How rxvt ends keys with Shift held.
        Some((b'$', _)) => Reading::Whole(None),
        Some((0x20..=0x3f, _)) | None => Reading::Begun,
        Some(_) => Reading::Whole(None),
    }
}

fn meaning(last: u8, parameters: &[u8]) -> Option<Input> {
    let numbers: Vec<u16> = parameters
        .split(|byte| *byte == b';')
        .map(|digits| std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()))
        .map(|number| number.unwrap_or(0))
        .collect();
    let key = match (last, numbers.as_slice()) {
        (b'R', [row, column]) => return Some(Input::Cursor { row: *row, column: *column }),
        (b't', [8, rows, columns]) => return Some(Input::Size { rows: *rows, columns: *columns }),
        (b'~', [number, ..]) => numbered(*number)?,
        (b'Z', _) => Key::BackTab,
        (letter, _) => lettered(letter)?,
    };
    Some(Input::Key(key))
}

/// `CSI number ~`
fn numbered(number: u16) -> Option<Key> {
    Some(match number {
        1 | 7 => Key::Home,
        2 => Key::Insert,
        3 => Key::Delete,
        4 | 8 => Key::End,
        5 => Key::PageUp,
        6 => Key::PageDown,
        11..=15 => function(number, 10),
        17..=21 => function(number, 11),
        23..=24 => function(number, 12),
        _ => return None,
    })
}

/// F1 is 11, and the numbering skips 16 and 22.
fn function(number: u16, base: u16) -> Key {
    Key::F(u8::try_from(number - base).unwrap_or(0))
}

/// `SS3 letter`: keys in the modes for applications, the keypad, and F1 to F4.
fn single_shift(rest: &[u8]) -> Reading {
    match rest {
        [] => Reading::Begun,
        // Shift and its like, put in between by some.
        [b'0'..=b'9' | b';', .., last] if !last.is_ascii_alphabetic() => Reading::Begun,
        [b'0'..=b'9'] => Reading::Begun,
        [.., b'M'] => Reading::Whole(Some(Input::Key(Key::Enter))),
        [.., letter] => Reading::Whole(lettered(*letter).map(Input::Key)),
    }
}

fn lettered(letter: u8) -> Option<Key> {
    Some(match letter {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'F' => Key::End,
        b'H' => Key::Home,
        b'P'..=b'S' => Key::F(letter - b'P' + 1),
        _ => return None,
    })
}
