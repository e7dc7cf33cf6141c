//! What replaying the log would make of the free-space metadata, in memory.

use std::collections::{BTreeMap, HashMap};

use block::{ExtentSet, ExtentSetBuilder};

use super::item::{CHUNK, Effect};
use super::strange;
use crate::MapError;

/// Memory for changed bytes, in bytes; a log that changes more is not replayed.
const MOST_BYTES: usize = 32 << 20;
/// Buffers that are remembered.
const MOST_BUFFERS: usize = 500_000;
/// Extents named by items that are kept apart; more are merged to larger ones.
const MOST_NAMED: usize = 1 << 20;

/// Changes by committed transactions, oldest to newest.
pub(in crate::xfs) struct Overlay {
    buffers: HashMap<u64, Buffer>,
    named: ExtentSetBuilder,
    chunks: usize,
    newest: u64,
}

enum Buffer {
    /// Not free-space metadata.
    Foreign,
    /// The last content of each logged chunk, and the LSN of the transaction that wrote it.
    Chunks(BTreeMap<u16, (u64, [u8; CHUNK])>),
}

impl Overlay {
    /// Nothing changed yet; `newest` is the LSN of the last record of the log.
    pub(super) fn new(newest: u64) -> Self {
        let named = ExtentSetBuilder::with_most_extents(MOST_NAMED);
        Self { buffers: HashMap::new(), named, chunks: 0, newest }
    }

    /// LSN of the last record of the log.
    pub(in crate::xfs) fn newest(&self) -> u64 {
        self.newest
    }

    /// Takes in a transaction that started at `lsn`.
    pub(super) fn commit(&mut self, lsn: u64, effects: Vec<Effect>) -> Result<(), MapError> {
        for effect in effects {
            match effect {
                Effect::Names(extent) => self.named.add(extent),
                Effect::Cancel { address } => {
                    let dropped = self.buffers.remove(&address);
                    self.forget(dropped.as_ref());
                }
                Effect::Foreign { address } => {
                    let dropped = self.buffers.insert(address, Buffer::Foreign);
                    self.forget(dropped.as_ref());
                }
                Effect::Write { address, chunks } => self.write(address, lsn, chunks),
            }
        }
        if self.chunks * CHUNK > MOST_BYTES || self.buffers.len() > MOST_BUFFERS {
            return Err(strange("it changes too much"));
        }
        Ok(())
    }

    fn write(&mut self, address: u64, lsn: u64, chunks: Vec<(u16, [u8; CHUNK])>) {
        let begins = chunks.first().is_some_and(|(number, _)| *number == 0);
        let empty = || Buffer::Chunks(BTreeMap::new());
        let buffer = self.buffers.entry(address).or_insert_with(empty);
        if matches!(buffer, Buffer::Foreign) && begins {
            *buffer = empty();
        }
        if let Buffer::Chunks(map) = buffer {
            let before = map.len();
            map.extend(chunks.into_iter().map(|(number, bytes)| (number, (lsn, bytes))));
            self.chunks += map.len() - before;
        }
    }

    fn forget(&mut self, buffer: Option<&Buffer>) {
        if let Some(Buffer::Chunks(map)) = buffer {
            self.chunks -= map.len();
        }
    }

    /// Writes what transactions newer than `lsn` (0: all) changed of the buffer at `address`, in
    /// 512-byte units, over `content`.
    pub(in crate::xfs) fn apply(&self, address: u64, content: &mut [u8], lsn: u64) -> Coverage {
        let mut coverage = Coverage::default();
        let Some(Buffer::Chunks(map)) = self.buffers.get(&address) else { return coverage };
        for (number, (written, bytes)) in map {
            let at = usize::from(*number) * CHUNK;
            let Some(place) = content.get_mut(at..at + CHUNK) else { continue };
            if *written > lsn {
                place.copy_from_slice(bytes);
                coverage.chunks.push(*number);
            }
        }
        coverage
    }

    /// All bytes that items of the log name.
    pub(in crate::xfs) fn into_named(self) -> ExtentSet {
        self.named.build()
    }
}

/// Which chunks of a structure came from the log.
#[derive(Debug, Default)]
pub(in crate::xfs) struct Coverage {
    /// Ascending.
    chunks: Vec<u16>,
}

impl Coverage {
    /// True when `length` bytes from byte `start` all came from the log.
    pub(in crate::xfs) fn contains(&self, start: usize, length: usize) -> bool {
        let end = (start + length).div_ceil(CHUNK);
        (start / CHUNK..end)
            .filter_map(|chunk| u16::try_from(chunk).ok())
            .all(|chunk| self.chunks.binary_search(&chunk).is_ok())
    }
}
