//! Group descriptors (Linux `Documentation/filesystems/ext4/group_descr.rst`).

use crate::MapError;
use crate::bytes::Bytes;

use super::checksum::{crc16, crc32c};
use super::features::{incompat, ro_compat};
use super::layout::Run;
use super::superblock::Superblock;
use super::volume::{MOST_AT_ONCE, Volume};

/// `bg_flags` bits, valid only when descriptors carry checksums.
const INODE_UNINIT: u16 = 1;
const BLOCK_UNINIT: u16 = 2;
const CHECKSUM_AT: usize = 0x1e;

/// One block group. Locations are blocks and lie within the filesystem.
#[derive(Debug, Clone)]
pub(super) struct Descriptor {
    pub(super) group: u64,
    pub(super) block_bitmap: u64,
    pub(super) inode_bitmap: u64,
    pub(super) inode_table: u64,
    pub(super) free_clusters: u64,
    /// The block bitmap is not on the disk: only the group's own metadata is in use.
    pub(super) has_no_block_bitmap: bool,
    /// Inodes at the start of the table that may be in use.
    pub(super) used_inodes: u32,
    /// Checksum of the block bitmap, and the bits of it that are stored.
    bitmap_checksum: u32,
    bitmap_checksum_mask: u32,
}

impl Descriptor {
    /// The structures of the group, wherever they lie.
    pub(super) fn metadata(&self, superblock: &Superblock) -> [Run; 4] {
        [
            superblock.base_metadata(self.group),
            Run { first: self.block_bitmap, count: 1 },
            Run { first: self.inode_bitmap, count: 1 },
            Run { first: self.inode_table, count: superblock.inode_table_blocks() },
        ]
    }

    /// True when `bitmap` has the checksum of the descriptor, or when there are none.
    pub(super) fn accepts_bitmap(&self, superblock: &Superblock, bitmap: &[u8]) -> bool {
        if !superblock.features.has_ro_compat(ro_compat::METADATA_CSUM) {
            return true;
        }
        let bits = superblock.blocks_per_group / superblock.cluster_blocks;
        let summed = usize::try_from(bits / 8).ok().and_then(|length| bitmap.get(..length));
        summed.is_some_and(|summed| {
            let computed = crc32c(superblock.checksum_seed, summed);
            cfg!(fuzzing) || computed & self.bitmap_checksum_mask == self.bitmap_checksum
        })
    }

    fn parse(superblock: &Superblock, group: u64, bytes: &[u8]) -> Result<Self, MapError> {
        check_checksum(superblock, group, bytes)?;
        let field = Bytes::new(bytes, "ext4 group descriptor");
        let wide = superblock.features.has_incompat(incompat::BITS64);
        let place = |low: usize, high: usize| -> Result<u64, MapError> {
            let high = if wide { field.le32(high)? } else { 0 };
            Ok(u64::from(high) << 32 | u64::from(field.le32(low)?))
        };
        let half = |low: usize, high: usize| -> Result<u32, MapError> {
            let high = if wide { field.le16(high)? } else { 0 };
            Ok(u32::from(high) << 16 | u32::from(field.le16(low)?))
        };
        let flagged = superblock.features.has_group_checksums();
        let flags = if flagged { field.le16(0x12)? } else { 0 };
        let unused = if flagged { half(0x1c, 0x32)? } else { 0 };
        let per_group = superblock.inodes_per_group;
        let descriptor = Self {
            group,
            block_bitmap: place(0x0, 0x20)?,
            inode_bitmap: place(0x4, 0x24)?,
            inode_table: place(0x8, 0x28)?,
            free_clusters: half(0xc, 0x2c)?.into(),
            has_no_block_bitmap: flags & BLOCK_UNINIT != 0,
            used_inodes: match flags & INODE_UNINIT {
                0 => per_group.saturating_sub(unused),
                _ => 0,
            },
            bitmap_checksum: half(0x18, 0x38)?,
            bitmap_checksum_mask: if wide { u32::MAX } else { 0xffff },
        };
        descriptor.check_places(superblock)?;
        Ok(descriptor)
    }

