//! The transactions of a journal, followed as recovery does (Linux `fs/jbd2/recovery.c`).
//!
//! Recovery ends at the first block that is not part of the expected transaction, or at a wrong
//! checksum. Here the walk goes on behind a wrong checksum as long as the blocks make sense, but
//! what it finds there is *doubtful*: it never replaces what the volume holds, it is only offered
//! as a further copy.

use crate::MapError;

use super::super::checksum::TransactionSum;
use super::super::volume::Volume;
use super::Journal;
use super::end;
use super::tag::{self, Type};

/// Most copies that are held in memory, 24 bytes each: a full journal of 4 GiB.
const MOST_COPIES: usize = 1 << 20;

/// Where the journal holds a copy of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Copy {
    /// The block of the volume that holds the copy.
    pub(in super::super) place: u64,
    /// Its first four bytes were replaced, because they looked like the journal's magic number.
    pub(in super::super) escaped: bool,
}

struct Entry {
    target: u64,
    /// Blocks from the start of the log.
    order: u32,
    /// Transactions from the start of the log.
    transaction: u32,
    escaped: bool,
    revoked: bool,
}

/// All copies of blocks in the log of a journal.
pub(in super::super) struct Log {
    journal: Journal,
    /// By target, then in the order in which they were logged.
    entries: Vec<Entry>,
    /// Transactions that were followed to their end.
    walked: u32,
    /// Transactions that recovery replays.
    committed: u32,
}

impl Log {
    /// Follows the log of `journal`. Just after mounting there may be nothing in it.
    pub(in super::super) fn scan(volume: &Volume<'_>, journal: Journal) -> Result<Self, MapError> {
        let mut scan = Scan::new(volume, &journal);
        scan.run()?;
        let Scan { mut entries, revokes, transaction: walked, committed, .. } = scan;
        entries.sort_unstable_by_key(|entry| (entry.target, entry.order));
        for (order, transaction) in revokes {
            if transaction < committed {
                let block = journal.read(volume, journal.index_of(order))?;
                revoke(&mut entries, &tag::revoked(&journal.superblock, &block), transaction);
            }
        }
        Ok(Self { journal, entries, walked, committed })
    }

    /// Refuses a log of which a block in the middle was lost: its transactions go on behind the
    /// place where the walk took it for ended. Reads all of the log.
    pub(in super::super) fn check_end(&self, volume: &Volume<'_>) -> Result<(), MapError> {
        match self.journal.has_transactions() {
            true => end::check(volume, &self.journal, self.walked),
            false => Ok(()),
        }
    }

    pub(in super::super) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The blocks of a range that recovery will write, each with its newest copy.
    pub(in super::super) fn newest_in(
        &self,
        first: u64,
        count: u64,
    ) -> impl Iterator<Item = (u64, Copy)> {
        let is_replayed = |entry: &&Entry| entry.transaction < self.committed && !entry.revoked;
        self.entries_in(first, count)
            .chunk_by(|one, next| one.target == next.target)
            .filter_map(move |copies| copies.iter().rev().find(is_replayed))
            .filter_map(|entry| Some((entry.target, self.copy(entry)?)))
    }

    /// Every copy of a block, also doubtful and superseded ones.
    pub(in super::super) fn copies_of(&self, block: u64) -> impl Iterator<Item = Copy> {
        self.entries_in(block, 1).iter().filter_map(|entry| self.copy(entry))
    }

    fn entries_in(&self, first: u64, count: u64) -> &[Entry] {
        let start = self.entries.partition_point(|entry| entry.target < first);
        let rest = &self.entries[start..];
        &rest[..rest.partition_point(|entry| entry.target - first < count)]
    }

    fn copy(&self, entry: &Entry) -> Option<Copy> {
        let place = self.journal.place(self.journal.index_of(entry.order))?;
        Some(Copy { place, escaped: entry.escaped })
    }
}

impl Journal {
    /// The block of the journal that lies `order` blocks behind the start of the log.
    fn index_of(&self, order: u32) -> u32 {
        let log = &self.superblock;
        let behind = u64::from(log.start - log.first) + u64::from(order);
        let within = behind % u64::from(log.end - log.first);
        log.first + u32::try_from(within).unwrap_or(0)
    }

    /// The reverse: how many blocks behind the start of the log block `index` lies.
    pub(super) fn order_of(&self, index: u32) -> u32 {
        let log = &self.superblock;
        match index.checked_sub(log.start) {
            Some(order) => order,
            None => (log.end - log.start) + (index - log.first),
        }
    }
}

