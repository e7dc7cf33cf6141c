//! The log as a ring of 512-byte blocks.

use block::{BlockDevice, Extent};

use crate::MapError;
use crate::bytes::Bytes;

/// Unit of the log in bytes ("basic block").
pub(super) const BLOCK: usize = 512;
/// First word of a record header, and of no other block: elsewhere it is the cycle.
const HEADER_MAGIC: u32 = 0xfeed_babe;
/// Blocks read at once while searching.
const PIECE: u32 = 512;

/// The blocks of the log, numbered from 0 to `blocks - 1`.
pub(super) struct Ring<'a> {
    volume: &'a dyn BlockDevice,
    start: u64,
    pub(super) blocks: u32,
}

impl<'a> Ring<'a> {
    pub(super) fn new(volume: &'a dyn BlockDevice, log: Extent) -> Result<Self, MapError> {
        let blocks = u32::try_from(log.length / BLOCK as u64).unwrap_or(0);
        if blocks < 2 {
            return Err(MapError::damaged("XFS log is too small"));
        }
        Ok(Self { volume, start: log.start, blocks })
    }

    /// The block `count` behind `block`.
    pub(super) fn advance(&self, block: u32, count: u32) -> u32 {
        let sum = (u64::from(block) + u64::from(count)) % u64::from(self.blocks);
        u32::try_from(sum).unwrap_or(0)
    }

    /// How many blocks `to` lies behind `from`, less than a whole round.
    pub(super) fn distance(&self, from: u32, to: u32) -> u32 {
        if to >= from { to - from } else { self.blocks - from + to }
    }

    /// `count` blocks from `block`, over the end of the ring if need be.
    pub(super) fn read(&self, block: u32, count: u32) -> Result<Vec<u8>, MapError> {
        if block >= self.blocks || count > self.blocks {
            return Err(MapError::damaged("XFS log: block outside of the log"));
        }
        let straight = count.min(self.blocks - block);
        let mut bytes = self.read_straight(block, straight)?;
        if count > straight {
            bytes.extend(self.read_straight(0, count - straight)?);
        }
        Ok(bytes)
    }

    fn read_straight(&self, block: u32, count: u32) -> Result<Vec<u8>, MapError> {
        let offset = self.start + u64::from(block) * BLOCK as u64;
        Ok(self.volume.read_vec(offset, count as usize * BLOCK)?)
    }

    /// The number of the round in which `block` was written last; 0 when it never was.
    pub(super) fn cycle(&self, block: u32) -> Result<u32, MapError> {
        cycle_of(&self.read(block, 1)?)
    }

    /// The first of `count` blocks from `start` (not over the end) that was written in `cycle`.
    pub(super) fn first_of_cycle(
        &self,
        start: u32,
        count: u32,
        cycle: u32,
    ) -> Result<Option<u32>, MapError> {
        let mut at = start;
        let end = start + count;
        while at < end {
            let length = PIECE.min(end - at);
            let bytes = self.read(at, length)?;
            for (block, content) in (at..).zip(bytes.chunks_exact(BLOCK)) {
                if cycle_of(content)? == cycle {
                    return Ok(Some(block));
                }
            }
            at += length;
        }
        Ok(None)
    }

    /// The last record header in the blocks from `start` to before `end` (not over the end).
    pub(super) fn last_header(&self, start: u32, end: u32) -> Result<Option<u32>, MapError> {
        let mut end = end;
        while end > start {
            let from = start.max(end.saturating_sub(PIECE));
            let bytes = self.read(from, end - from)?;
            let blocks = (from..end).zip(bytes.chunks_exact(BLOCK));
            if let Some((block, _)) = blocks.rev().find(|(_, content)| is_header(content)) {
                return Ok(Some(block));
            }
            end = from;
        }
        Ok(None)
    }

    /// The last record header before `head`, going back over the start of the ring no further
    /// than to `limit`; with `limit == head` once all around.
    pub(super) fn previous_header(&self, head: u32, limit: u32) -> Result<Option<u32>, MapError> {
        if limit < head {
            return self.last_header(limit, head);
        }
        match self.last_header(0, head)? {
            Some(block) => Ok(Some(block)),
            None => self.last_header(limit, self.blocks),
        }
    }
}

/// True when `content` starts with a record header.
pub(super) fn is_header(content: &[u8]) -> bool {
    content.starts_with(&HEADER_MAGIC.to_be_bytes())
}

/// Record headers keep the cycle in their second word.
fn cycle_of(content: &[u8]) -> Result<u32, MapError> {
    Bytes::new(content, "XFS log block").be32(if is_header(content) { 4 } else { 0 })
}
