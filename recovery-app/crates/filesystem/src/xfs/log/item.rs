//! Log items, as far as they concern free space: changes of buffers, and the blocks that other
//! items name. Items are in the byte order of the machine that wrote them (little-endian here).

use block::Extent;

use super::strange;
use crate::MapError;
use crate::bytes::Bytes;
use crate::xfs::btree::Order;
use crate::xfs::fork::extent_record;
use crate::xfs::group;
use crate::xfs::superblock::Superblock;

/// Unit of logged changes in bytes.
pub(super) const CHUNK: usize = 128;

/// What a committed item does.
#[derive(Debug)]
pub(super) enum Effect {
    /// Bytes of the buffer at `address` (in 512-byte units) are replaced, by chunk number.
    Write { address: u64, chunks: Vec<(u16, [u8; CHUNK])> },
    /// The buffer at `address` is known not to be free-space metadata.
    Foreign { address: u64 },
    /// The buffer at `address` was given up: what was logged of it before is void.
    Cancel { address: u64 },
    /// Bytes that the item names.
    Names(Extent),
}

impl Effect {
    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        let chunks = match self {
            Self::Write { chunks, .. } => chunks.len() * size_of::<(u16, [u8; CHUNK])>(),
            _ => 0,
        };
        chunks + size_of::<Self>()
    }
}

/// Appends what the item of these regions does.
pub(super) fn parse(
    sb: &Superblock,
    regions: &[Vec<u8>],
    effects: &mut Vec<Effect>,
) -> Result<(), MapError> {
    let format = regions.first().map_or(&[][..], Vec::as_slice);
    let item = Bytes::new(format, "XFS log item");
    match item.le16(0)? {
        0x123c => buffer(sb, item, &regions[1..], effects),
        0x123b => inode(sb, item, regions, effects),
        0x123f => inode_chunk(sb, item, effects),
        // Rmap, refcount and bmap updates that may still have to be done.
        0x1240 => extents(sb, item, (32, 8, 24), effects),
        0x1242 => extents(sb, item, (16, 0, 8), effects),
        0x1244 => extents(sb, item, (32, 8, 24), effects),
        // Extents to be freed are in no free-space tree yet, so they are used; and items that
        // mark something as done, and quotas, attributes and exchanges name no blocks.
        0x1236 | 0x1237 | 0x123d | 0x123e | 0x1241 | 0x1243 | 0x1245..=0x1249 => Ok(()),
        other => Err(strange(&format!("item type {other:#x} is unknown"))),
    }
}

fn names(extent: Option<Extent>) -> Result<Effect, MapError> {
    extent.map(Effect::Names).ok_or_else(|| strange("an item names blocks outside the volume"))
}

/// `xfs_buf_log_format`.
fn buffer(
    sb: &Superblock,
    item: Bytes<'_>,
    data: &[Vec<u8>],
    effects: &mut Vec<Effect>,
) -> Result<(), MapError> {
    const INODE_OR_QUOTA: u16 = 0x1d;
    const CANCEL: u16 = 0x2;
    let (flags, length, address) = (item.le16(4)?, item.le16(6)?, item.le64(8)?);
    if flags & CANCEL != 0 {
        effects.push(Effect::Cancel { address });
        return Ok(());
    }
    let extent = address.checked_mul(512).map(|start| Extent::new(start, u64::from(length) * 512));
    let extent = extent.filter(|extent| extent.end() <= sb.size());
    effects.push(names(extent)?);
    if flags & INODE_OR_QUOTA == 0 && may_be_free_space(sb, flags >> 11, address, length) {
        effects.push(changes(sb, item, address, data)?);
    }
    Ok(())
}

/// True when the buffer may be a superblock, an AGF or a block of a free-space tree. `kind` is
/// `enum xfs_blft`, 0 in old logs.
fn may_be_free_space(sb: &Superblock, kind: u16, address: u64, length: u16) -> bool {
    const UNKNOWN: u16 = 0;
    const TREE: u16 = 4;
    is_header(sb, address)
        || (matches!(kind, UNKNOWN | TREE) && u32::from(length) * 512 == sb.block_size)
}

