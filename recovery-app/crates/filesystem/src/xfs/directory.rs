//! Entries of directories: in the inode, in one block, or in data blocks with an index behind
//! them, which is not needed here (`xfs_da_format.h`).

use std::ops::ControlFlow;

use block::BlockDevice;

use super::fork::{ExtentRecord, Piece};
use super::inode::Inode;
use super::superblock::Superblock;
use crate::MapError;
use crate::bytes::Bytes;

/// Bytes of a directory file that hold entries; indexes lie behind.
const DATA_SPACE: u64 = 32 << 30;
/// Tag of an unused entry.
const UNUSED: u16 = 0xffff;

/// One entry.
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) inode: u64,
    /// False only where the directory says that it is something else.
    pub(super) may_be_directory: bool,
}

pub(super) type Visit<'a> = dyn FnMut(Entry<'_>) -> ControlFlow<()> + 'a;

/// `XFS_DIR3_FT_DIR`; 0 is "not known".
const DIRECTORY_TYPE: u8 = 2;

fn may_be_directory(sb: &Superblock, file_type: u8) -> bool {
    !sb.features.file_type || matches!(file_type, 0 | DIRECTORY_TYPE)
}

/// Calls `visit` for each entry of `directory` but "." and "..", until it breaks.
pub(super) fn entries(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    directory: &Inode,
    visit: &mut Visit<'_>,
) -> Result<(), MapError> {
    if let Some(content) = directory.inside() {
        return short_entries(sb, content, visit);
    }
    // A directory block is one filesystem block or several, which may lie apart.
    let full = (sb.block_size as usize) << sb.directory_bits;
    let mut content = Vec::new();
    for record in data_extents(volume, sb, directory)? {
        for index in 0..record.count {
            content.extend(read_block(volume, sb, record.start.saturating_add(index))?);
            if content.len() < full {
                continue;
            }
            if block_entries(sb, &content, visit)?.is_break() {
                return Ok(());
            }
            content.clear();
        }
    }
    Ok(())
}

/// Entries in the inode (`xfs_dir2_sf_hdr`).
fn short_entries(sb: &Superblock, content: &[u8], visit: &mut Visit<'_>) -> Result<(), MapError> {
    let header = Bytes::new(content, "XFS directory");
    let wide = header.u8(1)? != 0;
    let number = if wide { 8 } else { 4 };
    let count = if wide { header.u8(1)? } else { header.u8(0)? };
    let mut at = 2 + number;
    for _ in 0..count {
        let length = usize::from(header.u8(at)?);
        let name = header.slice(at + 3, length)?;
        let may_be_directory = may_be_directory(sb, header.u8(at + 3 + length)?);
        at += 3 + length + usize::from(sb.features.file_type);
        let inode = if wide { header.be64(at)? } else { u64::from(header.be32(at)?) };
        at += number;
        if visit(Entry { name, inode, may_be_directory }).is_break() {
            break;
        }
    }
    Ok(())
}

/// The extents of the part of `directory` that holds entries.
fn data_extents(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    directory: &Inode,
) -> Result<Vec<ExtentRecord>, MapError> {
    let end = DATA_SPACE / u64::from(sb.block_size);
    let mut extents = Vec::new();
    directory.data().visit(volume, sb, &mut |piece| match piece {
        Piece::Content(record) if record.offset >= end => ControlFlow::Break(()),
        Piece::Content(record) => {
            extents.push(record);
            ControlFlow::Continue(())
        }
        Piece::Tree(_) => ControlFlow::Continue(()),
    })?;
    Ok(extents)
}

fn read_block(volume: &dyn BlockDevice, sb: &Superblock, block: u64) -> Result<Vec<u8>, MapError> {
    let extent = sb
        .extent_of(block, 1)
        .ok_or_else(|| MapError::damaged("XFS directory lies outside the volume"))?;
    Ok(volume.read_vec(extent.start, sb.block_size as usize)?)
}

/// Entries of one directory block (`xfs_dir2_data_entry`).
fn block_entries(
    sb: &Superblock,
    content: &[u8],
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, MapError> {
    let block = Bytes::new(content, "XFS directory block");
    let (mut at, alone) = match block.slice(0, 4)? {
        b"XD2B" => (16, true),
        b"XDB3" => (64, true),
        b"XD2D" => (16, false),
        b"XDD3" => (64, false),
        _ => return Err(MapError::damaged("XFS directory block has a wrong magic")),
    };
    let mut end = content.len();
    if alone && end >= 8 {
        let leaves = block.be32(end - 8)? as usize;
        end = leaves.checked_mul(8).and_then(|index| (end - 8).checked_sub(index)).unwrap_or(0);
    }
    while at + 12 <= end {
        if block.be16(at)? == UNUSED {
            at += usize::from(block.be16(at + 2)?).max(8);
            continue;
        }
        let (inode, length) = (block.be64(at)?, usize::from(block.u8(at + 8)?));
        let name = block.slice(at + 9, length)?;
        let may_be_directory = may_be_directory(sb, block.u8(at + 9 + length)?);
        let entry = Entry { name, inode, may_be_directory };
        if name != b"." && name != b".." && visit(entry).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        at += (9 + length + usize::from(sb.features.file_type) + 2).next_multiple_of(8);
    }
    Ok(ControlFlow::Continue(()))
}