    fn check_places(&self, superblock: &Superblock) -> Result<(), MapError> {
        let group = self.group;
        let anywhere = superblock.features.has_incompat(incompat::FLEX_BG);
        let (first, end) = match anywhere {
            true => (superblock.first_data_block, superblock.blocks),
            false => {
                let start = superblock.group_start(group);
                (start, start + superblock.group_blocks(group))
            }
        };
        for run in &self.metadata(superblock)[1..] {
            let run_end = run.first.checked_add(run.count);
            if run.first < first || run_end.is_none_or(|run_end| run_end > end) {
                return Err(MapError::damaged(format!(
                    "ext4 group {group}: its structures lie outside (block {})",
                    run.first
                )));
            }
        }
        if self.free_clusters > superblock.group_clusters(group) {
            return Err(MapError::damaged(format!("ext4 group {group}: impossible free count")));
        }
        Ok(())
    }
}

fn check_checksum(superblock: &Superblock, group: u64, bytes: &[u8]) -> Result<(), MapError> {
    let features = superblock.features;
    if !features.has_group_checksums() {
        return Ok(());
    }
    let number = u32::try_from(group).unwrap_or(u32::MAX).to_le_bytes();
    let (before, after) = (&bytes[..CHECKSUM_AT], &bytes[CHECKSUM_AT + 2..]);
    let computed = if features.has_ro_compat(ro_compat::METADATA_CSUM) {
        let pieces = [&number, before, &[0, 0], after];
        let sum = pieces.into_iter().fold(superblock.checksum_seed, crc32c);
        sum.to_le_bytes()[..2] == bytes[CHECKSUM_AT..CHECKSUM_AT + 2]
    } else {
        let sum = crc16(&[&superblock.uuid, &number, before, after]);
        sum.to_le_bytes() == bytes[CHECKSUM_AT..CHECKSUM_AT + 2]
    };
    if cfg!(fuzzing) || computed {
        return Ok(());
    }
    Err(MapError::damaged(format!("ext4 group {group}: wrong descriptor checksum")))
}

/// The descriptors of all groups in order, read in large pieces.
pub(super) struct Descriptors<'v, 'a> {
    volume: &'v Volume<'a>,
    group: u64,
    piece: Vec<u8>,
    piece_group: u64,
}

impl<'v, 'a> Descriptors<'v, 'a> {
    pub(super) fn new(volume: &'v Volume<'a>) -> Self {
        Self::from_group(volume, 0)
    }

    fn from_group(volume: &'v Volume<'a>, group: u64) -> Self {
        Self { volume, group, piece: Vec::new(), piece_group: 0 }
    }

    fn read_next(&mut self) -> Result<Descriptor, MapError> {
        let superblock = &self.volume.superblock;
        let size = superblock.descriptor_size;
        let held = (self.piece.len() / size) as u64;
        if self.group >= self.piece_group + held || held == 0 {
            let index = self.group / superblock.descriptors_per_block();
            let run = superblock.table_block(index);
            let most = (MOST_AT_ONCE / 4 / superblock.block_size).max(1);
            self.piece = self.volume.read_blocks(run.first, run.count.min(most))?;
            self.piece_group = index * superblock.descriptors_per_block();
        }
        let at = usize::try_from(self.group - self.piece_group).unwrap_or(0) * size;
        let bytes = Bytes::new(&self.piece, "ext4 descriptor table").slice(at, size)?;
        Descriptor::parse(superblock, self.group, bytes)
    }
}

impl Iterator for Descriptors<'_, '_> {
    type Item = Result<Descriptor, MapError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.group >= self.volume.superblock.groups() {
            return None;
        }
        let descriptor = self.read_next();
        self.group = if descriptor.is_ok() { self.group + 1 } else { u64::MAX };
        Some(descriptor)
    }
}

/// The descriptor of one group.
pub(super) fn descriptor(volume: &Volume<'_>, group: u64) -> Result<Descriptor, MapError> {
    let superblock = &volume.superblock;
    let run = superblock.table_block(group / superblock.descriptors_per_block());
    let block = volume.read_blocks(run.first, 1)?;
    let within = group % superblock.descriptors_per_block();
    let at = usize::try_from(within).unwrap_or(0) * superblock.descriptor_size;
    let bytes =
        Bytes::new(&block, "ext4 descriptor table").slice(at, superblock.descriptor_size)?;
    Descriptor::parse(superblock, group, bytes)
}
