//! Puts transactions together again: their regions are cut into operations, and transactions
//! lie interleaved over many records (`xlog_recover_process_data`).

use std::collections::HashMap;

use super::item::{self, Effect};
use super::overlay::Overlay;
use super::strange;
use crate::MapError;
use crate::bytes::Bytes;
use crate::xfs::superblock::Superblock;

const HEADER: usize = 12;
/// Who wrote an operation: a transaction or the log itself.
const CLIENTS: [u8; 2] = [0x69, 0xaa];
const START: u8 = 0x01;
const COMMIT: u8 = 0x02;
const CONTINUE: u8 = 0x04;
const WAS_CONTINUED: u8 = 0x08;
const END: u8 = 0x10;
const UNMOUNT: u8 = 0x20;

/// `xfs_trans_header`: magic, type, id, number of items.
const TRANSACTION_HEADER: usize = 16;
const TRANSACTION_MAGIC: u32 = 0x5452_414e;
/// Most regions of one item (`XLOG_MAX_REGIONS_IN_ITEM`), with room.
const MOST_REGIONS: u16 = 1024;
/// Largest region in bytes: a 64 KiB block or attribute, with room.
const MOST_REGION: usize = 1 << 20;
/// Memory for transactions that are not committed yet, in bytes.
const MOST_PENDING: usize = 32 << 20;

/// Transactions that have started and not yet committed.
pub(super) struct Assembler<'a> {
    sb: &'a Superblock,
    open: HashMap<u32, Transaction>,
    /// Memory of all of them in bytes.
    memory: usize,
}

#[derive(Default)]
struct Transaction {
    /// LSN of the record in which it started: the one that written-back blocks carry.
    lsn: u64,
    has_header: bool,
    /// A region of which more follows in the next record.
    partial: Option<Vec<u8>>,
    /// Regions of the item that is being collected.
    regions: Vec<Vec<u8>>,
    effects: Vec<Effect>,
    /// Bytes held in regions and effects.
    memory: usize,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(sb: &'a Superblock) -> Self {
        Self { sb, open: HashMap::new(), memory: 0 }
    }

    /// Takes the operations of one record; commits go into `overlay`.
    pub(super) fn record(
        &mut self,
        lsn: u64,
        operations: u32,
        data: &[u8],
        overlay: &mut Overlay,
    ) -> Result<(), MapError> {
        let bytes = Bytes::new(data, "XFS log operation");
        let mut at = 0;
        for _ in 0..operations {
            let id = bytes.be32(at)?;
            let length = bytes.be32(at + 4)? as usize;
            let (client, flags) = (bytes.u8(at + 8)?, bytes.u8(at + 9)?);
            if !CLIENTS.contains(&client) {
                return Err(strange("an operation has an unknown client"));
            }
            let content = bytes.slice(at + HEADER, length)?;
            self.operation(lsn, id, flags, content, overlay)?;
            at += HEADER + length;
        }
        Ok(())
    }

    fn operation(
        &mut self,
        lsn: u64,
        id: u32,
        flags: u8,
        content: &[u8],
        overlay: &mut Overlay,
    ) -> Result<(), MapError> {
        let known = self.open.contains_key(&id);
        if flags & START != 0 {
            if known || !content.is_empty() {
                return Err(strange("a transaction starts twice"));
            }
            let memory = size_of::<Transaction>();
            self.open.insert(id, Transaction { lsn, memory, ..Transaction::default() });
            self.memory += memory;
            return self.check_memory();
        }
        // Without a start it began before the tail, so all of it is on the disk already.
        let Some(transaction) = self.open.get_mut(&id) else { return Ok(()) };
        match flags & !END {
            UNMOUNT => {
                self.memory -= transaction.memory;
                self.open.remove(&id);
            }
            COMMIT => self.commit(id, overlay)?,
            0 | CONTINUE | WAS_CONTINUED | 0x0c => {
                let before = transaction.memory;
                transaction.add(self.sb, flags, content)?;
                self.memory = self.memory - before + transaction.memory;
                self.check_memory()?;
            }
            _ => return Err(strange("an operation has unknown flags")),
        }
        Ok(())
    }

    fn commit(&mut self, id: u32, overlay: &mut Overlay) -> Result<(), MapError> {
        let Some(transaction) = self.open.remove(&id) else { return Ok(()) };
        if transaction.partial.is_some() || !transaction.regions.is_empty() {
            return Err(strange("a transaction lacks a part"));
        }
        self.memory -= transaction.memory;
        overlay.commit(transaction.lsn, transaction.effects)
    }

    fn check_memory(&self) -> Result<(), MapError> {
        if self.memory > MOST_PENDING {
            return Err(strange("a transaction is too large"));
        }
        Ok(())
    }
}

impl Transaction {
    /// Takes a region or a part of one.
    fn add(&mut self, sb: &Superblock, flags: u8, content: &[u8]) -> Result<(), MapError> {
        if content.is_empty() && flags & (CONTINUE | WAS_CONTINUED) == 0 {
            return Ok(());
        }
        let mut region = match (self.partial.take(), flags & WAS_CONTINUED != 0) {
            (Some(partial), true) => partial,
            (None, false) => Vec::new(),
            _ => return Err(strange("parts of a region do not fit together")),
        };
        region.extend_from_slice(content);
        self.memory += content.len();
        if content.is_empty() || region.len() > MOST_REGION {
            return Err(strange("a region has an impossible length"));
        }
        if flags & CONTINUE != 0 {
            self.partial = Some(region);
            return Ok(());
        }
        if self.has_header {
            return self.region(sb, region);
        }
        self.has_header = true;
        let header = Bytes::new(&region, "XFS transaction");
        if region.len() != TRANSACTION_HEADER || header.le32(0)? != TRANSACTION_MAGIC {
            return Err(strange("a transaction has a wrong header"));
        }
        Ok(())
    }

    /// Adds a whole region; parses the item once it has all of its regions.
    fn region(&mut self, sb: &Superblock, region: Vec<u8>) -> Result<(), MapError> {
        self.regions.push(region);
        let total = Bytes::new(&self.regions[0], "XFS log item").le16(2)?;
        if total == 0 || total > MOST_REGIONS {
            return Err(strange("an item has an impossible number of regions"));
        }
        if self.regions.len() < usize::from(total) {
            return Ok(());
        }
        let regions = std::mem::take(&mut self.regions);
        let before = self.effects.len();
        item::parse(sb, &regions, &mut self.effects)?;
        self.memory += self.effects[before..].iter().map(Effect::memory).sum::<usize>();
        self.memory -= regions.iter().map(Vec::len).sum::<usize>();
        Ok(())
    }
}