/// Marks the copies that must not be replayed: those up to the transaction that revokes them.
fn revoke(entries: &mut [Entry], blocks: &[u64], transaction: u32) {
    for block in blocks {
        let last = (*block, transaction);
        let end = entries.partition_point(|entry| (entry.target, entry.transaction) <= last);
        // The copies before a revoked one are revoked already: each is marked once, however
        // often its block is named.
        let copies = entries[..end].iter_mut().rev();
        copies
            .take_while(|entry| entry.target == *block && !entry.revoked)
            .for_each(|entry| entry.revoked = true);
    }
}

struct Scan<'s, 'a> {
    volume: &'s Volume<'a>,
    journal: &'s Journal,
    entries: Vec<Entry>,
    /// Revoke blocks: place in the log and transaction.
    revokes: Vec<(u32, u32)>,
    order: u32,
    transaction: u32,
    committed: u32,
    /// No wrong checksum so far.
    is_certain: bool,
    sum: TransactionSum,
}

impl<'s, 'a> Scan<'s, 'a> {
    fn new(volume: &'s Volume<'a>, journal: &'s Journal) -> Self {
        Self {
            volume,
            journal,
            entries: Vec::new(),
            revokes: Vec::new(),
            order: 0,
            transaction: 0,
            committed: 0,
            is_certain: true,
            sum: TransactionSum::new(),
        }
    }

    fn run(&mut self) -> Result<(), MapError> {
        if !self.journal.has_transactions() {
            return Ok(());
        }
        let log = &self.journal.superblock;
        while self.order < log.end - log.first {
            let block = self.read(self.order)?;
            let expected = log.sequence.wrapping_add(self.transaction);
            let kind = match tag::header(&block) {
                Some((kind, sequence)) if sequence == expected => kind,
                _ => break,
            };
            let order = self.order;
            self.order += 1;
            match kind {
                Type::Descriptor => self.descriptor(&block)?,
                Type::Commit => self.commit(&block),
                Type::Revoke => {
                    self.is_certain &= tag::has_right_tail(log, &block);
                    self.revokes.push((order, self.transaction));
                }
            }
        }
        Ok(())
    }

    fn descriptor(&mut self, block: &[u8]) -> Result<(), MapError> {
        let log = &self.journal.superblock;
        self.is_certain &= tag::has_right_tail(log, block);
        if log.has_csum_v1 {
            self.sum.update(block);
        }
        for tag in tag::tags(log, block) {
            if self.entries.len() >= MOST_COPIES {
                return Err(MapError::unsupported("ext4 journal: more blocks than can be held"));
            }
            if log.has_csum_v1 {
                self.sum.update(&self.read(self.order)?);
            }
            self.entries.push(Entry {
                target: tag.block,
                order: self.order,
                transaction: self.transaction,
                escaped: tag.escaped,
                revoked: false,
            });
            self.order = self.order.saturating_add(1);
        }
        Ok(())
    }

    fn commit(&mut self, block: &[u8]) {
        let log = &self.journal.superblock;
        self.is_certain &= tag::is_right_commit(log, block);
        self.is_certain &= !log.has_csum_v1 || tag::commits_sum(block, self.sum.value());
        self.transaction = self.transaction.saturating_add(1);
        if self.is_certain {
            self.committed = self.transaction;
        }
        self.sum = TransactionSum::new();
    }

    fn read(&self, order: u32) -> Result<Vec<u8>, MapError> {
        self.journal.read(self.volume, self.journal.index_of(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(target: u64, order: u32, transaction: u32) -> Entry {
        Entry { target, order, transaction, escaped: false, revoked: false }
    }

    #[test]
    fn revokes_copies_up_to_its_transaction() {
        let mut entries = vec![
            entry(1, 0, 0),
            entry(2, 1, 0),
            entry(2, 5, 1),
            entry(2, 9, 2),
            entry(2, 12, 3),
            entry(3, 2, 0),
        ];
        let mut revoked_by = |blocks: &[u64], transaction| {
            revoke(&mut entries, blocks, transaction);
            entries.iter().map(|entry| entry.revoked).collect::<Vec<_>>()
        };
        assert_eq!(revoked_by(&[2, 7, 0], 1), [false, true, true, false, false, false]);
        assert_eq!(revoked_by(&[2, 2], 0), [false, true, true, false, false, false]);
        assert_eq!(revoked_by(&[2, 3], 2), [false, true, true, true, false, true]);
    }

    /// With each revocation looking at each entry, this would take minutes.
    #[test]
    fn a_block_that_is_revoked_time_and_again_takes_no_longer() {
        let mut entries: Vec<_> = (0..1 << 20).map(|order| entry(5, order, order)).collect();
        revoke(&mut entries, &vec![5; 1 << 17], u32::MAX);
        assert!(entries.iter().all(|entry| entry.revoked));
    }
}
