//! The allocation map.

use block::{Extent, ExtentSet, ExtentSetBuilder};

use super::node::Pointer;
use super::superblock::{self, MIRRORS};
use super::volume::Btrfs;
use super::{accounting, log, roots};
use crate::{AllocationMap, MapError};

/// Bytes at the start of the device in which btrfs allocates nothing and boot loaders may live
/// (kernel: `BTRFS_DEVICE_RANGE_RESERVED`).
const RESERVED: u64 = 1 << 20;

/// Computes the map of an open filesystem.
pub(super) fn allocation(btrfs: &Btrfs<'_>) -> Result<AllocationMap, MapError> {
    let mut used = ExtentSetBuilder::new();
    let device = Extent::new(0, btrfs.device.size());
    let mirrors = MIRRORS.map(|place| Extent::new(place, superblock::SIZE as u64));
    let fixed = [Extent::new(0, RESERVED)].into_iter().chain(mirrors);
    used.extend(fixed.filter_map(|extent| extent.intersection(&device)));
    accounting::collect(btrfs, &mut used)?;
    let mut source = "btrfs extent tree".to_owned();
    if let Some(log_root) = btrfs.superblock.log_root {
        log::collect(btrfs, log_root, &mut used)?;
        source.push_str(" and log trees");
    }
    let used = used.build();
    check_roots(btrfs, &used)?;
    Ok(AllocationMap { used, covered: btrfs.superblock.device_size, source })
}

/// Sees to it that the root of every tree is among the used bytes: trees that the extent tree
/// does not know are the plainest sign that it is not to be trusted.
fn check_roots(btrfs: &Btrfs<'_>, used: &ExtentSet) -> Result<(), MapError> {
    let superblock = &btrfs.superblock;
    let check = |tree: u64, root| {
        let logical = btrfs.node_extent(&Pointer::from(root));
        let (_, chunk) = btrfs.chunks.holding(logical)?;
        if chunk.physical(logical).all(|place| used.contains(place)) {
            return Ok(());
        }
        Err(MapError::damaged(format!("btrfs extent tree lacks the root of tree {tree}")))
    };
    check(super::volume::ROOT_TREE, superblock.root)?;
    check(super::volume::CHUNK_TREE, superblock.chunk_root)?;
    roots::each(btrfs, &mut |tree, root| check(tree, root))
}
