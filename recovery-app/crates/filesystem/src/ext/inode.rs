//! Inodes (Linux `Documentation/filesystems/ext4/inodes.rst`).

use crate::MapError;
use crate::bytes::Bytes;

use super::group::descriptor;
use super::volume::Volume;

/// The root directory.
pub(super) const ROOT: u32 = 2;

/// `i_flags` bits.
const FLAG_ENCRYPT: u32 = 0x800;
const FLAG_EXTENTS: u32 = 0x8_0000;
const FLAG_EA_INODE: u32 = 0x20_0000;
const FLAG_INLINE_DATA: u32 = 0x1000_0000;

/// Where `i_block` lies, and how long it is, in bytes.
const BLOCK_AT: usize = 0x28;
pub(super) const BLOCK_LENGTH: usize = 60;
/// The part that every inode has, in bytes.
const OLD_INODE: usize = 128;

const XATTR_MAGIC: u32 = 0xea02_0000;
/// `system.data`: the rest of inline data.
const XATTR_SYSTEM: u8 = 7;
const XATTR_ENTRY: usize = 16;

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    File,
    Directory,
    Symlink,
    Other,
}

/// One inode.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) kind: Type,
    /// Bytes of content.
    pub(super) size: u64,
    /// Block with extended attributes, or 0.
    pub(super) attribute_block: u64,
    links: u16,
    deleted: u32,
    flags: u32,
    raw: Vec<u8>,
}

impl Inode {
    /// Reads an inode from its place in the table.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, MapError> {
        let field = Bytes::new(bytes, "ext4 inode");
        let high = |high: u16| u64::from(high) << 32;
        let raw = field.slice(0, OLD_INODE).and(Ok(bytes.to_vec()))?;
        Ok(Self {
            kind: match field.le16(0)? & 0xf000 {
                0x8000 => Type::File,
                0x4000 => Type::Directory,
                0xa000 => Type::Symlink,
                _ => Type::Other,
            },
            size: u64::from(field.le32(0x6c)?) << 32 | u64::from(field.le32(0x4)?),
            attribute_block: high(field.le16(0x76)?) | u64::from(field.le32(0x68)?),
            links: field.le16(0x1a)?,
            deleted: field.le32(0x14)?,
            flags: field.le32(0x20)?,
            raw,
        })
    }

    /// Reads inode `number`.
    pub(super) fn read(volume: &Volume<'_>, number: u32) -> Result<Self, MapError> {
        let superblock = &volume.superblock;
        if number == 0 || number > superblock.inodes {
            return Err(MapError::damaged(format!("ext4: inode {number} does not exist")));
        }
        let index = number - 1;
        let group = descriptor(volume, (index / superblock.inodes_per_group).into())?;
        let byte = u64::from(index % superblock.inodes_per_group) * superblock.inode_size as u64;
        let block = volume.read_blocks(group.inode_table + byte / superblock.block_size, 1)?;
        let at = usize::try_from(byte % superblock.block_size).unwrap_or(0);
        Self::parse(Bytes::new(&block, "ext4 inode table").slice(at, superblock.inode_size)?)
    }

    /// True when a name or an open file still needs it.
    pub(super) fn is_in_use(&self) -> bool {
        self.links != 0 || self.deleted == 0 && self.raw[0] | self.raw[1] != 0
    }

    pub(super) fn has_extents(&self) -> bool {
        self.flags & FLAG_EXTENTS != 0
    }

    pub(super) fn has_inline_data(&self) -> bool {
        self.flags & FLAG_INLINE_DATA != 0
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & FLAG_ENCRYPT != 0
    }

    /// True when it holds the value of an extended attribute of another inode.
    pub(super) fn is_attribute_value(&self) -> bool {
        self.flags & FLAG_EA_INODE != 0
    }

    /// True when its blocks are mapped by `i_block`, rather than content lying there.
    pub(super) fn has_blocks(&self) -> bool {
        match self.kind {
            _ if self.has_inline_data() => false,
            Type::File | Type::Directory => true,
            Type::Symlink => self.has_extents() || self.size >= BLOCK_LENGTH as u64,
            Type::Other => false,
        }
    }

    /// The field that maps blocks or holds short content.
    pub(super) fn block_field(&self) -> &[u8] {
        &self.raw[BLOCK_AT..BLOCK_AT + BLOCK_LENGTH]
    }

    /// Content that lies in the inode itself, in its two parts: `i_block` and the attribute
    /// `system.data`.
    pub(super) fn inline_content(&self) -> (&[u8], &[u8]) {
        (self.block_field(), self.inline_attribute().unwrap_or(None).unwrap_or(&[]))
    }

    fn inline_attribute(&self) -> Result<Option<&[u8]>, MapError> {
        let field = Bytes::new(&self.raw, "ext4 inode attributes");
        if self.raw.len() < OLD_INODE + 4 {
            return Ok(None);
        }
        let header = OLD_INODE + usize::from(field.le16(OLD_INODE)?);
        if field.le32(header)? != XATTR_MAGIC {
            return Ok(None);
        }
        let first = header + 4;
        let mut at = first;
        // An entry whose first four bytes are zero ends the list.
        while field.le32(at)? != 0 {
            let name_length = usize::from(field.u8(at)?);
            let name = field.slice(at + XATTR_ENTRY, name_length)?;
            if field.u8(at + 1)? == XATTR_SYSTEM && name == b"data" {
                let length = usize::try_from(field.le32(at + 8)?).unwrap_or(usize::MAX);
                return field.slice(first + usize::from(field.le16(at + 2)?), length).map(Some);
            }
            at += XATTR_ENTRY + name_length.next_multiple_of(4);
        }
        Ok(None)
    }
}
