//! Whose bytes these are: from places on the device to paths, through the extent tree's back
//! references (kernel: `struct btrfs_extent_inline_ref`, `btrfs_extent_data_ref`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use block::{Extent, ExtentSet};

use super::accounting::{EXTENT_ITEM, METADATA_ITEM};
use super::node::Key;
use super::path::{self, Inode, TOP_INODE};
use super::roots::{self, EXTENT_TREE, TOP_SUBVOLUME};
use super::superblock::{MIRRORS, SIZE};
use super::tree::{self, Visitor};
use super::volume::Btrfs;
use crate::MapError;
use crate::bytes::Bytes;

const TREE_BLOCK_REFERENCE: u8 = 176;
const DATA_REFERENCE: u8 = 178;
const SHARED_BLOCK_REFERENCE: u8 = 182;
const SHARED_DATA_REFERENCE: u8 = 184;
const OWNER_REFERENCE: u8 = 172;

/// Longest extent that can begin before a range and reach into it, bytes: the kernel allocates at
/// most 256 MiB at once.
const LONGEST: u64 = 256 << 20;

/// Most extents whose owners are collected.
const MOST_OWNERS: usize = 10_000;

/// Most names that are looked up: damaged directories may lead far and nowhere.
const MOST_LOOKUPS: usize = 20_000;

/// Most directories above a file.
const DEEPEST: usize = 256;

/// Who uses an extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    /// A tree's own node.
    Tree(u64),
    /// A file: its subvolume and inode.
    File(u64, u64),
    /// Tree nodes or files that are left only in snapshots: they refer to nodes, not to trees.
    Snapshots,
}

/// See [`super::files_on`].
pub(super) fn files_on(
    btrfs: &Btrfs<'_>,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    let damaged = logical_ranges(btrfs, extents);
    let mut names = BTreeSet::new();
    if MIRRORS.iter().any(|place| extents.intersects(Extent::new(*place, SIZE as u64))) {
        names.insert("btrfs superblock".to_owned());
    }
    let Some(root) = btrfs.tree(EXTENT_TREE)? else {
        return Ok(names.into_iter().collect());
    };
    let node = u64::from(btrfs.superblock.node);
    let mut finder =
        Finder { reach: reach(&damaged), damaged, owners: BTreeSet::new(), current: None, node };
    tree::walk(btrfs, root, &mut finder)?;
    let mut namer = Namer { btrfs, directories: BTreeMap::new(), lookups: 0 };
    for owner in finder.owners {
        if names.len() >= most {
            break;
        }
        names.insert(namer.name(owner));
    }
    Ok(names.into_iter().take(most).collect())
}

/// The logical addresses behind `extents` of the device.
fn logical_ranges(btrfs: &Btrfs<'_>, extents: &ExtentSet) -> ExtentSet {
    let chunks = btrfs.chunks.chunks();
    extents.iter().flat_map(|e| chunks.iter().flat_map(move |c| c.logical_of(e))).collect()
}

/// `damaged`, grown to where an extent that touches it can begin.
fn reach(damaged: &ExtentSet) -> ExtentSet {
    damaged.iter().map(|e| Extent::between(e.start.saturating_sub(LONGEST), e.end())).collect()
}

/// The visitor of the extent tree that collects who uses damaged extents.
struct Finder {
    damaged: ExtentSet,
    reach: ExtentSet,
    owners: BTreeSet<Owner>,
    /// Start of the damaged extent whose separate references may follow.
    current: Option<u64>,
    /// Size of tree nodes, bytes.
    node: u64,
}

