//! Whose turn it is to be written.

use std::sync::{Condvar, Mutex, PoisonError};

/// How many pieces may be under way before the one whose turn it is has been written: some hundred
/// bytes each.
const MOST_AHEAD: u64 = 4096;

/// The number of the piece that is written next. A disk of holes is walked faster than they are
/// written; who walks it waits here.
#[derive(Default)]
pub(super) struct Turn {
    next: Mutex<u64>,
    moved: Condvar,
}

/// Ends all waiting when it is dropped.
pub(super) struct End<'a>(&'a Turn);

impl Turn {
    /// It is the turn of piece `number`.
    pub(super) fn is_at(&self, number: u64) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = number;
        self.moved.notify_all();
    }

    /// Waits until the turn is so close to piece `number` that this may be passed on. Never waits
    /// for the piece whose turn it is.
    pub(super) fn wait_until_near(&self, number: u64) {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let is_far = |next: &mut u64| number.saturating_sub(*next) >= MOST_AHEAD;
        drop(self.moved.wait_while(next, is_far));
    }

    /// Nobody is to wait any more when the writer has ended, in whatever way.
    pub(super) fn end_when_dropped(&self) -> End<'_> {
        End(self)
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_at(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_is_far_ahead_waits_until_the_turn_has_moved_or_ended() {
        let turn = Turn::default();
        turn.wait_until_near(MOST_AHEAD - 1);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| turn.wait_until_near(MOST_AHEAD));
            std::thread::sleep(Duration::from_millis(50));
            assert!(!waits.is_finished());
            turn.is_at(1);
            waits.join().unwrap();
            let waits = scope.spawn(|| turn.wait_until_near(10 * MOST_AHEAD));
            drop(turn.end_when_dropped());
            waits.join().unwrap();
        });
    }
}
