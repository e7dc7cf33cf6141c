//! Tree nodes: checked once when read, then taken apart
//! (kernel: `struct btrfs_header`, `btrfs_item`, `btrfs_key_ptr`; rules as in `tree-checker.c`).

use super::superblock::{Superblock, TreeRoot};
use crate::MapError;
use crate::bytes::Bytes;

const HEADER: usize = 101;
const KEY_POINTER: usize = 33;
const ITEM: usize = 25;

/// Key of an item; items of a tree are sorted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub object: u64,
    pub kind: u8,
    pub offset: u64,
}

impl Key {
    pub(super) const FIRST: Self = Self { object: 0, kind: 0, offset: 0 };

    pub(super) fn new(object: u64, kind: u8, offset: u64) -> Self {
        Self { object, kind, offset }
    }

    /// The key in the 17 bytes from byte `at`.
    pub(super) fn parse(bytes: Bytes<'_>, at: usize) -> Result<Self, MapError> {
        Ok(Self::new(bytes.le64(at)?, bytes.u8(at + 8)?, bytes.le64(at + 9)?))
    }
}

/// Where a node is, and what must be found there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointer {
    pub root: TreeRoot,
    /// The first key, for nodes below the root.
    pub first: Option<Key>,
}

impl From<TreeRoot> for Pointer {
    fn from(root: TreeRoot) -> Self {
        Self { root, first: None }
    }
}

/// A node whose header, checksum, order of keys and bounds of items are right.
pub(super) struct Node {
    bytes: Vec<u8>,
    pointer: Pointer,
    keys: Vec<Key>,
}

impl Node {
    /// Takes the bytes that were read at the place of `pointer`.
    pub(super) fn check(
        bytes: Vec<u8>,
        pointer: &Pointer,
        superblock: &Superblock,
    ) -> Result<Self, MapError> {
        let logical = pointer.root.logical;
        let wrong = |what: &str| MapError::damaged(format!("btrfs tree node at {logical}: {what}"));
        if !superblock.checksum.accepts(&bytes) {
            return Err(wrong("its checksum does not match"));
        }
        let header = Bytes::new(&bytes, "btrfs tree node");
        if header.le64(48)? != logical {
            return Err(wrong("it belongs elsewhere"));
        }
        if header.slice(32, 16)? != superblock.node_uuid {
            return Err(wrong("it belongs to another filesystem"));
        }
        let (generation, owner) = (header.le64(80)?, header.le64(88)?);
        if generation != pointer.root.generation {
            return Err(wrong(&format!(
                "it is of generation {generation}, not {}",
                pointer.root.generation
            )));
        }
        if pointer.root.owner.is_some_and(|expected| expected != owner) {
            return Err(wrong(&format!("it belongs to tree {owner}")));
        }
        if header.u8(100)? != pointer.root.level {
            return Err(wrong("its level is not the expected one"));
        }
        let keys = read_keys(header, pointer.root.level, bytes.len()).map_err(|e| wrong(&e))?;
        if pointer.first.is_some_and(|first| keys.first() != Some(&first)) {
            return Err(wrong("its first key is not the one its parent says"));
        }
        let node = Self { bytes, pointer: *pointer, keys };
        node.check_bounds().map_err(|()| wrong("an item lies outside of it"))?;
        Ok(node)
    }

    fn check_bounds(&self) -> Result<(), ()> {
        if self.level() > 0 {
            return if self.keys.is_empty() { Err(()) } else { Ok(()) };
        }
        let table = HEADER + self.keys.len() * ITEM;
        for index in 0..self.keys.len() {
            let (start, length) = self.item_place(index).map_err(drop)?;
            if start < table || start.saturating_add(length) > self.bytes.len() {
                return Err(());
            }
        }
        Ok(())
    }

    /// Start and length of an item's data in the node, bytes.
    fn item_place(&self, index: usize) -> Result<(usize, usize), MapError> {
        let bytes = Bytes::new(&self.bytes, "btrfs leaf");
        let at = HEADER + index * ITEM + 17;
        let field = |at| Ok(usize::try_from(bytes.le32(at)?).unwrap_or(usize::MAX));
        let start: Result<usize, MapError> = field(at);
        Ok((start?.saturating_add(HEADER), field(at + 4)?))
    }

    /// Logical address of the node, bytes.
    pub(super) fn logical(&self) -> u64 {
        self.pointer.root.logical
    }

    /// Height above the leaves.
    pub(super) fn level(&self) -> u8 {
        self.pointer.root.level
    }

    /// Keys of its items or children, ascending.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The data of item `index` of a leaf.
    pub(super) fn item(&self, index: usize) -> Result<&[u8], MapError> {
        let (start, length) = self.item_place(index)?;
        Bytes::new(&self.bytes, "btrfs leaf").slice(start, length)
    }

    /// The child `index` of an inner node.
    pub(super) fn child(&self, index: usize) -> Result<Pointer, MapError> {
        let bytes = Bytes::new(&self.bytes, "btrfs inner node");
        let at = HEADER + index * KEY_POINTER + 17;
        let level = self.level().checked_sub(1).ok_or_else(|| {
            MapError::damaged(format!("btrfs leaf at {} has no children", self.logical()))
        })?;
        let root = TreeRoot {
            logical: bytes.le64(at)?,
            generation: bytes.le64(at + 8)?,
            level,
            owner: self.pointer.root.owner,
        };
        Ok(Pointer { root, first: self.keys.get(index).copied() })
    }
}

/// The keys of a node of `size` bytes, which must be strictly ascending.
fn read_keys(header: Bytes<'_>, level: u8, size: usize) -> Result<Vec<Key>, String> {
    let entry = if level == 0 { ITEM } else { KEY_POINTER };
    let count = header.le32(96).map_err(|error| error.to_string())?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > size.saturating_sub(HEADER) / entry {
        return Err(format!("it cannot hold {count} items"));
    }
    let keys: Vec<Key> = (0..count)
        .map(|index| Key::parse(header, HEADER + index * entry))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if !keys.is_sorted_by(|a, b| a < b) {
        return Err("its keys are not in order".to_owned());
    }
    Ok(keys)
}