impl Finder {
    fn extent(&mut self, key: Key, data: &[u8]) -> Result<(), MapError> {
        self.current = None;
        let length = if key.kind == METADATA_ITEM { self.node } else { key.offset };
        if !self.damaged.intersects(Extent::new(key.object, length)) {
            return Ok(());
        }
        self.current = Some(key.object);
        let bytes = Bytes::new(data, "btrfs extent item");
        let is_node = bytes.le64(16)? & 2 != 0;
        // An extent item of a tree node, the old form, has the node's first key and level first.
        let mut at = if is_node && key.kind == EXTENT_ITEM { 24 + 18 } else { 24 };
        while at < data.len() {
            let kind = bytes.u8(at)?;
            at += match kind {
                DATA_REFERENCE => {
                    self.data_reference(bytes, at + 1)?;
                    29
                }
                SHARED_DATA_REFERENCE => {
                    self.owners.insert(Owner::Snapshots);
                    13
                }
                TREE_BLOCK_REFERENCE => {
                    self.owners.insert(Owner::Tree(bytes.le64(at + 1)?));
                    9
                }
                SHARED_BLOCK_REFERENCE => {
                    self.owners.insert(Owner::Snapshots);
                    9
                }
                OWNER_REFERENCE => 9,
                _ => break,
            };
        }
        Ok(())
    }

    fn data_reference(&mut self, bytes: Bytes<'_>, at: usize) -> Result<(), MapError> {
        self.owners.insert(Owner::File(bytes.le64(at)?, bytes.le64(at + 8)?));
        Ok(())
    }
}

impl Visitor for Finder {
    fn wants(&self, first: Key, next: Option<Key>) -> bool {
        let end = next.map_or(u64::MAX, |next| next.object.saturating_add(1));
        self.reach.intersects(Extent::between(first.object, end))
    }

    fn item(&mut self, key: Key, data: &[u8]) -> Result<ControlFlow<()>, MapError> {
        match key.kind {
            EXTENT_ITEM | METADATA_ITEM => self.extent(key, data)?,
            DATA_REFERENCE if self.current == Some(key.object) => {
                self.data_reference(Bytes::new(data, "btrfs data reference"), 0)?;
            }
            TREE_BLOCK_REFERENCE if self.current == Some(key.object) => {
                self.owners.insert(Owner::Tree(key.offset));
            }
            _ => {}
        }
        let full = self.owners.len() >= MOST_OWNERS;
        Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// Puts owners into words, and keeps the paths of directories.
struct Namer<'a> {
    btrfs: &'a Btrfs<'a>,
    /// Path of a directory, by subvolume and inode; `None` where it has none.
    directories: BTreeMap<(u64, u64), Option<String>>,
    /// Names looked up.
    lookups: usize,
}

impl Namer<'_> {
    fn name(&mut self, owner: Owner) -> String {
        match owner {
            Owner::Tree(tree) => format!("btrfs metadata (tree {tree})"),
            Owner::Snapshots => "files or metadata left only in snapshots".to_owned(),
            Owner::File(tree, inode) if !roots::is_subvolume(tree) => {
                format!("btrfs metadata (tree {tree}, inode {inode})")
            }
            Owner::File(subvolume, inode) => self
                .path(subvolume, inode, 0)
                .unwrap_or_else(|| format!("inode {inode} of btrfs subvolume {subvolume}")),
        }
    }

    /// The path of an inode from the top of all subvolumes; `None` where a name is missing, as in
    /// a subvolume that was deleted.
    fn path(&mut self, subvolume: u64, inode: u64, depth: usize) -> Option<String> {
        if (subvolume, inode) == (TOP_SUBVOLUME, TOP_INODE) {
            return Some(String::new());
        }
        if let Some(path) = self.directories.get(&(subvolume, inode)) {
            return path.clone();
        }
        if depth >= DEEPEST || self.lookups >= MOST_LOOKUPS {
            return None;
        }
        self.lookups += 1;
        let path = self.named(subvolume, inode, depth);
        if depth > 0 {
            self.directories.insert((subvolume, inode), path.clone());
        }
        path
    }

    /// The path of the directory above, and the name.
    fn named(&mut self, subvolume: u64, inode: u64, depth: usize) -> Option<String> {
        let (above, directory, name) = if inode == TOP_INODE {
            path::name_of_subvolume(self.btrfs, subvolume).ok().flatten()?
        } else {
            let tree = self.btrfs.tree(subvolume).ok().flatten()?;
            let (directory, name) =
                path::name_of(self.btrfs, Inode { tree, number: inode }).ok().flatten()?;
            (subvolume, directory, name)
        };
        let parent = self.path(above, directory, depth + 1)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        Some(if parent.is_empty() { name } else { format!("{parent}/{name}") })
    }
}
