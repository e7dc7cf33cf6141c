//! Walking a tree from its root, in the order of its keys.

use std::ops::ControlFlow;

use super::node::{Key, Node, Pointer};
use super::superblock::{MOST_LEVELS, TreeRoot};
use super::volume::Btrfs;
use crate::MapError;

/// Most leaves held in memory at once: 4 MiB of the largest nodes.
const BATCH: usize = 64;

/// What is done with the nodes and items of a tree.
pub(super) trait Visitor {
    /// Whether to read a child whose keys start at `first` and lie before `next`.
    fn wants(&self, first: Key, next: Option<Key>) -> bool {
        let _ = (first, next);
        true
    }

    /// Sees each node before its items or children.
    fn node(&mut self, node: &Node) -> Result<(), MapError> {
        let _ = node;
        Ok(())
    }

    /// Sees each item; `Break` ends the walk.
    fn item(&mut self, key: Key, data: &[u8]) -> Result<ControlFlow<()>, MapError>;
}

/// Shows the nodes and items of a tree to `visitor`.
///
/// The walk ends whatever the bytes say. Levels fall by one from parent to child; each node's first
/// key is the one its parent gives; and the keys of all leaves ascend: so no node is seen twice,
/// and there are at most as many as fit on the device.
pub(super) fn walk(
    btrfs: &Btrfs<'_>,
    root: TreeRoot,
    visitor: &mut dyn Visitor,
) -> Result<(), MapError> {
    if root.level >= MOST_LEVELS {
        return Err(MapError::damaged(format!("btrfs tree of {} levels", root.level)));
    }
    let node = btrfs.read_node(&Pointer::from(root))?;
    let mut walk = Walk { btrfs, visitor, last: None };
    walk.descend(&node, None).map(drop)
}

struct Walk<'w> {
    btrfs: &'w Btrfs<'w>,
    visitor: &'w mut dyn Visitor,
    /// The key of the last item seen.
    last: Option<Key>,
}

impl Walk<'_> {
    /// `next` is the first key behind the node, where there is one.
    fn descend(&mut self, node: &Node, next: Option<Key>) -> Result<ControlFlow<()>, MapError> {
        self.visitor.node(node)?;
        if node.level() == 0 {
            return self.leaf(node, next);
        }
        let keys = node.keys();
        let wanted: Vec<usize> = (0..keys.len())
            .filter(|index| self.visitor.wants(keys[*index], keys.get(index + 1).copied().or(next)))
            .collect();
        // Inner nodes are read one by one, so that a walk holds one batch at a time.
        let batch = if node.level() == 1 { BATCH } else { 1 };
        for indexes in wanted.chunks(batch) {
            let pointers: Vec<Pointer> =
                indexes.iter().map(|index| node.child(*index)).collect::<Result<_, _>>()?;
            let children = self.btrfs.read_nodes(&pointers)?;
            for (index, child) in indexes.iter().zip(&children) {
                let next = keys.get(index + 1).copied().or(next);
                if self.descend(child, next)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn leaf(&mut self, node: &Node, next: Option<Key>) -> Result<ControlFlow<()>, MapError> {
        for (index, key) in node.keys().iter().enumerate() {
            let ordered = self.last.is_none_or(|last| last < *key);
            if !ordered || next.is_some_and(|next| *key >= next) {
                return Err(MapError::damaged(format!(
                    "btrfs leaf at {}: its keys belong elsewhere in the tree",
                    node.logical()
                )));
            }
            self.last = Some(*key);
            if self.visitor.item(*key, node.item(index)?)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// What is done with an item; `Break` ends the walk.
pub(super) type Act<'a> = dyn FnMut(Key, &[u8]) -> Result<ControlFlow<()>, MapError> + 'a;

/// Calls `act` with the items whose keys lie from `from` up to and including `to`.
pub(super) fn items_between(
    btrfs: &Btrfs<'_>,
    root: TreeRoot,
    (from, to): (Key, Key),
    act: &mut Act<'_>,
) -> Result<(), MapError> {
    walk(btrfs, root, &mut Between { from, to, act })
}

/// The data of the item with exactly this key.
pub(super) fn item(
    btrfs: &Btrfs<'_>,
    root: TreeRoot,
    key: Key,
) -> Result<Option<Vec<u8>>, MapError> {
    let mut found = None;
    items_between(btrfs, root, (key, key), &mut |_, data| {
        found = Some(data.to_vec());
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

struct Between<'f, 'a> {
    from: Key,
    to: Key,
    act: &'f mut Act<'a>,
}

impl Visitor for Between<'_, '_> {
    fn wants(&self, first: Key, next: Option<Key>) -> bool {
        first <= self.to && next.is_none_or(|next| next > self.from)
    }

    fn item(&mut self, key: Key, data: &[u8]) -> Result<ControlFlow<()>, MapError> {
        if key < self.from {
            return Ok(ControlFlow::Continue(()));
        }
        if key > self.to {
            return Ok(ControlFlow::Break(()));
        }
        (self.act)(key, data)
    }
}
