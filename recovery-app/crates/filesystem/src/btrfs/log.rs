//! Log trees: what was fsynced after the last commit (kernel: `fs/btrfs/tree-log.c`).
//!
//! Neither the nodes of log trees nor the new data extents that they name are in the extent tree;
//! only replaying the log at the next mount puts them there. Until then they must count as used.

use std::collections::HashSet;
use std::ops::ControlFlow;

use block::{Extent, ExtentSetBuilder};

use super::file_extent::{self, FileExtent};
use super::node::{Key, Node};
use super::roots::{self, ROOT_ITEM};
use super::superblock::TreeRoot;
use super::tree::{self, Visitor};
use super::volume::Btrfs;
use crate::MapError;

/// Owner of all log trees, and the object of their root items.
pub(super) const OWNER: u64 = 6_u64.wrapping_neg();

/// Most nodes of all log trees together. The kernel commits, and so empties the log, long before.
const MOST_NODES: usize = 1 << 20;

/// Adds the nodes of all log trees and the extents that they name, all copies, to `used`.
pub(super) fn collect(
    btrfs: &Btrfs<'_>,
    log_root: TreeRoot,
    used: &mut ExtentSetBuilder,
) -> Result<(), MapError> {
    let mut reader = LogTree { btrfs, used, seen: HashSet::new(), logs: Some(Vec::new()) };
    tree::walk(btrfs, log_root, &mut reader)?;
    for log in reader.logs.take().unwrap_or_default() {
        tree::walk(btrfs, log, &mut reader)?;
    }
    Ok(())
}

/// The visitor of the tree of log trees, then of each log tree.
struct LogTree<'a> {
    btrfs: &'a Btrfs<'a>,
    used: &'a mut ExtentSetBuilder,
    /// Addresses of the nodes seen: log trees never share any.
    seen: HashSet<u64>,
    /// The roots of log trees, while their tree is being read.
    logs: Option<Vec<TreeRoot>>,
}

impl LogTree<'_> {
    fn add(&mut self, logical: Extent) -> Result<(), MapError> {
        let (_, chunk) = self.btrfs.chunks.holding(logical)?;
        self.used.extend(chunk.physical(logical));
        Ok(())
    }

    fn file_extent(&mut self, data: &[u8]) -> Result<(), MapError> {
        match file_extent::parse(data)? {
            FileExtent::OnDisk(on_disk) => self.add(on_disk.disk),
            FileExtent::Inline { .. } | FileExtent::Hole { .. } => Ok(()),
        }
    }
}

impl Visitor for LogTree<'_> {
    fn node(&mut self, node: &Node) -> Result<(), MapError> {
        let logical = node.logical();
        if !self.seen.insert(logical) {
            let reason = format!("btrfs log tree node at {logical} is in the log twice");
            return Err(MapError::damaged(reason));
        }
        if self.seen.len() > MOST_NODES {
            return Err(MapError::unsupported("btrfs log is too large to be read"));
        }
        self.add(Extent::new(node.logical(), u64::from(self.btrfs.superblock.node)))
    }

    fn item(&mut self, key: Key, data: &[u8]) -> Result<ControlFlow<()>, MapError> {
        match &mut self.logs {
            Some(logs) if (key.object, key.kind) == (OWNER, ROOT_ITEM) => {
                logs.push(roots::parse(key, data)?.0);
            }
            Some(_) => {
                let reason = format!("btrfs log has an item of unknown type {}", key.kind);
                return Err(MapError::unsupported(reason));
            }
            None if key.kind == file_extent::ITEM => self.file_extent(data)?,
            None => {}
        }
        Ok(ControlFlow::Continue(()))
    }
}
