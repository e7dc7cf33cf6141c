//! The first 512 bytes of a disk or of an extended boot record: four entries and a signature.
//!
//! The crate mbrman decodes them. Which entries are used and which contain others is
//! decided here as in Linux (`block/partitions/msdos.c`), because mbrman decides otherwise.

use std::io::Cursor;
use std::mem::take;

use mbrman::{MBRHeader, MBRPartitionEntry};

/// Bytes in the structure, whatever the sector size.
pub(crate) const BOOT_SECTOR_SIZE: u64 = 512;

/// Byte offset of the first of the four entries, which have 16 bytes each and start with the
/// boot flag.
const ENTRIES_AT: usize = 446;

/// Type of the entry that protects a GPT from tools that only know MBRs.
pub(crate) const PROTECTIVE: u8 = 0xee;

/// One of the four entries. Positions are sectors, relative to what holds the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// Linux takes an entry for the protection of a GPT by its type and start alone
    /// (`block/partitions/efi.c`, `is_pmbr_valid`).
    pub(crate) fn protects(&self) -> bool {
        self.kind == PROTECTIVE && self.start == 1
    }

    /// The first sector behind it.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.count
    }
}

impl From<&MBRPartitionEntry> for Entry {
    fn from(entry: &MBRPartitionEntry) -> Self {
        Self {
            boot_flag: entry.boot,
            kind: entry.sys,
            start: u64::from(entry.starting_lba),
            count: u64::from(entry.sectors),
        }
    }
}

/// The first sector of a disk; `None` without the signature 55 AA, and with boot flags that tell
/// Linux too that this is no table.
pub(crate) fn read_mbr(sector: &[u8]) -> Option<MBRHeader> {
    MBRHeader::read_from(&mut Cursor::new(sector)).ok()
}

/// The four entries of a first sector.
pub(crate) fn entries(mbr: &MBRHeader) -> [Entry; 4] {
    [&mbr.partition_1, &mbr.partition_2, &mbr.partition_3, &mbr.partition_4].map(Entry::from)
}

/// The four entries of an extended boot record or of a first sector whose boot flags do not matter,
/// or `None` without the signature 55 AA.
///
/// Boot flags are garbage in some records and Linux does not look at them, while mbrman refuses
/// such records: it gets to see none.
pub(crate) fn record_entries(sector: &[u8]) -> Option<[Entry; 4]> {
    let mut record = sector.first_chunk::<512>()?.to_owned();
    let flags = [0, 1, 2, 3].map(|index| take(&mut record[ENTRIES_AT + 16 * index]));
    let mut entries = entries(&read_mbr(&record)?);
    for (entry, flag) in entries.iter_mut().zip(flags) {
        entry.boot_flag = flag;
    }
    Some(entries)
}

/// Gives entry `index` of a boot sector `count` sectors and an end beyond what cylinders, heads and
/// sectors can express; all other bytes stay.
pub(crate) fn set_end(sector: &mut [u8], index: usize, count: u32) {
    let entry = &mut sector[ENTRIES_AT + 16 * index..][..16];
    entry[5..8].fill(0xff);
    entry[12..].copy_from_slice(&count.to_le_bytes());
}
