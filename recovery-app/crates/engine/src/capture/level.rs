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

/// The level for the next chunk, from how full the queues are.
pub(crate) struct LevelControl {
    level: AtomicI32,
    highest: i32,
    automatic: bool,
}

/// Chunks waiting at the two ends of the compressors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queues {
    /// Read and not yet taken by a compressor.
    pub(crate) waiting_for_processor: usize,
    /// Compressed and not yet written.
    pub(crate) waiting_for_writer: usize,
    /// Chunks that can be under way at all.
    pub(crate) slots: usize,
}

impl LevelControl {
    pub(crate) fn new(level: Level, highest: i32) -> Self {
        let (level, automatic) = match level {
            Level::Fixed(level) => (level, false),
            Level::Auto => (FIRST.min(highest), true),
        };
        Self { level: AtomicI32::new(level), highest, automatic }
    }

    pub(crate) fn current(&self) -> i32 {
        self.level.load(Ordering::Relaxed)
    }

    /// The level for a chunk that is about to be compressed.
    ///
    /// A long queue before the writer, or none before the compressors, means that there is time
    /// to compress harder; a long queue before the compressors, that there is not.
    pub(crate) fn next(&self, queues: Queues) -> i32 {
        let level = self.current();
        if !self.automatic {
            return level;
        }
        let next = if queues.waiting_for_writer * 3 >= queues.slots {
            level + 1
        } else if queues.waiting_for_processor * 3 >= queues.slots {
            level - 1
        } else if queues.waiting_for_processor == 0 {
            level + 1
        } else {
            level
        };
        let next = next.clamp(LOWEST, self.highest);
        self.level.store(next, Ordering::Relaxed);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(level: Level, waiting_for_processor: usize, waiting_for_writer: usize) -> i32 {
        let control = LevelControl::new(level, 9);
        let queues = Queues { waiting_for_processor, waiting_for_writer, slots: 9 };
        (0..20).map(|_| control.next(queues)).last().unwrap()
    }

    #[test]
    fn follows_the_queues_within_bounds() {
        assert_eq!(after(Level::Auto, 5, 0), LOWEST);
        assert_eq!(after(Level::Auto, 5, 5), 9);
        assert_eq!(after(Level::Auto, 0, 0), 9);
        assert_eq!(after(Level::Auto, 1, 1), FIRST);
        assert_eq!(after(Level::Fixed(7), 5, 0), 7);
    }

    #[test]
    fn reads_levels_as_people_write_them() {
        assert_eq!("auto".parse(), Ok(Level::Auto));
        assert_eq!("19".parse(), Ok(Level::Fixed(19)));
        assert!("0".parse::<Level>().is_err() && "fast".parse::<Level>().is_err());
    }
}
