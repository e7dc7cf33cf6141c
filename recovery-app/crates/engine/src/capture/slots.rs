//! The memory of a capture: a fixed number of slots, made at the start and passed around.

use block::AlignedBuffer;
use image::Encoder;

use super::Level;

/// Room for one chunk on its way through the pipeline.
pub(crate) struct Slot {
    /// The chunk as read.
    pub(crate) raw: AlignedBuffer,
    /// Its frame.
    pub(crate) frame: Vec<u8>,
}

/// Memory that all slots together may take, in bytes.
const SLOT_MEMORY: usize = 160 << 20;
/// Memory that all compressors together may take on any computer, in bytes: two at level 12.
const COMPRESSOR_MEMORY: usize = 84 << 20;
/// The part of this computer's memory that compressors of a level which the person chose may take.
const SHARE_OF_MEMORY: usize = 4;
/// Threads that read, so that the next request waits at the disk when one is done.
pub(crate) const READERS: usize = 2;

/// How many threads and slots a capture uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crew {
    /// Threads that compress.
    pub(crate) workers: usize,
    /// Chunks under way.
    pub(crate) slots: usize,
    /// The highest level whose compressors fit into memory, for [`Level::Auto`].
    pub(crate) highest_level: i32,
}

impl Crew {
    /// A crew for this computer and chunks of `chunk_size` bytes, in bounded memory whatever the
    /// number of processors. Where memory is too small for a compressor at `level` on each of them,
    /// there are fewer.
    pub(crate) fn new(level: Level, chunk_size: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let compressors = COMPRESSOR_MEMORY.max(memory() / SHARE_OF_MEMORY);
        Self::of(processors, compressors, level, chunk_size)
    }

    /// A crew for so many processors and so many bytes for compressors of a chosen level.
    fn of(processors: usize, compressors: usize, level: Level, chunk_size: usize) -> Self {
        // A slot holds the chunk and a frame that may be a little larger.
        let most_slots = SLOT_MEMORY / (2 * chunk_size + chunk_size / 64);
        let most_workers = most_slots.saturating_sub(READERS + 2);
        let most_workers = match level {
            Level::Auto => most_workers,
            Level::Fixed(level) => most_workers.min(compressors / Encoder::memory(level)),
        };
        let workers = processors.clamp(1, most_workers.max(1));
        let slots = (2 * workers + READERS + 4).min(most_slots.max(3));
        let share = COMPRESSOR_MEMORY / workers;
        let highest_level =
            (1..=12).rev().find(|level| Encoder::memory(*level) <= share).unwrap_or(1);
        Self { workers, slots, highest_level }
    }

    /// Slots of `chunk_size` bytes.
    pub(crate) fn make_slots(self, chunk_size: usize) -> Vec<Slot> {
        let slot = || Slot { raw: AlignedBuffer::zeroed(chunk_size), frame: Vec::new() };
        (0..self.slots).map(|_| slot()).collect()
    }
}

/// Memory of this computer in bytes.
fn memory() -> usize {
    let told = rustix::system::sysinfo();
    let bytes = told.totalram.saturating_mul(told.mem_unit.into());
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: usize = 4 << 20;

    #[test]
    fn stays_within_memory_on_any_computer() {
        for processors in [1, 2, 4, 8, 16, 64, 256] {
            for level in (1..=19).map(Level::Fixed).chain([Level::Auto]) {
                let crew = Crew::of(processors, COMPRESSOR_MEMORY, level, CHUNK);
                let in_use =
                    if let Level::Fixed(level) = level { level } else { crew.highest_level };
                let memory =
                    crew.slots * ((8 << 20) + (64 << 10)) + crew.workers * Encoder::memory(in_use);
                assert!(memory <= 244 << 20, "{processors} processors, {level}: {memory}");
                assert!(crew.slots > crew.workers, "{crew:?}");
            }
        }
    }

    #[test]
    fn every_processor_works_where_there_is_memory_for_it() {
        let workers = |compressors, level| Crew::of(8, compressors, level, CHUNK).workers;
        assert_eq!(workers(1 << 30, Level::Fixed(12)), 8);
        assert_eq!(workers(COMPRESSOR_MEMORY, Level::Fixed(12)), 2);
        assert_eq!(workers(COMPRESSOR_MEMORY, Level::Fixed(3)), 8);
        assert_eq!(workers(COMPRESSOR_MEMORY, Level::Auto), 8);
        assert!(memory() > 64 << 20);
    }
}
