//! Whether the bytes around a short signature make sense.

use block::{BlockDevice, BlockError};

use super::row::{read, sector_from_end};
use crate::MapError;
use crate::bytes::Bytes;

/// Applies `check` to the structure of `length` bytes at `at`; false when it does not fit.
fn at(
    volume: &dyn BlockDevice,
    at: u64,
    length: usize,
    check: impl FnOnce(&Bytes<'_>) -> Result<bool, MapError>,
) -> Result<bool, BlockError> {
    let bytes = read(volume, at, length)?;
    Ok(bytes.is_some_and(|bytes| check(&Bytes::new(&bytes, "signature")).unwrap_or(false)))
}

/// Applies `check` to the last sector.
fn at_end(
    volume: &dyn BlockDevice,
    check: impl FnOnce(&Bytes<'_>) -> Result<bool, MapError>,
) -> Result<bool, BlockError> {
    match sector_from_end(volume, 1) {
        Some(start) => at(volume, start, 512, check),
        None => Ok(false),
    }
}

pub(super) fn is_luks1(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 6, 2, |header| Ok(header.be16(0)? == 1))
}

/// Version 1 and the type of a volume header.
pub(super) fn is_core_storage(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 8, 4, |header| Ok(header.le16(0)? == 1 && header.le16(2)? == 0x10))
}

/// The sum of the first 50 bytes.
pub(super) fn is_via(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at_end(volume, |sector| {
        let sum = sector.slice(0, 50)?.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        Ok(sector.u8(2)? <= 2 && sector.u8(50)? == sum)
    })
}

/// The 16-bit words of the structure add up to 0 or 1.
pub(super) fn is_jmicron(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at_end(volume, |sector| Ok(sum_of_words(sector.slice(0, 128)?) <= 1))
}

/// The words before the checksum and the checksum add up to 0; a disk number below 8.
pub(super) fn is_silicon(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at_end(volume, |sector| Ok(sector.u8(0x116)? < 8 && sum_of_words(sector.slice(0, 0x140)?) == 0))
}

fn sum_of_words(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]]));
    words.fold(0, u16::wrapping_add)
}

/// The superblock's own place, in sectors; versions from 6 on are those of bcachefs.
pub(super) fn is_bcache(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 4096, 24, |super_block| Ok(super_block.le64(8)? == 8 && super_block.le64(16)? < 6))
}

pub(super) fn is_old_bcachefs(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    is_bcache(volume).map(|is_bcache| !is_bcache)
}

/// Zeros that fill up behind the checksum.
pub(super) fn is_xfs_realtime(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 8, 4, |padding| Ok(padding.be32(0)? == 0))
}

/// Versions 8 (clean or not) and 9, in the last 4 KiB.
pub(super) fn is_drbd(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    let Some(start) = volume.size().checked_sub(4096) else {
        return Ok(false);
    };
    at(volume, start + 60, 4, |magic| Ok((0x8374_026b..=0x8374_026d).contains(&magic.be32(0)?)))
}

/// Allocation blocks of a multiple of 512 bytes, and no more of them free than there are.
pub(super) fn is_hfs(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 1024, 162, |block| {
        let size = block.be32(20)?;
        let (blocks, free) = (block.be16(18)?, block.be16(34)?);
        Ok(size > 0 && size.is_multiple_of(512) && blocks > 0 && free <= blocks)
    })
}

/// Revision 2, a structure that fits its KiB, blocks of 1 to 64 KiB.
pub(super) fn is_nilfs2(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 1024, 24, |block| {
        Ok(block.le32(0)? == 2 && block.le16(8)? <= 1024 && block.le32(20)? <= 6)
    })
}

/// Version 4 (or 1 to 3, which had other fields) of a little-endian image.
pub(super) fn is_squashfs(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 28, 2, |version| Ok((1..=4).contains(&version.le16(0)?)))
}

/// Bitmaps that are large enough for what they describe, data behind them, a valid state.
pub(super) fn is_minix(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 1024, 24, |block| {
        let inodes = u32::from(block.le16(0)?);
        let is_second = matches!(block.le16(16)?, 0x2468 | 0x2478);
        let zones = if is_second { block.le32(20)? } else { block.le16(2)?.into() };
        let (inode_map, zone_map) = (u32::from(block.le16(4)?), u32::from(block.le16(6)?));
        Ok(inodes > 0
            && inode_map * 8192 > inodes
            && zone_map * 8192 >= zones.saturating_sub(block.le16(8)?.into())
            && block.le16(8)? > 4
            && block.le16(18)? <= 3)
    })
}

/// The same for version 3, whose blocks have 1 to 4 KiB.
pub(super) fn is_minix3(volume: &dyn BlockDevice) -> Result<bool, BlockError> {
    at(volume, 1024, 32, |block| {
        let (inodes, size) = (block.le32(0)?, u32::from(block.le16(28)?));
        let inode_map = u32::from(block.le16(6)?);
        Ok(inodes > 0
            && size >= 1024
            && size.is_power_of_two()
            && inode_map.saturating_mul(size * 8) > inodes
            && block.le16(10)? > 4)
    })
}
