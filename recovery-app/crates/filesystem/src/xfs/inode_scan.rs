//! All inodes in use, by the inode B+trees (`xfs_inobt_rec`).

use block::{BlockDevice, Extent};

use super::inode::Inode;
use super::superblock::Superblock;
use crate::MapError;
use crate::bytes::Bytes;

/// Inodes of one chunk.
const CHUNK: u32 = 64;
/// Tree blocks read in one group.
const MOST_BLOCKS: usize = 1 << 18;
const MOST_LEVELS: u32 = 9;

/// Calls `visit` with each inode in use and where it lies, until it returns false. What cannot be
/// read or makes no sense is left out: this serves to name files on a disk that fails.
pub(super) fn inodes(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    visit: &mut dyn FnMut(&Inode, Extent) -> bool,
) {
    for group in 0..sb.groups {
        if sb.byte_of(group, 0) >= volume.size() {
            return;
        }
        if let Ok(false) = scan_group(volume, sb, group, visit) {
            return;
        }
    }
}

fn scan_group(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    group: u32,
    visit: &mut dyn FnMut(&Inode, Extent) -> bool,
) -> Result<bool, MapError> {
    let header = volume
        .read_vec(sb.byte_of(group, 0) + 2 * u64::from(sb.sector_size), sb.sector_size as usize)?;
    let header = Bytes::new(&header, "XFS AGI");
    if header.slice(0, 4)? != b"XAGI" {
        return Ok(true);
    }
    let mut waiting = vec![(header.be32(20)?, header.be32(24)?.min(MOST_LEVELS))];
    for _ in 0..MOST_BLOCKS {
        let Some((block, levels)) = waiting.pop() else { break };
        let Some(level) = levels.checked_sub(1) else { continue };
        let Ok(content) = read_block(volume, sb, group, block, level) else { continue };
        let start = if sb.features.v5 { 56 } else { 16 };
        let block = Bytes::new(&content, "XFS inode tree");
        let count = usize::from(block.be16(6)?);
        if level > 0 {
            let pointers = start + (content.len() - start) / 8 * 4;
            for index in (0..count).rev() {
                let Ok(child) = block.be32(pointers + index * 4) else { continue };
                waiting.push((child, level));
            }
            continue;
        }
        for index in 0..count {
            let Ok(record) = block.slice(start + index * 16, 16) else { break };
            if !scan_chunk(volume, sb, group, Bytes::new(record, "XFS inode chunk"), visit)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn read_block(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    group: u32,
    block: u32,
    level: u32,
) -> Result<Vec<u8>, MapError> {
    let wrong = || MapError::damaged("XFS inode tree has a wrong block");
    if block >= sb.length_of(group) {
        return Err(wrong());
    }
    let content = volume.read_vec(sb.byte_of(group, block), sb.block_size as usize)?;
    let magic = if sb.features.v5 { b"IAB3" } else { b"IABT" };
    let found = u32::from(Bytes::new(&content, "XFS inode tree").be16(4)?);
    if content.starts_with(magic) && found == level { Ok(content) } else { Err(wrong()) }
}

fn scan_chunk(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    group: u32,
    record: Bytes<'_>,
    visit: &mut dyn FnMut(&Inode, Extent) -> bool,
) -> Result<bool, MapError> {
    let (first, free) = (record.be32(0)?, record.be64(8)?);
    let holes = if sb.features.sparse_inodes { record.be16(4)? } else { 0 };
    let bits = u32::from(sb.group_bits) + u32::from(sb.inode_block_bits);
    let number = u64::from(group) << bits | u64::from(first);
    let size = u64::from(sb.inode_size);
    let Some(block) = sb.extent_of(number >> sb.inode_block_bits, 1) else { return Ok(true) };
    let within = number & ((1 << sb.inode_block_bits) - 1);
    let start = block.start + within * size;
    for (index, content) in (0..CHUNK).zip(read_chunk(volume, sb, start)) {
        if free >> index & 1 != 0 || holes >> (index / 4) & 1 != 0 {
            continue;
        }
        let number = number + u64::from(index);
        let place = Extent::new(start + u64::from(index) * size, size);
        let Some(Ok(inode)) = content.map(|content| Inode::parse(sb, number, content)) else {
            continue;
        };
        if !visit(&inode, place) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The inodes of the chunk at byte `start`, at once, or one by one where that fails.
fn read_chunk(volume: &dyn BlockDevice, sb: &Superblock, start: u64) -> Vec<Option<Vec<u8>>> {
    let size = sb.inode_size as usize;
    if let Ok(all) = volume.read_vec(start, size * CHUNK as usize) {
        return all.chunks_exact(size).map(|content| Some(content.to_vec())).collect();
    }
    let one = |index| volume.read_vec(start + u64::from(index) * u64::from(sb.inode_size), size);
    (0..CHUNK).map(|index| one(index).ok()).collect()
}
