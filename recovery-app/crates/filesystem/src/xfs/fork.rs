//! Extents: the records that say where a file's blocks lie, and the forks that hold them
//! (`xfs_bmbt_rec`, `xfs_bmap_btree.c`).

use std::ops::ControlFlow;

use block::BlockDevice;

use super::inode::Format;
use super::superblock::Superblock;
use crate::MapError;
use crate::bytes::Bytes;

/// Size of a record in bytes.
const RECORD: usize = 16;
/// Tree blocks read for one fork.
const MOST_BLOCKS: usize = 1 << 16;

/// A run of blocks of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExtentRecord {
    /// First block within the file.
    pub(super) offset: u64,
    /// First block on the volume, as a filesystem block number.
    pub(super) start: u64,
    /// Number of blocks.
    pub(super) count: u64,
    /// Reserved, reads as zeros.
    pub(super) unwritten: bool,
}

/// The packed record at byte `at`: flag 1, offset 54, start 52, count 21 bits.
pub(super) fn extent_record(bytes: Bytes<'_>, at: usize) -> Result<ExtentRecord, MapError> {
    let (high, low) = (bytes.be64(at)?, bytes.be64(at + 8)?);
    Ok(ExtentRecord {
        offset: (high >> 9) & ((1 << 54) - 1),
        start: (high & 0x1ff) << 43 | low >> 21,
        count: low & ((1 << 21) - 1),
        unwritten: high >> 63 != 0,
    })
}

/// A part of an inode that maps blocks: its data or its attributes.
pub(super) struct Fork<'a> {
    pub(super) format: Format,
    /// What the inode itself holds of it.
    pub(super) bytes: &'a [u8],
    /// Number of extents by the inode's count.
    pub(super) extents: u64,
}

/// What a fork holds, as told by [`Fork::visit`].
pub(super) enum Piece {
    /// Blocks of content.
    Content(ExtentRecord),
    /// A block of the tree of extents, as a filesystem block number.
    Tree(u64),
}

impl Fork<'_> {
    /// Calls `visit` for each piece until it breaks.
    pub(super) fn visit(
        &self,
        volume: &dyn BlockDevice,
        sb: &Superblock,
        visit: &mut dyn FnMut(Piece) -> ControlFlow<()>,
    ) -> Result<(), MapError> {
        match self.format {
            Format::Extents => {
                let count = usize::try_from(self.extents).unwrap_or(usize::MAX);
                for record in self.bytes.chunks_exact(RECORD).take(count) {
                    let record = extent_record(Bytes::new(record, "XFS extent"), 0)?;
                    if visit(Piece::Content(record)).is_break() {
                        break;
                    }
                }
                Ok(())
            }
            Format::Tree => self.visit_tree(volume, sb, visit),
            Format::Inside | Format::Nothing => Ok(()),
        }
    }

    fn visit_tree(
        &self,
        volume: &dyn BlockDevice,
        sb: &Superblock,
        visit: &mut dyn FnMut(Piece) -> ControlFlow<()>,
    ) -> Result<(), MapError> {
        let root = Bytes::new(self.bytes, "XFS extent tree root");
        let (level, count) = (root.be16(0)?, usize::from(root.be16(2)?));
        let pointers = 4 + (self.bytes.len().saturating_sub(4)) / RECORD * 8;
        let mut waiting = Vec::new();
        for index in (0..count).rev() {
            waiting.push((level, root.be64(pointers + index * 8)?));
        }
        for _ in 0..MOST_BLOCKS {
            let Some((above, block)) = waiting.pop() else { return Ok(()) };
            if visit(Piece::Tree(block)).is_break() {
                return Ok(());
            }
            let level = above.checked_sub(1).ok_or_else(|| wrong("has a wrong level"))?;
            let content = read_tree_block(volume, sb, block, level)?;
            let flow = visit_block(&content, sb, level, &mut waiting, visit)?;
            if flow.is_break() {
                return Ok(());
            }
        }
        Err(wrong("is too large"))
    }
}

fn visit_block(
    content: &[u8],
    sb: &Superblock,
    level: u16,
    waiting: &mut Vec<(u16, u64)>,
    visit: &mut dyn FnMut(Piece) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, MapError> {
    let block = Bytes::new(content, "XFS extent tree block");
    let header = if sb.features.v5 { 72 } else { 24 };
    let most = (content.len() - header) / RECORD;
    let count = usize::from(block.be16(6)?);
    if count > most {
        return Err(wrong("has a wrong count"));
    }
    if level == 0 {
        for index in 0..count {
            let record = extent_record(block, header + index * RECORD)?;
            if visit(Piece::Content(record)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        return Ok(ControlFlow::Continue(()));
    }
    for index in (0..count).rev() {
        waiting.push((level, block.be64(header + most * 8 + index * 8)?));
    }
    Ok(ControlFlow::Continue(()))
}

fn read_tree_block(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    block: u64,
    level: u16,
) -> Result<Vec<u8>, MapError> {
    let extent = sb.extent_of(block, 1).ok_or_else(|| wrong("points outside"))?;
    let content = volume.read_vec(extent.start, sb.block_size as usize)?;
    let magic = if sb.features.v5 { b"BMA3" } else { b"BMAP" };
    if !content.starts_with(magic) || Bytes::new(&content, "XFS tree block").be16(4)? != level {
        return Err(wrong("has a wrong block"));
    }
    Ok(content)
}

fn wrong(what: &str) -> MapError {
    MapError::damaged(format!("XFS tree of a file's extents {what}"))
}
