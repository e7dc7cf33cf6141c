//! Descriptor, revoke and commit blocks of a journal, one at a time.

use crate::MapError;
use crate::bytes::Bytes;

use super::super::checksum::crc32c;
use super::MAGIC;
use super::superblock::JournalSuperblock;

const HEADER: usize = 12;
const REVOKE_HEADER: usize = 16;
/// The checksum at the end of descriptor and revoke blocks.
const TAIL: usize = 4;
const COMMIT_CHECKSUM_AT: usize = 0x10;

const FLAG_ESCAPED: u16 = 1;
const FLAG_SAME_UUID: u16 = 2;
const FLAG_LAST: u16 = 8;

/// What a block of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Names the blocks that follow it.
    Descriptor,
    /// Ends a transaction.
    Commit,
    /// Names blocks whose earlier copies must not be replayed.
    Revoke,
}

/// The type and transaction of a block, or `None` when it is not one that recovery follows.
pub(super) fn header(block: &[u8]) -> Option<(Type, u32)> {
    let field = Bytes::new(block, "ext4 journal block");
    if field.be32(0).ok()? != MAGIC {
        return None;
    }
    let kind = match field.be32(4).ok()? {
        1 => Type::Descriptor,
        2 => Type::Commit,
        5 => Type::Revoke,
        _ => return None,
    };
    Some((kind, field.be32(8).ok()?))
}

/// One block named by a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) block: u64,
    pub(super) escaped: bool,
}

/// The tags of a descriptor block.
pub(super) fn tags(journal: &JournalSuperblock, block: &[u8]) -> Vec<Tag> {
    let size = tag_size(journal);
    let end = block.len() - if journal.has_block_checksums() { TAIL } else { 0 };
    let field = Bytes::new(&block[..end], "ext4 journal descriptor");
    let mut found = Vec::new();
    let mut at = HEADER;
    while at + size <= end {
        let Ok((tag, flags)) = tag(journal, field, at) else { break };
        found.push(tag);
        at += size + if flags & FLAG_SAME_UUID == 0 { 16 } else { 0 };
        if flags & FLAG_LAST != 0 {
            break;
        }
    }
    found
}

fn tag(journal: &JournalSuperblock, field: Bytes<'_>, at: usize) -> Result<(Tag, u16), MapError> {
    // Both layouts have the low half of the block number first and flags that end at byte 8.
    let flags = field.be16(at + 6)?;
    let high = if journal.has_64bit { field.be32(at + 8)? } else { 0 };
    let block = u64::from(high) << 32 | u64::from(field.be32(at)?);
    Ok((Tag { block, escaped: flags & FLAG_ESCAPED != 0 }, flags))
}

fn tag_size(journal: &JournalSuperblock) -> usize {
    if journal.has_csum_v3 {
        return 16;
    }
    8 + if journal.has_csum_v2 { 2 } else { 0 } + if journal.has_64bit { 4 } else { 0 }
}

/// The blocks that a revoke block names.
pub(super) fn revoked(journal: &JournalSuperblock, block: &[u8]) -> Vec<u64> {
    let field = Bytes::new(block, "ext4 journal revoke block");
    let room = block.len() - if journal.has_block_checksums() { TAIL } else { 0 };
    let used = field.be32(HEADER).ok().and_then(|used| usize::try_from(used).ok());
    let end = used.unwrap_or(0).min(room);
    let size = if journal.has_64bit { 8 } else { 4 };
    let numbers = block.get(REVOKE_HEADER..end).unwrap_or(&[]);
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    numbers.chunks_exact(size).map(number).collect()
}

/// True when a descriptor or revoke block has the checksum it carries, or carries none.
pub(super) fn has_right_tail(journal: &JournalSuperblock, block: &[u8]) -> bool {
    !journal.has_block_checksums() || has_checksum_at(journal, block, block.len() - TAIL)
}

/// True when a commit block has the checksum it carries, or carries none of itself.
pub(super) fn is_right_commit(journal: &JournalSuperblock, block: &[u8]) -> bool {
    !journal.has_block_checksums() || has_checksum_at(journal, block, COMMIT_CHECKSUM_AT)
}

fn has_checksum_at(journal: &JournalSuperblock, block: &[u8], at: usize) -> bool {
    let (before, stored, after) = (&block[..at], &block[at..at + 4], &block[at + 4..]);
    let sum = [before, &[0; 4], after].into_iter().fold(journal.checksum_seed, crc32c);
    // A fuzzer does not find checksums; one that begins with a zero is wrong, so that it finds those.
    cfg!(fuzzing) && stored[0] != 0 || sum.to_be_bytes() == stored
}

/// True when a version 1 commit block carries `sum` over its transaction, or none.
pub(super) fn commits_sum(block: &[u8], sum: u32) -> bool {
    let (kind, size) = (block[0xc], block[0xd]);
    let stored = &block[COMMIT_CHECKSUM_AT..COMMIT_CHECKSUM_AT + 4];
    match (kind, size) {
        (0, 0) => stored == [0; 4],
        (1, 4) => stored == sum.to_be_bytes(),
        _ => false,
    }
}
