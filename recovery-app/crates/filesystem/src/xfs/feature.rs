//! Feature bits of the superblock, and which of them this reader understands.

use crate::MapError;
use crate::bytes::Bytes;

/// `sb_versionnum`: NLINK .. MOREBITS; SHARED (0x200) was never used by Linux.
const KNOWN_VERSION_BITS: u16 = 0xfdf0;
const VERSION_LOG_V2: u16 = 0x0400;
const VERSION_DIR_V2: u16 = 0x2000;
const VERSION_MORE: u16 = 0x8000;

/// `sb_features2` of version 4.
const V4_LAZY_COUNT: u32 = 0x2;
const V4_FILE_TYPE: u32 = 0x200;
const KNOWN_V4: u32 = V4_LAZY_COUNT | 0x8 | 0x80 | 0x100 | V4_FILE_TYPE;

/// Read-only compatible: finobt, rmapbt, reflink, inobtcount.
const KNOWN_RO_COMPAT: u32 = 0xf;
const RO_RMAP: u32 = 0x2;

const INCOMPAT_FILE_TYPE: u32 = 0x1;
const INCOMPAT_SPARSE_INODES: u32 = 0x2;
const INCOMPAT_META_UUID: u32 = 0x4;
const INCOMPAT_NEEDS_REPAIR: u32 = 0x10;
/// ftype, sparse inodes, meta UUID, bigtime, needs-repair, nrext64, exchange-range, parent
/// pointers, metadata directory. Zoned volumes (0x200, 0x400) keep their data elsewhere.
const KNOWN_INCOMPAT: u32 = 0x1ff;

/// Logged extended attributes.
const KNOWN_LOG_INCOMPAT: u32 = 0x1;

/// What of the features changes the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features {
    /// Version 5: every metadata block carries a CRC, its place, an LSN and a UUID.
    pub(super) v5: bool,
    /// Reverse-mapping trees, whose blocks count among the AG's tree blocks.
    pub(super) rmap: bool,
    /// Directory entries carry the file type.
    pub(super) file_type: bool,
    /// Free blocks held by the trees are counted in the AG header.
    pub(super) lazy_count: bool,
    /// Inode chunks may have holes.
    pub(super) sparse_inodes: bool,
    /// Log records may be up to 256 KiB with extended headers.
    pub(super) log_v2: bool,
    /// Metadata carries `sb_meta_uuid` in place of `sb_uuid`.
    pub(super) meta_uuid: bool,
    /// `xfs_admin` or the kernel asked for a repair.
    pub(super) needs_repair: bool,
    /// Bits that this reader does not know, in words.
    unknown: Option<(&'static str, u32)>,
}

impl Features {
    pub(super) fn parse(sb: Bytes<'_>) -> Result<Self, MapError> {
        let version = sb.be16(100)?;
        match version & 0xf {
            4 => Self::version_4(sb, version),
            5 => Self::version_5(sb),
            other => Err(MapError::unsupported(format!("XFS version {other} is unknown"))),
        }
    }

    fn version_4(sb: Bytes<'_>, version: u16) -> Result<Self, MapError> {
        let more = if version & VERSION_MORE == 0 { 0 } else { sb.be32(200)? };
        let bits = u32::from(version & !0xf);
        let directory = if version & VERSION_DIR_V2 == 0 { u32::from(VERSION_DIR_V2) } else { 0 };
        let unknown = first_unknown(&[
            ("version bit", bits, u32::from(KNOWN_VERSION_BITS)),
            ("features2 bit", more, KNOWN_V4),
            ("absence of version bit", directory, 0),
        ]);
        Ok(Self {
            v5: false,
            rmap: false,
            file_type: more & V4_FILE_TYPE != 0,
            lazy_count: more & V4_LAZY_COUNT != 0,
            sparse_inodes: false,
            log_v2: version & VERSION_LOG_V2 != 0,
            meta_uuid: false,
            needs_repair: false,
            unknown,
        })
    }

    fn version_5(sb: Bytes<'_>) -> Result<Self, MapError> {
        let (ro_compat, incompat, log) = (sb.be32(212)?, sb.be32(216)?, sb.be32(220)?);
        let unknown = first_unknown(&[
            ("incompatible feature", incompat, KNOWN_INCOMPAT),
            ("read-only compatible feature", ro_compat, KNOWN_RO_COMPAT),
            ("log feature", log, KNOWN_LOG_INCOMPAT),
        ]);
        Ok(Self {
            v5: true,
            rmap: ro_compat & RO_RMAP != 0,
            file_type: incompat & INCOMPAT_FILE_TYPE != 0,
            lazy_count: true,
            sparse_inodes: incompat & INCOMPAT_SPARSE_INODES != 0,
            log_v2: true,
            meta_uuid: incompat & INCOMPAT_META_UUID != 0,
            needs_repair: incompat & INCOMPAT_NEEDS_REPAIR != 0,
            unknown,
        })
    }

    /// Refuses what the reader does not know.
    pub(super) fn check(&self) -> Result<(), MapError> {
        match self.unknown {
            None => Ok(()),
            Some((kind, bit)) => {
                Err(MapError::unsupported(format!("XFS {kind} {bit:#x} is unknown")))
            }
        }
    }
}

fn first_unknown(words: &[(&'static str, u32, u32)]) -> Option<(&'static str, u32)> {
    words.iter().find_map(|&(kind, bits, known)| {
        let rest = bits & !known;
        (rest != 0).then(|| (kind, 1 << rest.trailing_zeros()))
    })
}
