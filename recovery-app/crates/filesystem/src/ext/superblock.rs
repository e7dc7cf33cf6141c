//! The superblock: 1024 bytes at byte 1024 (Linux `Documentation/filesystems/ext4/super.rst`).

use crate::MapError;
use crate::bytes::Bytes;

use super::checksum::crc32c;
use super::features::{Features, compat, incompat, ro_compat};

/// Where the primary superblock lies, and how long it is, in bytes.
pub(super) const OFFSET: u64 = 1024;
pub(super) const LENGTH: usize = 1024;

const MAGIC: u16 = 0xef53;
const CHECKSUM_AT: usize = 0x3fc;
const CHECKSUM_CRC32C: u8 = 1;

/// `s_state` bits.
const STATE_VALID: u16 = 1;
const STATE_ERRORS: u16 = 2;

/// What the filesystem says of itself; only what the readers need. Counts are blocks unless
/// said otherwise, and were checked against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Superblock {
    pub(super) features: Features,
    pub(super) block_size: u64,
    pub(super) blocks: u64,
    pub(super) free_blocks: u64,
    pub(super) inodes: u32,
    pub(super) first_data_block: u64,
    pub(super) blocks_per_group: u64,
    pub(super) inodes_per_group: u32,
    /// Blocks per allocation unit: 1, or more with bigalloc.
    pub(super) cluster_blocks: u64,
    pub(super) inode_size: usize,
    pub(super) descriptor_size: usize,
    pub(super) reserved_table_blocks: u64,
    pub(super) first_meta_group: u64,
    pub(super) backup_groups: [u64; 2],
    pub(super) mmp_block: u64,
    pub(super) journal_inode: u32,
    pub(super) last_orphan: u32,
    pub(super) group_number: u16,
    pub(super) checksum_seed: u32,
    pub(super) uuid: [u8; 16],
    pub(super) label: [u8; 16],
    state: u16,
}

/// True when the bytes carry the magic number of an ext superblock.
pub(super) fn has_magic(bytes: &[u8]) -> bool {
    bytes.get(0x38..0x3a) == Some(&MAGIC.to_le_bytes()[..])
}

