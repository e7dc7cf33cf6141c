//! The first 512 bytes of a disk or of an extended boot record: four entries and a signature.
//!
//! Written by hand: mbrman 0.6 overflows on hostile chains of extended boot records and refuses
//! chains that point backwards, and without them only this structure of 16 bytes is left.

use crate::bytes::{has, le32};

/// Bytes in the structure, whatever the sector size.
pub(crate) const BOOT_SECTOR_SIZE: u64 = 512;

/// Byte offset of the first of the four entries, which have 16 bytes each.
pub(crate) const ENTRIES_AT: usize = 446;

/// Type of the entry that protects a GPT from tools that only know MBRs.
pub(crate) const PROTECTIVE: u8 = 0xee;

/// One of the four entries. Positions are sectors, relative to what holds the entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) boot_flag: u8,
    pub(crate) kind: u8,
    pub(crate) start: u64,
    pub(crate) count: u64,
}

impl Entry {
    /// Linux takes an entry for used when it has a size, whatever its type.
    pub(crate) fn is_used(&self) -> bool {
        self.count > 0
    }

    /// True for a partition that contains others (DOS, Windows 95 LBA, Linux).
    pub(crate) fn is_extended(&self) -> bool {
        matches!(self.kind, 0x05 | 0x0f | 0x85)
    }

    /// The first sector behind it.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.count
    }
}

/// The four entries, or `None` without the signature 55 AA.
pub(crate) fn entries(sector: &[u8]) -> Option<[Entry; 4]> {
    if !has(sector, 510, &[0x55, 0xaa]) {
        return None;
    }
    Some([0, 1, 2, 3].map(|index| entry(sector, ENTRIES_AT + 16 * index)))
}

fn entry(sector: &[u8], at: usize) -> Entry {
    let byte = |offset: usize| sector.get(at + offset).copied().unwrap_or(0);
    Entry {
        boot_flag: byte(0),
        kind: byte(4),
        start: u64::from(le32(sector, at + 8)),
        count: u64::from(le32(sector, at + 12)),
    }
}
