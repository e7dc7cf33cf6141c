//! The extent tree: every extent in use, counted against the block groups
//! (kernel: `struct btrfs_extent_item`, `btrfs_block_group_item`; rules as in `check_extent_item`).

use std::ops::ControlFlow;

use block::{Extent, ExtentSetBuilder};

use super::chunk::Chunk;
use super::node::Key;
use super::roots;
use super::tree::{self, Visitor};
use super::volume::Btrfs;
use crate::MapError;
use crate::bytes::Bytes;

pub(super) const EXTENT_ITEM: u8 = 168;
pub(super) const METADATA_ITEM: u8 = 169;
pub(super) const BLOCK_GROUP_ITEM: u8 = 192;

/// Back references that lie beside their extent item instead of in it: tree block, data,
/// shared block, shared data.
const SEPARATE_REFERENCES: [u8; 4] = [176, 178, 182, 184];

const FLAG_DATA: u64 = 1;
const FLAG_NODE: u64 = 2;

/// Adds all extents of the extent tree, both copies, to `used`.
///
/// Fails unless what the extents of each block group sum up to is what the block group says, and
/// the sum of all is what the superblock says.
pub(super) fn collect(btrfs: &Btrfs<'_>, used: &mut ExtentSetBuilder) -> Result<(), MapError> {
    let root = |number, name| {
        btrfs.tree(number)?.ok_or_else(|| MapError::damaged(format!("btrfs has no {name} tree")))
    };
    let extents = root(roots::EXTENT_TREE, "extent")?;
    let groups_apart = btrfs.superblock.has_block_group_tree();
    let count = btrfs.chunks.chunks().len();
    let mut accounts =
        Accounts { btrfs, summed: vec![0; count], stated: vec![None; count], groups_apart };
    let mut reader = ExtentTree { accounts: &mut accounts, used, run: None, end: 0 };
    tree::walk(btrfs, extents, &mut reader)?;
    reader.finish_run();
    if groups_apart {
        let groups = root(roots::BLOCK_GROUP_TREE, "block group")?;
        tree::walk(btrfs, groups, &mut BlockGroupTree { accounts: &mut accounts })?;
    }
    accounts.settle()
}

/// Bytes in use per chunk: as summed up from extents, and as stated by the block groups.
struct Accounts<'a> {
    btrfs: &'a Btrfs<'a>,
    summed: Vec<u64>,
    stated: Vec<Option<u64>>,
    groups_apart: bool,
}

impl Accounts<'_> {
    fn block_group(&mut self, key: Key, data: &[u8]) -> Result<(), MapError> {
        let group = Extent::new(key.object, key.offset);
        let bytes = Bytes::new(data, "btrfs block group item");
        let (index, chunk) = self.btrfs.chunks.holding(group)?;
        if chunk.logical != group || bytes.le64(16)? != chunk.flags {
            return Err(MapError::damaged(format!(
                "btrfs block group at {} differs from its chunk",
                key.object
            )));
        }
        self.stated[index] = Some(bytes.le64(0)?);
        Ok(())
    }

    fn settle(&self) -> Result<(), MapError> {
        let chunks = self.btrfs.chunks.chunks();
        for ((chunk, summed), stated) in chunks.iter().zip(&self.summed).zip(&self.stated) {
            if *stated != Some(*summed) {
                return Err(MapError::damaged(format!(
                    "btrfs block group at {}: its extents have {summed} bytes, it says {}",
                    chunk.logical.start,
                    stated.map_or("nothing".to_owned(), |bytes| bytes.to_string())
                )));
            }
        }
        let total = self.summed.iter().fold(0_u64, |total, sum| total.saturating_add(*sum));
        if total != self.btrfs.superblock.bytes_used {
            return Err(MapError::damaged(format!(
                "btrfs extents have {total} bytes, the superblock says {}",
                self.btrfs.superblock.bytes_used
            )));
        }
        Ok(())
    }
}

/// The visitor of the extent tree.
struct ExtentTree<'a, 'b> {
    accounts: &'a mut Accounts<'b>,
    used: &'a mut ExtentSetBuilder,
    /// Neighbouring extents not yet added, and their chunk.
    run: Option<(Extent, Chunk)>,
    /// End of the last extent, a logical address.
    end: u64,
}

impl ExtentTree<'_, '_> {
    fn extent(&mut self, key: Key, data: &[u8]) -> Result<(), MapError> {
        let superblock = &self.accounts.btrfs.superblock;
        let wrong =
            |what: &str| MapError::damaged(format!("btrfs extent item at {}: {what}", key.object));
        let flags = Bytes::new(data, "btrfs extent item").le64(16)?;
        let (is_data, is_node) = (flags & FLAG_DATA != 0, flags & FLAG_NODE != 0);
        let node = u64::from(superblock.node);
        let length = if key.kind == METADATA_ITEM { node } else { key.offset };
        let kind_fits = match key.kind {
            METADATA_ITEM => is_node && superblock.has_skinny_metadata(),
            _ => is_data || length == node,
        };
        if is_data == is_node || !kind_fits {
            return Err(wrong("it is neither data nor a tree node"));
        }
        let sector = u64::from(superblock.sector);
        if length == 0 || !(key.object | length).is_multiple_of(sector) {
            return Err(wrong("it is not made of whole sectors"));
        }
        if key.object < self.end {
            return Err(wrong("it overlaps the one before"));
        }
        let extent = Extent::new(key.object, length);
        let (index, chunk) = self.accounts.btrfs.chunks.holding(extent)?;
        if (is_data && !chunk.holds_data()) || (is_node && !chunk.holds_nodes()) {
            return Err(wrong("its chunk is of another type"));
        }
        self.end = extent.end();
        self.accounts.summed[index] += length;
        self.join_run(extent, *chunk);
        Ok(())
    }

    /// Adds whole runs, so that the two copies of a chunk do not alternate extent by extent.
    fn join_run(&mut self, extent: Extent, chunk: Chunk) {
        match &mut self.run {
            Some((run, of)) if run.end() == extent.start && *of == chunk => {
                run.length += extent.length;
            }
            _ => {
                self.finish_run();
                self.run = Some((extent, chunk));
            }
        }
    }

    fn finish_run(&mut self) {
        if let Some((run, chunk)) = self.run.take() {
            self.used.extend(chunk.physical(run));
        }
    }
}

impl Visitor for ExtentTree<'_, '_> {
    fn item(&mut self, key: Key, data: &[u8]) -> Result<ControlFlow<()>, MapError> {
        match key.kind {
            EXTENT_ITEM | METADATA_ITEM => self.extent(key, data)?,
            BLOCK_GROUP_ITEM if !self.accounts.groups_apart => {
                self.accounts.block_group(key, data)?;
            }
            kind if SEPARATE_REFERENCES.contains(&kind) => {}
            kind => {
                let reason = format!("btrfs extent tree has an item of unknown type {kind}");
                return Err(MapError::unsupported(reason));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The visitor of the block group tree.
struct BlockGroupTree<'a, 'b> {
    accounts: &'a mut Accounts<'b>,
}

impl Visitor for BlockGroupTree<'_, '_> {
    fn item(&mut self, key: Key, data: &[u8]) -> Result<ControlFlow<()>, MapError> {
        if key.kind != BLOCK_GROUP_ITEM {
            let kind = key.kind;
            let reason = format!("btrfs block group tree has an item of unknown type {kind}");
            return Err(MapError::unsupported(reason));
        }
        self.accounts.block_group(key, data)?;
        Ok(ControlFlow::Continue(()))
    }
}
