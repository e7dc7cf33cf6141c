//! Asking a terminal on a serial line what it is: neither its size nor its encoding is known to
//! the kernel.

use crate::input::Input;

/// Asks for the size in characters (`CSI 18 t`, which xterm and its kin answer), then where the
/// cursor comes to rest when sent beyond the last line and column.
pub const QUERY_SIZE: &str = "\x1b[18t\x1b[999;999H\x1b[6n\x1b[H\x1b[2J";

/// Asks first where the cursor is after an `é` in UTF-8: in column 2, or in 3 where its two bytes
/// are two characters.
pub const QUERY: &str = "\x1b[H\u{e9}\x1b[6n\x1b[18t\x1b[999;999H\x1b[6n\x1b[H\x1b[2J";

/// Sizes beyond these are slips of the line, in characters.
const SANE: std::ops::RangeInclusive<u16> = 10..=500;

/// What a terminal has answered so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Probe {
    /// Columns and lines.
    pub size: Option<(u16, u16)>,
    /// True when two bytes of UTF-8 are one character.
    pub utf8: Option<bool>,
}

impl Probe {
    /// Takes an answer.
    pub fn take(&mut self, input: Input) {
        match input {
            Input::Size { rows, columns } => self.take_size(columns, rows),
            Input::Cursor { row: 1, column: column @ 2..=3 } => self.utf8 = Some(column == 2),
            Input::Cursor { row, column } => self.take_size(column, row),
            Input::Key(_) => {}
        }
    }

    fn take_size(&mut self, columns: u16, rows: u16) {
        if SANE.contains(&columns) && SANE.contains(&rows) {
            self.size = Some((columns, rows));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_answers_all() {
        let mut probe = Probe::default();
        probe.take(Input::Size { rows: 40, columns: 132 });
        probe.take(Input::Cursor { row: 1, column: 2 });
        probe.take(Input::Cursor { row: 40, column: 132 });
        assert_eq!(probe, Probe { size: Some((132, 40)), utf8: Some(true) });
    }

    #[test]
    fn a_vt220_knows_no_utf8_and_no_18t() {
        let mut probe = Probe::default();
        probe.take(Input::Cursor { row: 1, column: 3 });
        probe.take(Input::Cursor { row: 24, column: 80 });
        assert_eq!(probe, Probe { size: Some((80, 24)), utf8: Some(false) });
    }

    #[test]
    fn nonsense_is_no_size() {
        let mut probe = Probe::default();
        probe.take(Input::Size { rows: 0, columns: 0 });
        probe.take(Input::Cursor { row: 999, column: 999 });
        assert_eq!(probe.size, None);
    }
}
