//! The superblock of a journal. All numbers are big-endian.

use crate::MapError;
use crate::bytes::Bytes;

use super::super::checksum::crc32c;
use super::MAGIC;

const VERSION_1: u32 = 3;
const VERSION_2: u32 = 4;
const LENGTH: usize = 1024;
const CHECKSUM_AT: usize = 0xfc;

const COMPAT_CHECKSUM: u32 = 0x1;
const INCOMPAT_64BIT: u32 = 0x2;
const INCOMPAT_ASYNC_COMMIT: u32 = 0x4;
const INCOMPAT_CSUM_V2: u32 = 0x8;
const INCOMPAT_CSUM_V3: u32 = 0x10;
const INCOMPAT_FAST_COMMIT: u32 = 0x20;
/// Bit 1 is "has revoke records".
const INCOMPAT_KNOWN: u32 = 0x1
    | INCOMPAT_64BIT
    | INCOMPAT_ASYNC_COMMIT
    | INCOMPAT_CSUM_V2
    | INCOMPAT_CSUM_V3
    | INCOMPAT_FAST_COMMIT;

/// The fast commit area when the superblock gives no size, and the least that the kernel leaves
/// to the rest, in blocks.
const DEFAULT_FAST_COMMIT: u32 = 256;
const LEAST_LOG: u32 = 1024;

/// What the journal says of itself. Counts and places are blocks of the journal.
#[derive(Debug, Clone)]
pub(super) struct JournalSuperblock {
    pub(super) block_size: u32,
    pub(super) blocks: u32,
    /// First block of the log, and the first behind it.
    pub(super) first: u32,
    pub(super) end: u32,
    /// Where replay starts, 0 when there is nothing to replay, and its transaction.
    pub(super) start: u32,
    pub(super) sequence: u32,
    pub(super) error: u32,
    pub(super) has_64bit: bool,
    pub(super) has_csum_v2: bool,
    pub(super) has_csum_v3: bool,
    /// One checksum over each whole transaction.
    pub(super) has_csum_v1: bool,
    pub(super) has_fast_commit: bool,
    /// Commit blocks may reach the disk before what they commit.
    pub(super) has_async_commit: bool,
    pub(super) checksum_seed: u32,
}

impl JournalSuperblock {
    pub(super) fn parse(block: &[u8]) -> Result<Self, MapError> {
        let field = Bytes::new(block, "ext4 journal superblock");
        let version = field.be32(4)?;
        if field.be32(0)? != MAGIC || !matches!(version, VERSION_1 | VERSION_2) {
            return Err(MapError::damaged("ext4 journal: its superblock is not one"));
        }
        let feature = |at| if version == VERSION_2 { field.be32(at) } else { Ok(0) };
        let incompat = feature(0x28)?;
        let unknown = incompat & !INCOMPAT_KNOWN | feature(0x2c)?;
        if unknown != 0 {
            let reason = format!("ext4 journal feature {unknown:#x} is unknown");
            return Err(MapError::unsupported(reason));
        }
        let has_per_block = incompat & (INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3) != 0;
        if has_per_block {
            check_checksum(field)?;
        }
        let superblock = Self {
            block_size: field.be32(0xc)?,
            blocks: field.be32(0x10)?,
            first: field.be32(0x14)?,
            end: field.be32(0x10)?,
            start: field.be32(0x1c)?,
            sequence: field.be32(0x18)?,
            error: field.be32(0x20)?,
            has_64bit: incompat & INCOMPAT_64BIT != 0,
            has_csum_v2: incompat & INCOMPAT_CSUM_V2 != 0,
            has_csum_v3: incompat & INCOMPAT_CSUM_V3 != 0,
            has_csum_v1: !has_per_block && feature(0x24)? & COMPAT_CHECKSUM != 0,
            has_fast_commit: incompat & INCOMPAT_FAST_COMMIT != 0,
            has_async_commit: incompat & INCOMPAT_ASYNC_COMMIT != 0,
            checksum_seed: crc32c(!0, field.slice(0x30, 16)?),
        };
        superblock.with_fast_commit_area(field.be32(0x54)?)?.checked()
    }

    /// Cuts the fast commit area off the end of the log.
    fn with_fast_commit_area(mut self, asked: u32) -> Result<Self, MapError> {
        if !self.has_fast_commit {
            return Ok(self);
        }
        let area = if asked == 0 { DEFAULT_FAST_COMMIT } else { asked };
        match self.blocks.checked_sub(area) {
            Some(rest) if rest >= LEAST_LOG => self.end = rest,
            // Kernel and e2fsck disagree about where the log of such a small journal ends.
            _ if self.start != 0 => {
                return Err(MapError::unsupported(
                    "ext4 journal: no room for its fast commits, so its end is uncertain",
                ));
            }
            _ => {}
        }
        Ok(self)
    }

    fn checked(self) -> Result<Self, MapError> {
        let has_log = self.first >= 1 && self.first < self.end;
        let starts_inside = self.start == 0 || (self.first..self.end).contains(&self.start);
        if has_log && starts_inside {
            return Ok(self);
        }
        Err(MapError::damaged("ext4 journal: impossible start or length of the log"))
    }

    /// True when descriptor, revoke and commit blocks carry checksums of their own.
    pub(super) fn has_block_checksums(&self) -> bool {
        self.has_csum_v2 || self.has_csum_v3
    }
}

fn check_checksum(field: Bytes<'_>) -> Result<(), MapError> {
    let before = crc32c(!0, field.slice(0, CHECKSUM_AT)?);
    let zeroed = crc32c(before, &[0; 4]);
    let behind = CHECKSUM_AT + 4;
    if cfg!(fuzzing)
        || crc32c(zeroed, field.slice(behind, LENGTH - behind)?) == field.be32(CHECKSUM_AT)?
    {
        return Ok(());
    }
    Err(MapError::damaged("ext4 journal superblock: wrong checksum"))
}
