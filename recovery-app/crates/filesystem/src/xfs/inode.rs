//! Inodes: what a file is, how long, and where its content lies (`xfs_dinode`).

use block::BlockDevice;

use super::fork::Fork;
use super::superblock::Superblock;
use crate::MapError;
use crate::bytes::Bytes;

const TYPE_MASK: u16 = 0o170_000;
const DIRECTORY: u16 = 0o040_000;
const REGULAR: u16 = 0o100_000;
const LINK: u16 = 0o120_000;
/// `XFS_DIFLAG2_NREXT64`: extent counts are wider and lie elsewhere.
const WIDE_COUNTS: u64 = 1 << 4;

/// How a fork holds its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// In the inode itself.
    Inside,
    /// As a list of extents in the inode.
    Extents,
    /// As a B+tree of extents with its root in the inode.
    Tree,
    /// None of these.
    Nothing,
}

impl Format {
    fn parse(byte: u8) -> Self {
        match byte {
            1 => Self::Inside,
            2 => Self::Extents,
            3 => Self::Tree,
            _ => Self::Nothing,
        }
    }
}

/// An inode as read.
pub(super) struct Inode {
    pub(super) number: u64,
    mode: u16,
    /// Length of the content in bytes.
    pub(super) size: u64,
    bytes: Vec<u8>,
    data_format: Format,
    data_extents: u64,
    attribute_format: Format,
    attribute_extents: u64,
    /// Where the data fork ends and the attribute fork starts, from the start of the inode.
    core: usize,
    attributes_at: Option<usize>,
}

impl Inode {
    /// Reads inode `number`.
    pub(super) fn read(
        volume: &dyn BlockDevice,
        sb: &Superblock,
        number: u64,
    ) -> Result<Self, MapError> {
        let outside = || MapError::damaged(format!("XFS inode {number} lies outside the volume"));
        let block = sb.extent_of(number >> sb.inode_block_bits, 1).ok_or_else(outside)?;
        let index = number & ((1 << sb.inode_block_bits) - 1);
        let offset = block.start + index * u64::from(sb.inode_size);
        Self::parse(sb, number, volume.read_vec(offset, sb.inode_size as usize)?)
    }

    /// Parses the bytes of inode `number`.
    pub(super) fn parse(sb: &Superblock, number: u64, bytes: Vec<u8>) -> Result<Self, MapError> {
        let inode = Bytes::new(&bytes, "XFS inode");
        let v3 = inode.u8(4)? == 3;
        if inode.slice(0, 2)? != b"IN" || v3 != sb.features.v5 {
            return Err(MapError::damaged(format!("XFS inode {number} has a wrong header")));
        }
        if v3 && inode.be64(152)? != number {
            return Err(MapError::damaged(format!("XFS inode {number} belongs elsewhere")));
        }
        let wide = v3 && inode.be64(120)? & WIDE_COUNTS != 0;
        let (data_extents, attribute_extents) = if wide {
            (inode.be64(24)?, u64::from(inode.be32(76)?))
        } else {
            (u64::from(inode.be32(76)?), u64::from(inode.be16(80)?))
        };
        let core = if v3 { 176 } else { 100 };
        let fork = usize::from(inode.u8(82)?) * 8;
        if core + fork >= bytes.len() {
            return Err(MapError::damaged(format!("XFS inode {number} has a wrong fork")));
        }
        Ok(Self {
            number,
            mode: inode.be16(2)?,
            size: inode.be64(56)?,
            data_format: Format::parse(inode.u8(5)?),
            data_extents,
            attribute_format: Format::parse(inode.u8(83)?),
            attribute_extents,
            core,
            attributes_at: (fork != 0).then_some(core + fork),
            bytes,
        })
    }

    pub(super) fn is_directory(&self) -> bool {
        self.mode & TYPE_MASK == DIRECTORY
    }

    pub(super) fn is_regular(&self) -> bool {
        self.mode & TYPE_MASK == REGULAR
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & TYPE_MASK == LINK
    }

    /// The content's fork.
    pub(super) fn data(&self) -> Fork<'_> {
        let end = self.attributes_at.unwrap_or(self.bytes.len());
        Fork {
            format: self.data_format,
            bytes: &self.bytes[self.core..end],
            extents: self.data_extents,
        }
    }

    /// The fork of extended attributes, if there is one.
    pub(super) fn attributes(&self) -> Option<Fork<'_>> {
        let start = self.attributes_at?;
        Some(Fork {
            format: self.attribute_format,
            bytes: &self.bytes[start..],
            extents: self.attribute_extents,
        })
    }

    /// Content that lies in the inode itself.
    pub(super) fn inside(&self) -> Option<&[u8]> {
        if self.data_format != Format::Inside {
            return None;
        }
        let fork = self.data().bytes;
        fork.get(..usize::try_from(self.size).ok()?)
    }
}
