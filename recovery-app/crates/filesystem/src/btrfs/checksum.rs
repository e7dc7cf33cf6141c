//! Checksums of superblocks and tree nodes (kernel: `fs/btrfs/fs.c`, `btrfs_csum_type`).

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use sha2::Sha256;

/// Bytes at the start of a superblock or node that hold its checksum; the rest is covered by it.
pub(super) const FIELD: usize = 32;

/// How a filesystem's blocks are protected: `csum_type` in the superblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    Crc32c,
    Xxhash64,
    Sha256,
    Blake2b,
}

impl Checksum {
    pub(super) fn from_type(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Crc32c),
            1 => Some(Self::Xxhash64),
            2 => Some(Self::Sha256),
            3 => Some(Self::Blake2b),
            _ => None,
        }
    }

    /// True when the checksum at the start of `block` fits the rest of it.
    pub(super) fn accepts(self, block: &[u8]) -> bool {
        let Some((stored, covered)) = block.split_at_checked(FIELD) else {
            return false;
        };
        match self {
            Self::Crc32c => stored.starts_with(&crc32c::crc32c(covered).to_le_bytes()),
            Self::Xxhash64 => {
                stored.starts_with(&xxhash_rust::xxh64::xxh64(covered, 0).to_le_bytes())
            }
            Self::Sha256 => stored == Sha256::digest(covered).as_slice(),
            Self::Blake2b => stored == Blake2b::<U32>::digest(covered).as_slice(),
        }
    }
}

/// The hash of a name in a directory: CRC-32C that starts at `!1` and is not inverted at the end.
pub(super) fn name_hash(name: &[u8]) -> u64 {
    u64::from(!crc32c::crc32c_append(1, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_hash_of_the_default_subvolume_entry() {
        // The key of the `default` entry in every root tree, as btrfs-progs prints it.
        assert_eq!(name_hash(b"default"), 2_378_154_706);
    }

    #[test]
    fn short_blocks_are_refused() {
        assert!(!Checksum::Crc32c.accepts(&[0; 8]));
    }
}