/// True for the place of the first superblock or of an AGF.
fn is_header(sb: &Superblock, address: u64) -> bool {
    let group_bytes = u64::from(sb.group_blocks) * u64::from(sb.block_size);
    let byte = address.saturating_mul(512);
    byte == 0 || byte % group_bytes == group::header_at(sb, 0)
}

/// The logged chunks: runs of set bits in the bitmap, one region or more for each run.
fn changes(
    sb: &Superblock,
    item: Bytes<'_>,
    address: u64,
    data: &[Vec<u8>],
) -> Result<Effect, MapError> {
    let words = item.le32(16)?;
    let mut chunks = Vec::new();
    let mut pieces = data.iter().flat_map(|region| region.chunks(CHUNK));
    for bit in 0..words.min(64) * 32 {
        if item.le32(20 + (bit / 32) as usize * 4)? >> (bit % 32) & 1 == 0 {
            continue;
        }
        let piece = pieces.next().and_then(|piece| <[u8; CHUNK]>::try_from(piece).ok());
        let number = u16::try_from(bit).ok();
        let (Some(piece), Some(number)) = (piece, number) else {
            return Err(strange("a buffer item lacks data"));
        };
        chunks.push((number, piece));
    }
    if words > 64 || pieces.next().is_some() {
        return Err(strange("a buffer item has too much data"));
    }
    let foreign = chunks.first().is_some_and(|(number, piece)| {
        *number == 0 && !is_header(sb, address) && !Order::is_magic(&piece[..4])
    });
    Ok(if foreign { Effect::Foreign { address } } else { Effect::Write { address, chunks } })
}

/// `xfs_inode_log_format`: the buffer that holds the inode, and extents listed in its forks.
fn inode(
    sb: &Superblock,
    item: Bytes<'_>,
    regions: &[Vec<u8>],
    effects: &mut Vec<Effect>,
) -> Result<(), MapError> {
    const DATA_EXTENTS: u32 = 0x4;
    const ANY_DATA: u32 = 0x2 | 0x4 | 0x8;
    const ATTRIBUTE_EXTENTS: u32 = 0x80;
    if regions.first().map(Vec::len) != Some(56) {
        return Err(strange("an inode item comes from a 32-bit kernel"));
    }
    let fields = item.le32(4)?;
    let (address, length) = (item.le64(40)?, u64::from(item.le32(48)?));
    let extent = address
        .checked_mul(512)
        .zip(length.checked_mul(512))
        .map(|(start, length)| Extent::new(start, length))
        .filter(|extent| extent.end() <= sb.size());
    effects.push(names(extent)?);
    let attribute = if fields & ANY_DATA == 0 { 2 } else { 3 };
    for (flag, index) in [(DATA_EXTENTS, 2), (ATTRIBUTE_EXTENTS, attribute)] {
        if fields & flag == 0 {
            continue;
        }
        let region = regions.get(index).ok_or_else(|| strange("an inode item lacks extents"))?;
        for record in region.chunks_exact(16) {
            let record = extent_record(Bytes::new(record, "XFS extent"), 0)?;
            effects.push(names(sb.extent_of(record.start, record.count))?);
        }
    }
    Ok(())
}

/// `xfs_icreate_log`, big-endian: blocks that become inodes.
fn inode_chunk(
    sb: &Superblock,
    item: Bytes<'_>,
    effects: &mut Vec<Effect>,
) -> Result<(), MapError> {
    let (group, block, length) = (item.be32(4)?, item.be32(8)?, item.be32(20)?);
    let start = u64::from(group) << sb.group_bits | u64::from(block);
    effects.push(names(sb.extent_of(start, u64::from(length)))?);
    Ok(())
}

/// Intent items: a count at byte 4, from byte 16 entries of `size` bytes with a block number and
/// a length in blocks at fixed places.
fn extents(
    sb: &Superblock,
    item: Bytes<'_>,
    (size, start_at, length_at): (usize, usize, usize),
    effects: &mut Vec<Effect>,
) -> Result<(), MapError> {
    for index in 0..item.le32(4)? as usize {
        let entry = Bytes::new(item.slice(16 + index * size, size)?, "XFS log item");
        let (start, length) = (entry.le64(start_at)?, entry.le32(length_at)?);
        effects.push(names(sb.extent_of(start, u64::from(length)))?);
    }
    Ok(())
}
