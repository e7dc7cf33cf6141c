//! The memory of a capture: a fixed number of slots, made at the start and passed around.

use block::AlignedBuffer;

/// Room for one chunk on its way through the pipeline.
pub(crate) struct Slot {
    /// The chunk as read.
    pub(crate) raw: AlignedBuffer,
    /// Its frame.
    pub(crate) frame: Vec<u8>,
}

/// Memory that all slots together may take, in bytes.
const SLOT_MEMORY: usize = 160 << 20;
/// Memory that all compressors together may take, in bytes.
const COMPRESSOR_MEMORY: usize = 64 << 20;
/// Threads that read, so that the next request waits at the disk when one is done.
pub(crate) const READERS: usize = 2;

/// How many threads and slots a capture uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crew {
    /// Threads that compress.
    pub(crate) workers: usize,
    /// Chunks under way.
    pub(crate) slots: usize,
    /// The highest level whose compressors fit into memory.
    pub(crate) highest_level: i32,
}

impl Crew {
    /// A crew for this computer and chunks of `chunk_size` bytes, in bounded memory whatever the
    /// number of processors.
    pub(crate) fn new(chunk_size: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self::for_processors(processors, chunk_size)
    }

    fn for_processors(processors: usize, chunk_size: usize) -> Self {
        // A slot holds the chunk and a frame that may be a little larger.
        let most_slots = SLOT_MEMORY / (2 * chunk_size + chunk_size / 64);
        let workers = processors.clamp(1, most_slots.saturating_sub(READERS + 2).max(1));
        let slots = (2 * workers + READERS + 4).min(most_slots.max(3));
        let share = COMPRESSOR_MEMORY / workers;
        let highest_level =
            (1..=12).rev().find(|level| compressor_memory(*level) <= share).unwrap_or(1);
        Self { workers, slots, highest_level }
    }

    /// Slots of `chunk_size` bytes.
    pub(crate) fn make_slots(self, chunk_size: usize) -> Vec<Slot> {
        let slot = || Slot { raw: AlignedBuffer::zeroed(chunk_size), frame: Vec::new() };
        (0..self.slots).map(|_| slot()).collect()
    }
}

/// Upper bounds of what a compressor for 4 MiB chunks takes, in bytes: the tables of
/// `lib/compress/clevels.h` (hash, chain and row tags, 4 bytes an entry) and 1 MiB of the rest.
fn compressor_memory(level: i32) -> usize {
    let mebibytes = match level {
        ..=2 => 2,
        3 => 3,
        4 => 4,
        5 => 5,
        6 | 7 => 7,
        8 => 10,
        9 | 10 => 20,
        _ => 32,
    };
    mebibytes << 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_memory_on_any_computer() {
        for processors in [1, 2, 4, 8, 16, 64, 256] {
            let crew = Crew::for_processors(processors, 4 << 20);
            let memory = crew.slots * ((8 << 20) + (64 << 10))
                + crew.workers * compressor_memory(crew.highest_level);
            assert!(memory <= 232 << 20, "{processors} processors: {memory}");
            assert!(crew.slots > crew.workers, "{crew:?}");
        }
    }
}
