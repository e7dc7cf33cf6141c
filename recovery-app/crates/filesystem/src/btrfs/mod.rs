//! Btrfs on one device, with single and DUP profiles, mixed block groups or not.
//!
//! The map is made of every extent in the extent tree, counted against the block groups and the
//! superblock, and of everything that log trees reach: what was fsynced since the last commit is
//! in no other tree. Both copies of DUP chunks count, as do the superblock's mirrors and the first
//! MiB, where boot loaders live.
//!
//! Hand-written: the crate `btrfs-disk` 0.13 asserts and slices on what the bytes say, checks
//! neither headers nor order of keys, and needs libclang to build. The format is taken from the
//! kernel's `include/uapi/linux/btrfs_tree.h` and the rules of its `fs/btrfs/tree-checker.c`.

mod accounting;
mod checksum;
mod chunk;
mod content;
mod features;
mod file_extent;
mod log;
mod map;
mod node;
mod owners;
mod path;
mod probe;
mod roots;
mod superblock;
mod tree;
mod volume;

use block::{BlockDevice, BlockError, ExtentSet};

use crate::{AllocationMap, MapError, VolumeInfo};
use volume::Btrfs;

/// What the superblock says; `None` when there is no btrfs.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    probe::probe(volume)
}

/// The used bytes of the volume.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    map::allocation(&Btrfs::open(volume)?)
}

/// Paths, from the top of all subvolumes, of at most `most` files whose content lies in `extents`;
/// for metadata, the tree ("btrfs metadata (tree 5)").
pub fn files_on(
    volume: &dyn BlockDevice,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    owners::files_on(&Btrfs::open(volume)?, extents, most)
}

/// The first `most` bytes of the file at `path`, if it exists and can be unpacked (LZO cannot). The
/// path is tried from the default subvolume, from the top of all subvolumes, and from the
/// subvolumes in which installers put the root of a system.
pub fn read_file(
    volume: &dyn BlockDevice,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    content::read_file(&Btrfs::open(volume)?, path, most)
}
