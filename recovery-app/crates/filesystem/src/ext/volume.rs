//! Blocks of a volume, as they lie on it or as they will be once its journal is replayed.

use block::{AlignedBuffer, BlockDevice, BlockError, Extent};

use crate::MapError;

use super::journal::Log;
use super::superblock::{LENGTH, OFFSET, Superblock};

/// Most bytes that are read at once.
pub(super) const MOST_AT_ONCE: u64 = 4 << 20;

/// A volume with its superblock and, for the replayed view, its log.
pub(super) struct Volume<'a> {
    device: &'a dyn BlockDevice,
    pub(super) superblock: Superblock,
    log: Option<Log>,
}

impl<'a> Volume<'a> {
    /// The volume as it lies on the device.
    pub(super) fn open(device: &'a dyn BlockDevice) -> Result<Self, MapError> {
        let superblock = Superblock::parse(&read_bytes(device, OFFSET, LENGTH)?)?;
        Ok(Self { device, superblock, log: None })
    }

    /// The volume as it will be once `log` is replayed.
    pub(super) fn replayed(&self, log: Log) -> Result<Self, MapError> {
        let superblock = self.superblock.clone();
        let mut view = Self { device: self.device, superblock, log: Some(log) };
        let block = view.read_blocks(view.superblock.superblock_block(), 1)?;
        let within = usize::try_from(OFFSET % view.superblock.block_size).unwrap_or(0);
        let replayed = Superblock::parse(&block[within..])?;
        // Growing while mounted is logged; shrinking is done offline only.
        let shrinks = replayed.blocks < self.superblock.blocks;
        if shrinks || !replayed.has_layout_of(&self.superblock) {
            return Err(MapError::damaged("ext4 journal: a superblock of another layout"));
        }
        view.superblock = replayed;
        Ok(view)
    }

    pub(super) fn device_size(&self) -> u64 {
        self.device.size()
    }

    /// The log of a replayed view.
    pub(super) fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// `count` blocks from block `first`, at most [`MOST_AT_ONCE`] bytes.
    pub(super) fn read_blocks(&self, first: u64, count: u64) -> Result<Vec<u8>, MapError> {
        let mut bytes = self.read_on_disk(first, count)?;
        if let Some(log) = &self.log {
            let size = self.block_len();
            for (block, logged) in log.newest_in(first, count) {
                let at = usize::try_from(block - first).unwrap_or(0) * size;
                bytes[at..at + size].copy_from_slice(&self.read_logged(logged)?);
            }
        }
        Ok(bytes)
    }

    /// The same without the log.
    pub(super) fn read_on_disk(&self, first: u64, count: u64) -> Result<Vec<u8>, MapError> {
        let blocks = self.superblock.blocks;
        let size = self.superblock.block_size;
        let fits = first.checked_add(count).is_some_and(|end| end <= blocks);
        if !fits || count > (MOST_AT_ONCE / size).max(1) {
            return Err(MapError::damaged(format!("ext4: block {first} lies outside")));
        }
        let length = usize::try_from(count * size).unwrap_or(0);
        Ok(read_bytes(self.device, first * size, length)?)
    }

    /// What the log holds for a block: the copy in the journal with its escaping undone.
    pub(super) fn read_logged(&self, logged: super::journal::Copy) -> Result<Vec<u8>, MapError> {
        let mut bytes = self.read_on_disk(logged.place, 1)?;
        if logged.escaped {
            bytes[..4].copy_from_slice(&super::journal::MAGIC.to_be_bytes());
        }
        Ok(bytes)
    }

    /// Size of a block in memory.
    pub(super) fn block_len(&self) -> usize {
        usize::try_from(self.superblock.block_size).unwrap_or(usize::MAX)
    }

    /// A run of blocks as bytes of the volume, cut at the end of the filesystem.
    pub(super) fn bytes_of(&self, first: u64, count: u64) -> Extent {
        let end = first.saturating_add(count).min(self.superblock.blocks);
        let size = self.superblock.block_size;
        Extent::between(first.min(end) * size, end * size)
    }
}

/// `length` bytes at `offset`, read in whole sectors into aligned memory, as disks past the page
/// cache need.
pub(super) fn read_bytes(
    device: &dyn BlockDevice,
    offset: u64,
    length: usize,
) -> Result<Vec<u8>, BlockError> {
    let wanted = Extent::new(offset, length as u64);
    let sector = u64::from(device.geometry().logical_sector).max(1);
    let sectors = wanted.aligned_out(sector);
    let end = sectors.end().min(device.size().max(wanted.end()));
    let skip = usize::try_from(offset - sectors.start).unwrap_or(0);
    let whole = usize::try_from(end - sectors.start).unwrap_or(usize::MAX);
    let mut buffer = AlignedBuffer::zeroed(whole);
    device.read_at(&mut buffer, sectors.start)?;
    Ok(buffer[skip..skip + length].to_vec())
}
