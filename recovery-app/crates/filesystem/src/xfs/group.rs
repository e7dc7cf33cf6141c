//! The free-space header of an allocation group (AGF, second sector of the group).

use super::btree::Blocks;
use super::superblock::Superblock;
use crate::MapError;
use crate::bytes::Bytes;

pub(super) const CRC_AT: usize = 216;
pub(super) const LSN_AT: usize = 208;
pub(super) const UUID_AT: usize = 64;
/// Bytes of the structure, for the coverage of logged pieces.
pub(super) const LENGTH: usize = 224;
/// Deepest B+tree that XFS makes.
const MOST_LEVELS: u32 = 9;

/// The fields of an AGF that the map needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) number: u32,
    /// Blocks in the group.
    pub(super) length: u32,
    pub(super) by_block: Root,
    pub(super) by_size: Root,
    /// Blocks that its trees hold in advance (AGFL).
    pub(super) spare_blocks: u32,
    /// Blocks in free extents.
    pub(super) free_blocks: u32,
    /// Length of the longest free extent in blocks.
    pub(super) longest: u32,
    /// Blocks of the free-space and reverse-mapping trees without their roots.
    pub(super) tree_blocks: u32,
    pub(super) rmap_blocks: u32,
}

/// Where a B+tree starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    pub(super) block: u32,
    pub(super) levels: u32,
}

/// Byte of the AGF of `group`.
pub(super) fn header_at(sb: &Superblock, group: u32) -> u64 {
    sb.byte_of(group, 0) + u64::from(sb.sector_size)
}

impl Group {
    pub(super) fn read(blocks: &Blocks<'_>, number: u32) -> Result<Self, MapError> {
        let bytes = blocks.header(number)?;
        let sb = blocks.sb;
        let agf = Bytes::new(&bytes, "XFS AGF");
        let group = Self {
            number,
            length: agf.be32(12)?,
            by_block: Root { block: agf.be32(16)?, levels: agf.be32(28)? },
            by_size: Root { block: agf.be32(20)?, levels: agf.be32(32)? },
            spare_blocks: agf.be32(48)?,
            free_blocks: agf.be32(52)?,
            longest: agf.be32(56)?,
            tree_blocks: agf.be32(60)?,
            rmap_blocks: if sb.features.rmap { agf.be32(80)? } else { 0 },
        };
        let sane = [
            agf.slice(0, 4)? == b"XAGF" && agf.be32(4)? == 1,
            agf.be32(8)? == number,
            group.length == sb.length_of(number),
            !sb.features.v5 || agf.slice(UUID_AT, 16)? == sb.meta_uuid,
            group.free_blocks <= group.length,
            group.longest <= group.free_blocks,
            group.spare_blocks <= sb.sector_size / 4,
            (1..=MOST_LEVELS).contains(&group.by_block.levels),
            (1..=MOST_LEVELS).contains(&group.by_size.levels),
        ];
        if sane.contains(&false) {
            return Err(MapError::damaged(format!("XFS group {number}: AGF contradicts itself")));
        }
        Ok(group)
    }
}
