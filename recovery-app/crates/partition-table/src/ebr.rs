//! The chain of extended boot records: a linked list of tables, one for each logical partition.
//!
//! Linux (`block/partitions/msdos.c`, `parse_extended`) is followed in what counts as a
//! partition and in which order: links may point anywhere, backwards too. The walk is our own
//! because mbrman 0.6 overflows on hostile chains and refuses links that point backwards.

use std::collections::HashSet;

use block::Extent;

use crate::boot_sector::{BOOT_SECTOR_SIZE, Entry, record_entries};
use crate::bytes::Sectors;
use crate::notes::Notes;

/// Most records followed. Linux has room for 256 partitions on a disk.
const MOST_RECORDS: usize = 1024;

/// A logical partition, in sectors of the disk.
pub(crate) struct Logical {
    pub(crate) entry: Entry,
}

/// What the chains of a disk hold.
#[derive(Default)]
pub(crate) struct Chains {
    pub(crate) logical: Vec<Logical>,
    /// The sectors of the records, in the order of the chain.
    pub(crate) records: Vec<u64>,
    /// Extended partitions whose chain is broken, in bytes.
    pub(crate) broken: Vec<Extent>,
    visited: HashSet<u64>,
}

impl Chains {
    /// Follows the chain of the extended partition `whole` (in sectors of the disk).
    pub(crate) fn follow(&mut self, disk: Sectors<'_>, whole: Entry, notes: &mut Notes) {
        let mut at = whole;
        loop {
            let fault = match self.record(disk, at.start) {
                Err(fault) => fault,
                Ok(table) => {
                    self.add_logical(at, whole, &table, notes);
                    let Some(link) = table.iter().find(|e| e.is_used() && e.is_extended()) else {
                        return;
                    };
                    // Links count from the start of the whole extended partition.
                    at = Entry { start: whole.start + link.start, ..*link };
                    if at.start < whole.start || at.start >= whole.end() {
                        notes.add("an extended boot record lies outside the extended partition");
                    }
                    continue;
                }
            };
            notes.add(format!(
                "the extended partition at sector {} counts as used: {fault}",
                whole.start
            ));
            self.broken.push(disk.extent(whole.start, whole.count));
            return;
        }
    }

    /// Reads the record in sector `lba`, or says why the chain ends there.
    fn record(&mut self, disk: Sectors<'_>, lba: u64) -> Result<[Entry; 4], String> {
        if !self.visited.insert(lba) {
            return Err(format!("its chain of boot records returns to sector {lba}"));
        }
        if self.visited.len() > MOST_RECORDS {
            return Err("its chain of boot records has no end".to_owned());
        }
        if lba >= disk.count() {
            return Err(format!("its chain leads beyond the disk, to sector {lba}"));
        }
        let sector = disk.read(lba, BOOT_SECTOR_SIZE).map_err(|error| error.to_string())?;
        let table = record_entries(&sector)
            .ok_or_else(|| format!("there is no boot record in sector {lba}"))?;
        self.records.push(lba);
        Ok(table)
    }

    /// Adds the partitions of the record `at`; their entries count from the record itself.
    fn add_logical(&mut self, at: Entry, whole: Entry, table: &[Entry; 4], notes: &mut Notes) {
        for (index, entry) in table.iter().enumerate() {
            if !entry.is_used() || entry.is_extended() {
                continue;
            }
            let absolute = Entry { start: at.start + entry.start, ..*entry };
            let outside = absolute.start < whole.start || absolute.end() > whole.end();
            // The last two entries are unused and sometimes hold garbage.
            if index >= 2 && (outside || entry.end() > at.count) {
                continue;
            }
            if outside {
                notes.add(format!(
                    "the logical partition at sector {} reaches out of the extended partition",
                    absolute.start
                ));
            }
            self.logical.push(Logical { entry: absolute });
        }
    }
}
