//! The tree of roots: where the other trees start (kernel: `struct btrfs_root_item`).

use std::ops::ControlFlow;

use super::node::Key;
use super::superblock::{MOST_LEVELS, TreeRoot};
use super::tree;
use super::volume::Btrfs;
use crate::MapError;
use crate::bytes::Bytes;

pub(super) const ROOT_ITEM: u8 = 132;
pub(super) const EXTENT_TREE: u64 = 2;
pub(super) const BLOCK_GROUP_TREE: u64 = 11;
/// The subvolume that all others lie in.
pub(super) const TOP_SUBVOLUME: u64 = 5;

/// Subvolumes have this number, or the top one's, and numbers between these two.
const SUBVOLUMES: std::ops::RangeInclusive<u64> = 256..=u64::MAX - 256;

/// True for the numbers of trees that hold files.
pub(super) fn is_subvolume(number: u64) -> bool {
    number == TOP_SUBVOLUME || SUBVOLUMES.contains(&number)
}

/// The tree root that a root item gives, and the number of references to the tree.
pub(super) fn parse(key: Key, raw: &[u8]) -> Result<(TreeRoot, u32), MapError> {
    let bytes = Bytes::new(raw, "btrfs root item");
    let level = bytes.u8(238)?;
    if level >= MOST_LEVELS {
        return Err(MapError::damaged(format!("btrfs tree {} of {level} levels", key.object)));
    }
    let owner = (!is_subvolume(key.object)).then_some(key.object);
    let root = TreeRoot { logical: bytes.le64(176)?, generation: bytes.le64(160)?, level, owner };
    Ok((root, bytes.le32(216)?))
}

/// The root of tree `number`.
pub(super) fn find(btrfs: &Btrfs<'_>, number: u64) -> Result<Option<TreeRoot>, MapError> {
    let range = (Key::new(number, ROOT_ITEM, 0), Key::new(number, ROOT_ITEM, u64::MAX));
    let mut found = None;
    tree::items_between(btrfs, btrfs.superblock.root, range, &mut |key, data| {
        found = Some(parse(key, data)?.0);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// Calls `act` with the root of each tree that is in use.
pub(super) fn each(
    btrfs: &Btrfs<'_>,
    act: &mut dyn FnMut(u64, TreeRoot) -> Result<(), MapError>,
) -> Result<(), MapError> {
    let range = (Key::FIRST, Key::new(u64::MAX, u8::MAX, u64::MAX));
    tree::items_between(btrfs, btrfs.superblock.root, range, &mut |key, data| {
        if key.kind == ROOT_ITEM {
            let (root, references) = parse(key, data)?;
            // A tree without references is being deleted, and may be gone in part.
            if references > 0 {
                act(key.object, root)?;
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}
