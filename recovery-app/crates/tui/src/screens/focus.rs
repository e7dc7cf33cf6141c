//! What is chosen in a list whose rows come and go.

use hardware::{DeviceNumber, Disk, Identity};

use crate::input::Key;
use crate::widgets::list::{Cursor, Row};

/// What a disk is known by between two keys. One that was put back in is another one.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskKey {
    number: DeviceNumber,
    arrival: Option<u64>,
    identity: Identity,
}

impl DiskKey {
    pub fn of(disk: &Disk) -> Self {
        Self { number: disk.number, arrival: disk.arrival, identity: disk.identity() }
    }
}

/// What Enter acts on, known by what it is and never by its place in the list: a drive that is
/// attached meanwhile must not push another one under the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Focus<K> {
    /// `None` until a key has moved it, or what was proposed is bound.
    on: Option<K>,
}

impl<K> Default for Focus<K> {
    fn default() -> Self {
        Self { on: None }
    }
}

impl<K: Clone + PartialEq> Focus<K> {
    /// Its place among `keys`; `first` until it was moved, and when what it was on has gone.
    pub fn cursor(&self, keys: &[K], first: usize) -> Cursor {
        let place = self.on.as_ref().and_then(|on| keys.iter().position(|key| key == on));
        Cursor::at(place.unwrap_or(first))
    }

    /// Takes a key; false for one that moves nothing.
    pub fn press(&mut self, key: Key, keys: &[K], rows: &[Row], first: usize) -> bool {
        let mut cursor = self.cursor(keys, first);
        let moves = cursor.press(key, rows);
        if moves {
            self.on = keys.get(cursor.place(rows.len())).cloned();
        }
        moves
    }

    /// It is on this from now on.
    pub fn put(&mut self, on: K) {
        self.on = Some(on);
    }

    /// Stays on what is proposed, if that can be chosen: what comes later is no reason to point at
    /// something else.
    pub fn bind(&mut self, keys: &[K], rows: &[Row], first: usize) {
        if self.on.is_none() && rows.get(first).is_some_and(|row| row.refusal.is_none()) {
            self.on = keys.get(first).cloned();
        }
    }

    /// True, once, when what it was on has gone. It is then where it was at first.
    pub fn has_gone(&mut self, keys: &[K]) -> bool {
        let gone = self.on.as_ref().is_some_and(|on| !keys.contains(on));
        if gone {
            self.on = None;
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &[&str]) -> Vec<Row> {
        keys.iter().map(|key| Row::new(*key)).collect()
    }

    #[test]
    fn stays_on_what_it_was_moved_to() {
        let mut focus = Focus::default();
        let keys = ["b", "c"];
        assert_eq!(focus.cursor(&keys, 1), Cursor::at(1));
        assert!(focus.press(Key::Up, &keys, &rows(&keys), 1));
        let keys = ["a", "b", "c"];
        assert_eq!(focus.cursor(&keys, 2), Cursor::at(1));
        assert!(!focus.has_gone(&keys));
        let keys = ["a", "c"];
        assert!(focus.has_gone(&keys));
        assert!(!focus.has_gone(&keys));
        assert_eq!(focus.cursor(&keys, 0), Cursor::at(0));
        assert!(!focus.press(Key::Enter, &keys, &rows(&keys), 0));
    }

    #[test]
    fn what_was_proposed_does_not_become_another_one() {
        let mut focus = Focus::default();
        let mut refused = rows(&["a"]);
        refused[0].refusal = Some("it is too small".to_owned());
        focus.bind(&["a"], &refused, 0);
        assert!(!focus.has_gone(&["b"]), "what cannot be chosen is not bound");
        focus.bind(&["a", "b"], &rows(&["a", "b"]), 1);
        focus.bind(&["a", "b"], &rows(&["a", "b"]), 0);
        assert_eq!(focus.cursor(&["a", "b"], 0), Cursor::at(1));
        assert!(focus.has_gone(&["a"]));
    }
}
