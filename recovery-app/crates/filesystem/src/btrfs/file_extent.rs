//! File extent items: where the bytes of a file are (kernel: `struct btrfs_file_extent_item`).

use block::Extent;

use crate::MapError;
use crate::bytes::Bytes;

/// Type of a file extent item.
pub(super) const ITEM: u8 = 108;

/// How an extent is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Zlib,
    Lzo,
    Zstd,
}

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileExtent<'a> {
    /// The content itself, and how many bytes it unpacks to.
    Inline { content: &'a [u8], length: u64, compression: Compression },
    /// So many zeros.
    Hole { length: u64 },
    /// Somewhere on the disk.
    OnDisk(OnDisk),
}

/// A piece of a file on the disk. Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OnDisk {
    /// The whole extent as stored, logical addresses. Other files may use other parts of it.
    pub disk: Extent,
    /// Where the piece starts in the unpacked extent.
    pub offset: u64,
    /// Length of the piece.
    pub length: u64,
    /// Length of the unpacked extent.
    pub unpacked: u64,
    pub compression: Compression,
    /// Allocated but not written: reads as zeros.
    pub preallocated: bool,
}

/// Takes a file extent item apart. What is not known is refused, because its length then is not.
pub(super) fn parse(data: &[u8]) -> Result<FileExtent<'_>, MapError> {
    let bytes = Bytes::new(data, "btrfs file extent item");
    let compression = match bytes.u8(16)? {
        0 => Compression::None,
        1 => Compression::Zlib,
        2 => Compression::Lzo,
        3 => Compression::Zstd,
        other => {
            return Err(MapError::unsupported(format!("btrfs compression {other} is unknown")));
        }
    };
    if bytes.u8(17)? != 0 || bytes.le16(18)? != 0 {
        return Err(MapError::unsupported("btrfs with encrypted or encoded files is not read"));
    }
    let unpacked = bytes.le64(8)?;
    let kind = bytes.u8(20)?;
    if kind == 0 {
        let content = data.get(21..).unwrap_or_default();
        return Ok(FileExtent::Inline { content, length: unpacked, compression });
    }
    if kind > 2 {
        return Err(MapError::unsupported(format!("btrfs file extent type {kind} is unknown")));
    }
    let (start, stored) = (bytes.le64(21)?, bytes.le64(29)?);
    let (offset, length) = (bytes.le64(37)?, bytes.le64(45)?);
    if start == 0 {
        return Ok(FileExtent::Hole { length });
    }
    if start.checked_add(stored).is_none() || stored == 0 {
        return Err(MapError::damaged("btrfs file extent of impossible length"));
    }
    let (disk, preallocated) = (Extent::new(start, stored), kind == 2);
    Ok(FileExtent::OnDisk(OnDisk { disk, offset, length, unpacked, compression, preallocated }))
}