impl Superblock {
    /// Reads and checks the superblock in `bytes`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, MapError> {
        let field = Bytes::new(bytes, "ext4 superblock");
        if field.le16(0x38)? != MAGIC {
            return Err(MapError::damaged("ext4 superblock: wrong magic number"));
        }
        let features = read_features(field)?;
        if features.has_incompat(incompat::JOURNAL_DEV) {
            return Err(MapError::unsupported("the journal of another ext volume"));
        }
        check_checksum(field, features)?;
        let block_size = shifted(1024, field.le32(0x18)?, 6, "block size")?;
        let cluster_size = shifted(1024, field.le32(0x1c)?, 30, "cluster size")?;
        let bigalloc = features.has_ro_compat(ro_compat::BIGALLOC);
        let cluster_blocks = if bigalloc { cluster_size / block_size } else { 1 };
        let wide = features.has_incompat(incompat::BITS64);
        let high = |at| if wide { field.le32(at) } else { Ok(0) };
        let join = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let old_revision = field.le32(0x4c)? == 0;
        let mut uuid = [0; 16];
        uuid.copy_from_slice(field.slice(0x68, 16)?);
        let mut label = [0; 16];
        label.copy_from_slice(field.slice(0x78, 16)?);
        let superblock = Self {
            features,
            block_size,
            blocks: join(field.le32(0x4)?, high(0x150)?),
            free_blocks: join(field.le32(0xc)?, high(0x158)?),
            inodes: field.le32(0)?,
            first_data_block: field.le32(0x14)?.into(),
            blocks_per_group: field.le32(0x20)?.into(),
            inodes_per_group: field.le32(0x28)?,
            cluster_blocks,
            inode_size: if old_revision { 128 } else { field.le16(0x58)?.into() },
            descriptor_size: if wide { field.le16(0xfe)?.into() } else { 32 },
            reserved_table_blocks: field.le16(0xce)?.into(),
            first_meta_group: field.le32(0x104)?.into(),
            backup_groups: [field.le32(0x24c)?.into(), field.le32(0x250)?.into()],
            mmp_block: field.le64(0x168)?,
            journal_inode: field.le32(0xe0)?,
            last_orphan: field.le32(0xe8)?,
            group_number: field.le16(0x5a)?,
            checksum_seed: checksum_seed(field, features, &uuid)?,
            uuid,
            label,
            state: field.le16(0x3a)?,
        };
        superblock.check_geometry(field.le32(0x24)?.into())?;
        Ok(superblock)
    }

    fn check_geometry(&self, clusters_per_group: u64) -> Result<(), MapError> {
        let bits = self.block_size * 8;
        let in_group = self.blocks_per_group;
        let first_is_right = self.first_data_block == 0
            || self.first_data_block == 1 && self.block_size == 1024 && self.cluster_blocks == 1;
        let checks = [
            (self.cluster_blocks.is_power_of_two(), "cluster size"),
            (in_group >= 8 && in_group / self.cluster_blocks.max(1) <= bits, "blocks per group"),
            (in_group.is_multiple_of(self.cluster_blocks.max(1) * 8), "blocks per group"),
            (
                self.cluster_blocks == 1 || clusters_per_group * self.cluster_blocks == in_group,
                "clusters per group",
            ),
            (first_is_right, "first data block"),
            (self.blocks > self.first_data_block, "block count"),
            (self.blocks.checked_mul(self.block_size).is_some(), "block count"),
            (self.free_blocks <= self.blocks, "free block count"),
            (self.inode_size.is_power_of_two() && self.inode_size >= 128, "inode size"),
            (self.inode_size as u64 <= self.block_size, "inode size"),
            (
                self.inodes_per_group > 0 && u64::from(self.inodes_per_group) <= bits,
                "inodes per group",
            ),
            (
                self.descriptor_size.is_power_of_two()
                    && (32..=1024).contains(&self.descriptor_size),
                "descriptor size",
            ),
            (
                self.descriptor_size >= 64 || !self.features.has_incompat(incompat::BITS64),
                "descriptor size",
            ),
        ];
        for (holds, name) in checks {
            if !holds {
                return Err(MapError::damaged(format!("ext4 superblock: impossible {name}")));
            }
        }
        if self.groups().checked_mul(self.inodes_per_group.into()) != Some(self.inodes.into()) {
            return Err(MapError::damaged(
                "ext4 superblock: inode count disagrees with the number of groups",
            ));
        }
        Ok(())
    }

    /// Number of block groups.
    pub(super) fn groups(&self) -> u64 {
        (self.blocks - self.first_data_block).div_ceil(self.blocks_per_group)
    }

    /// Bytes from the start of the volume that the filesystem covers.
    pub(super) fn covered(&self) -> u64 {
        self.blocks * self.block_size
    }

    /// True when the kernel has found errors in it.
    pub(super) fn has_errors(&self) -> bool {
        self.state & STATE_ERRORS != 0
    }

    /// True when it is marked as unmounted in order (always so with a journal).
    pub(super) fn is_marked_valid(&self) -> bool {
        self.state & STATE_VALID != 0
    }

    /// True when the journal must be replayed first.
    pub(super) fn needs_recovery(&self) -> bool {
        self.features.has_incompat(incompat::RECOVER)
    }

    pub(super) fn has_journal(&self) -> bool {
        self.features.has_compat(compat::HAS_JOURNAL)
    }

    /// True when deleted files wait for their blocks to be freed.
    pub(super) fn has_orphans(&self) -> bool {
        self.last_orphan != 0 || self.features.has_ro_compat(ro_compat::ORPHAN_PRESENT)
    }

    /// True when `other` (from the journal, say) describes the same layout, perhaps grown.
    pub(super) fn has_layout_of(&self, other: &Self) -> bool {
        self.block_size == other.block_size
            && self.cluster_blocks == other.cluster_blocks
            && self.blocks_per_group == other.blocks_per_group
            && self.inodes_per_group == other.inodes_per_group
            && self.inode_size == other.inode_size
            && self.descriptor_size == other.descriptor_size
            && self.first_data_block == other.first_data_block
            && self.uuid == other.uuid
    }
}

fn read_features(field: Bytes<'_>) -> Result<Features, MapError> {
    Ok(Features {
        compat: field.le32(0x5c)?,
        incompat: field.le32(0x60)?,
        ro_compat: field.le32(0x64)?,
    })
}

fn shifted(unit: u64, shift: u32, most: u32, name: &str) -> Result<u64, MapError> {
    if shift > most {
        return Err(MapError::damaged(format!("ext4 superblock: impossible {name}")));
    }
    Ok(unit << shift)
}

fn check_checksum(field: Bytes<'_>, features: Features) -> Result<(), MapError> {
    if !features.has_ro_compat(ro_compat::METADATA_CSUM) {
        return Ok(());
    }
    let kind = field.u8(0x175)?;
    if kind != CHECKSUM_CRC32C {
        return Err(MapError::unsupported(format!("ext4 checksum type {kind} is unknown")));
    }
    if !cfg!(fuzzing) && crc32c(!0, field.slice(0, CHECKSUM_AT)?) != field.le32(CHECKSUM_AT)? {
        return Err(MapError::damaged("ext4 superblock: wrong checksum"));
    }
    Ok(())
}

fn checksum_seed(field: Bytes<'_>, features: Features, uuid: &[u8; 16]) -> Result<u32, MapError> {
    if features.has_incompat(incompat::CSUM_SEED) {
        return field.le32(0x270);
    }
    Ok(crc32c(!0, uuid))
}
