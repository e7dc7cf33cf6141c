use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI32, Ordering};

use serde::{Deserialize, Serialize};

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// One Zstandard level for all chunks.
    Fixed(i32),
    /// As hard as the slower of source and destination leaves time for.
    Auto,
}

impl Level {
    /// The level where nothing else is said.
    pub const DEFAULT: Self = Self::Fixed(3);
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(level) => write!(formatter, "{level}"),
            Self::Auto => formatter.write_str("auto"),
        }
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        match text.parse() {
            Ok(level @ 1..=19) => Ok(Self::Fixed(level)),
            _ => Err("a level is a number from 1 to 19, or `auto`".to_owned()),
        }
    }
}

/// Where [`Level::Auto`] starts.
const FIRST: i32 = 3;
const LOWEST: i32 = 1;

/// Chunks that must say the same, net, before the level moves. A destination takes its bytes in
/// bursts of some ten chunks; the level must follow what it takes over several of them.
const PATIENCE: i32 = 24;

/// The level for the next chunk, from how full the queues are.
pub(crate) struct LevelControl {
    automatic: bool,
    highest: i32,
    level: AtomicI32,
    /// Chunks since the last move that found time to spare, less those that found none.
    balance: AtomicI32,
}

/// What waits at the two ends of the compressors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queues {
    /// Chunks that are read and not yet taken by a compressor.
    pub(crate) waiting_for_processor: usize,
    /// Chunks that are compressed and not yet written.
    pub(crate) waiting_for_writer: usize,
    /// Chunks that can be under way at all.
    pub(crate) slots: usize,
    /// What is written and waits for the destination, see [`image::ImageWriter::backlog`].
    pub(crate) backlog: u64,
}

impl Queues {
    /// The destination has enough to do for a while.
    pub(crate) fn destination_is_behind(&self) -> bool {
        self.backlog >= 75 || self.waiting_for_writer * 3 >= self.slots
    }

    /// The compressors have enough to do for a while.
    pub(crate) fn processor_is_behind(&self) -> bool {
        self.waiting_for_processor * 3 >= self.slots
    }

    /// Positive when there is time to compress harder, negative when there is not.
    fn time_to_spare(&self) -> i32 {
        if self.destination_is_behind() {
            1
        } else if self.processor_is_behind() {
            match self.backlog {
                // Half full, the destination is busy until the compressors have caught up.
                50.. => 0,
                25..50 => -1,
                // Time in which the destination idles is lost; a little size is not.
                _ => -3,
            }
        } else {
            i32::from(self.waiting_for_processor == 0)
        }
    }
}

impl LevelControl {
    pub(crate) fn new(level: Level, highest: i32) -> Self {
        let (level, automatic) = match level {
            Level::Fixed(level) => (level, false),
            Level::Auto => (FIRST.min(highest), true),
        };
        Self { automatic, highest, level: AtomicI32::new(level), balance: AtomicI32::new(0) }
    }

    pub(crate) fn current(&self) -> i32 {
        self.level.load(Ordering::Relaxed)
    }

    /// The level for a chunk that is about to be compressed.
    pub(crate) fn next(&self, queues: Queues) -> i32 {
        let level = self.current();
        if !self.automatic {
            return level;
        }
        let vote = queues.time_to_spare();
        let balance = self.balance.fetch_add(vote, Ordering::Relaxed) + vote;
        if balance.abs() < PATIENCE {
            return level;
        }
        self.balance.store(0, Ordering::Relaxed);
        let next = (level + balance.signum()).clamp(LOWEST, self.highest);
        self.level.store(next, Ordering::Relaxed);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(waiting_for_processor: usize, waiting_for_writer: usize, backlog: u64) -> Queues {
        Queues { waiting_for_processor, waiting_for_writer, slots: 9, backlog }
    }

    fn after(level: Level, queues: Queues) -> i32 {
        let control = LevelControl::new(level, 9);
        (0..20 * PATIENCE).map(|_| control.next(queues)).last().unwrap()
    }

    #[test]
    fn follows_the_queues_within_bounds() {
        assert_eq!(after(Level::Auto, queues(5, 0, 10)), LOWEST);
        assert_eq!(after(Level::Auto, queues(5, 5, 10)), 9);
        assert_eq!(after(Level::Auto, queues(5, 0, 90)), 9);
        assert_eq!(after(Level::Auto, queues(0, 0, 10)), 9);
        assert_eq!(after(Level::Auto, queues(1, 1, 10)), FIRST);
        assert_eq!(after(Level::Auto, queues(5, 0, 60)), FIRST);
        assert_eq!(after(Level::Fixed(7), queues(5, 0, 10)), 7);
    }

    #[test]
    fn a_burst_does_not_move_the_level() {
        let control = LevelControl::new(Level::Auto, 9);
        let (full, drained) = (queues(5, 5, 100), queues(5, 0, 40));
        let levels = (0..100).flat_map(|_| [full; 10].into_iter().chain([drained; 10]));
        assert!(levels.map(|queues| control.next(queues)).all(|level| level == FIRST));
    }

    #[test]
    fn reads_levels_as_people_write_them() {
        assert_eq!("auto".parse(), Ok(Level::Auto));
        assert_eq!("19".parse(), Ok(Level::Fixed(19)));
        assert!("0".parse::<Level>().is_err() && "fast".parse::<Level>().is_err());
    }
}
