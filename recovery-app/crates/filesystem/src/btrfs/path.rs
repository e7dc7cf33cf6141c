//! Paths: from a path to an inode, and from an inode back to its path
//! (kernel: `struct btrfs_dir_item`, `btrfs_inode_ref`, `btrfs_root_ref`).

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::checksum::name_hash;
use super::content;
use super::node::Key;
use super::roots::{self, ROOT_ITEM, TOP_SUBVOLUME};
use super::superblock::TreeRoot;
use super::tree;
use super::volume::Btrfs;
use crate::MapError;
use crate::bytes::Bytes;

/// The inode at the top of each subvolume.
pub(super) const TOP_INODE: u64 = 256;

const INODE_ITEM: u8 = 1;
const INODE_REFERENCE: u8 = 12;
const EXTENDED_REFERENCE: u8 = 13;
const DIRECTORY_ITEM: u8 = 84;
const ROOT_BACK_REFERENCE: u8 = 144;

/// The directory in the tree of roots that names the default subvolume.
const ROOT_DIRECTORY: u64 = 6;

const TYPE_MASK: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// Most steps to resolve a path: names, and the names that symbolic links add.
const MOST_STEPS: usize = 256;

/// Most bytes of a symbolic link.
const MOST_LINK: usize = 4096;

/// A file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inode {
    pub tree: TreeRoot,
    pub number: u64,
}

/// The default subvolume: that which a mount without options shows.
pub(super) fn default_subvolume(btrfs: &Btrfs<'_>) -> Result<u64, MapError> {
    let key = Key::new(ROOT_DIRECTORY, DIRECTORY_ITEM, name_hash(b"default"));
    let Some(data) = tree::item(btrfs, btrfs.superblock.root, key)? else {
        return Ok(TOP_SUBVOLUME);
    };
    let target = entry(&data, b"default")?;
    Ok(target.filter(|key| roots::is_subvolume(key.object)).map_or(TOP_SUBVOLUME, |key| key.object))
}

/// The top directory of a subvolume.
pub(super) fn top(btrfs: &Btrfs<'_>, subvolume: u64) -> Result<Option<Inode>, MapError> {
    let tree = btrfs.tree(subvolume)?;
    Ok(tree.map(|tree| Inode { tree, number: TOP_INODE }))
}

/// The regular file or directory at `path` below `start`, which is also what absolute links and
/// `..` do not leave.
pub(super) fn find(btrfs: &Btrfs<'_>, start: Inode, path: &str) -> Result<Option<Inode>, MapError> {
    let split = |path: &[u8]| -> Vec<Vec<u8>> {
        path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect()
    };
    let mut names: VecDeque<Vec<u8>> = split(path.as_bytes()).into();
    let mut above = vec![start];
    for _ in 0..MOST_STEPS {
        let Some(name) = names.pop_front() else {
            return Ok(above.last().copied());
        };
        match name.as_slice() {
            b"" | b"." => continue,
            b".." => {
                if above.len() > 1 {
                    above.pop();
                }
                continue;
            }
            _ => {}
        }
        let directory = above.last().copied().unwrap_or(start);
        let Some(inode) = child(btrfs, directory, &name)? else {
            return Ok(None);
        };
        match attributes(btrfs, inode)? {
            Some((mode, _)) if mode & TYPE_MASK == LINK => {
                let target = content::read(btrfs, inode, MOST_LINK)?.unwrap_or_default();
                if target.starts_with(b"/") {
                    above.truncate(1);
                }
                for name in split(&target).into_iter().take(MOST_STEPS).rev() {
                    names.push_front(name);
                }
            }
            _ => above.push(inode),
        }
    }
    Ok(None)
}

/// The inode called `name` in `directory`; the top of the subvolume where it is one.
fn child(btrfs: &Btrfs<'_>, directory: Inode, name: &[u8]) -> Result<Option<Inode>, MapError> {
    let key = Key::new(directory.number, DIRECTORY_ITEM, name_hash(name));
    let Some(data) = tree::item(btrfs, directory.tree, key)? else {
        return Ok(None);
    };
    match entry(&data, name)? {
        Some(key) if key.kind == ROOT_ITEM => top(btrfs, key.object),
        Some(key) if key.kind == INODE_ITEM => {
            Ok(Some(Inode { tree: directory.tree, number: key.object }))
        }
        _ => Ok(None),
    }
}

/// What `name` leads to, among the entries of one directory item (names with the same hash).
fn entry(data: &[u8], name: &[u8]) -> Result<Option<Key>, MapError> {
    let bytes = Bytes::new(data, "btrfs directory item");
    let mut at = 0;
    while at < data.len() {
        let (extra, length) =
            (usize::from(bytes.le16(at + 25)?), usize::from(bytes.le16(at + 27)?));
        if bytes.slice(at + 30, length)? == name {
            return Key::parse(bytes, at).map(Some);
        }
        at += 30 + length + extra;
    }
    Ok(None)
}

/// Mode and size (bytes) of an inode.
fn attributes(btrfs: &Btrfs<'_>, inode: Inode) -> Result<Option<(u32, u64)>, MapError> {
    let data = tree::item(btrfs, inode.tree, Key::new(inode.number, INODE_ITEM, 0))?;
    data.map(|data| {
        let bytes = Bytes::new(&data, "btrfs inode item");
        Ok((bytes.le32(52)?, bytes.le64(16)?))
    })
    .transpose()
}

/// Size in bytes of a regular file or symbolic link.
pub(super) fn size_of_content(btrfs: &Btrfs<'_>, inode: Inode) -> Result<Option<u64>, MapError> {
    let attributes = attributes(btrfs, inode)?;
    let has_content = |mode: u32| [REGULAR, LINK].contains(&(mode & TYPE_MASK));
    Ok(attributes.filter(|(mode, _)| has_content(*mode)).map(|(_, size)| size))
}

/// One name of an inode, and the directory that it is in.
pub(super) fn name_of(btrfs: &Btrfs<'_>, inode: Inode) -> Result<Option<(u64, Vec<u8>)>, MapError> {
    let range = (
        Key::new(inode.number, INODE_REFERENCE, 0),
        Key::new(inode.number, EXTENDED_REFERENCE, u64::MAX),
    );
    let mut found = None;
    tree::items_between(btrfs, inode.tree, range, &mut |key, data| {
        let bytes = Bytes::new(data, "btrfs inode reference");
        found = Some(if key.kind == INODE_REFERENCE {
            let length = usize::from(bytes.le16(8)?);
            (key.offset, bytes.slice(10, length)?.to_vec())
        } else {
            let length = usize::from(bytes.le16(16)?);
            (bytes.le64(0)?, bytes.slice(18, length)?.to_vec())
        });
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// The subvolume, directory and name under which a subvolume hangs.
pub(super) fn name_of_subvolume(
    btrfs: &Btrfs<'_>,
    subvolume: u64,
) -> Result<Option<(u64, u64, Vec<u8>)>, MapError> {
    let range = (
        Key::new(subvolume, ROOT_BACK_REFERENCE, 0),
        Key::new(subvolume, ROOT_BACK_REFERENCE, u64::MAX),
    );
    let mut found = None;
    tree::items_between(btrfs, btrfs.superblock.root, range, &mut |key, data| {
        let bytes = Bytes::new(data, "btrfs root reference");
        let length = usize::from(bytes.le16(16)?);
        found = Some((key.offset, bytes.le64(0)?, bytes.slice(18, length)?.to_vec()));
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}
