//! Which filesystems the map understands: flags and feature bits of the superblock
//! (kernel: `include/uapi/linux/btrfs.h`; btrfs-progs: `kernel-shared/uapi/btrfs_tree.h`).

use super::superblock::Superblock;
use crate::MapError;

pub(super) const METADATA_UUID: u64 = 1 << 10;

const MIXED_BACKREF: u64 = 1;
const SKINNY_METADATA: u64 = 1 << 8;
const BLOCK_GROUP_TREE: u64 = 1 << 3;

/// Incompatible features that do not change where data lies, or that the map reads: mixed back
/// references, default subvolume, mixed groups, LZO, zstd, big metadata, extended references,
/// RAID5/6 (chunks are checked one by one), skinny metadata, no holes, metadata UUID, RAID1C3/4
/// (likewise), simple quotas.
const KNOWN_INCOMPAT: u64 = 0xfff | (1 << 16);

/// Incompatible features that the map does not read.
const REFUSED_INCOMPAT: [(u64, &str); 4] = [
    (1 << 12, "zoned mode"),
    (1 << 13, "extent tree v2"),
    (1 << 14, "the RAID stripe tree"),
    (1 << 17, "the remap tree"),
];

/// Free space tree, its validity bit, verity, block group tree.
const KNOWN_COMPAT_RO: u64 = 0xf;

const FLAG_WRITTEN: u64 = 1;
const FLAG_ERROR: u64 = 1 << 2;
const FLAG_SEEDING: u64 = 1 << 32;

/// Refuses every filesystem that is more than one plain device with known features.
pub(super) fn check(superblock: &Superblock) -> Result<(), MapError> {
    for (bit, name) in REFUSED_INCOMPAT {
        if superblock.incompat & bit != 0 {
            return Err(MapError::unsupported(format!("btrfs with {name} is not read")));
        }
    }
    refuse_unknown("incompatible feature", superblock.incompat & !KNOWN_INCOMPAT)?;
    refuse_unknown("read-only compatible feature", superblock.compat_ro & !KNOWN_COMPAT_RO)?;
    refuse_unknown("compatible feature", superblock.compat)?;
    if superblock.incompat & MIXED_BACKREF == 0 {
        return Err(MapError::unsupported("btrfs with back references of 2008 is not read"));
    }
    if superblock.flags & FLAG_SEEDING != 0 {
        return Err(MapError::unsupported("btrfs seed device"));
    }
    if superblock.flags & FLAG_ERROR != 0 {
        return Err(MapError::damaged("btrfs has recorded an error in its superblock"));
    }
    refuse_unknown("superblock flag", superblock.flags & !FLAG_WRITTEN)?;
    if superblock.devices != 1 {
        let reason = format!("btrfs on {} devices", superblock.devices);
        return Err(MapError::unsupported(reason));
    }
    if superblock.device_id == 0 {
        return Err(MapError::unsupported("btrfs device that is being replaced"));
    }
    Ok(())
}

fn refuse_unknown(kind: &str, bits: u64) -> Result<(), MapError> {
    if bits == 0 {
        return Ok(());
    }
    Err(MapError::unsupported(format!("btrfs {kind} {bits:#x} is unknown")))
}

impl Superblock {
    /// Block group items lie in a tree of their own instead of the extent tree.
    pub(super) fn has_block_group_tree(&self) -> bool {
        self.compat_ro & BLOCK_GROUP_TREE != 0
    }

    /// Extent items of tree nodes may carry a level instead of a length.
    pub(super) fn has_skinny_metadata(&self) -> bool {
        self.incompat & SKINNY_METADATA != 0
    }
}
