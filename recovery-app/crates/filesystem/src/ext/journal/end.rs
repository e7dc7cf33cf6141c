//! Whether the log of a journal ends where the walk over it ended.
//!
//! Recovery takes whatever does not continue the log for its end. So does the walk, but a block
//! that was lost in the middle looks the same, and then later transactions lie behind it. Some of
//! their blocks may already have been written home: inodes among them, while the bitmaps that
//! belong to them are only in the part of the log that nothing leads to.

use crate::MapError;

use super::super::volume::{MOST_AT_ONCE, Volume};
use super::Journal;
use super::tag::{self, Type};

/// Refuses a log that holds more than the `walked` transactions that were followed.
///
/// All blocks are looked at, also those that descriptors take for copies: a copy never begins
/// with the magic number, and a wrong descriptor may have led over a part of the log.
pub(super) fn check(volume: &Volume<'_>, journal: &Journal, walked: u32) -> Result<(), MapError> {
    let log = &journal.superblock;
    let most = (MOST_AT_ONCE / volume.superblock.block_size).max(1);
    let mut index = log.first;
    while index < log.end {
        let run = journal.run_from(index)?;
        let count = run.count.min(most).min(u64::from(log.end - index));
        let blocks = volume.read_on_disk(run.first, count)?;
        for block in blocks.chunks_exact(volume.block_len()) {
            if is_live_behind(journal, index, block, walked) {
                return Err(MapError::damaged(format!(
                    "ext4 journal: broken off, block {index} belongs to a later transaction"
                )));
            }
            index += 1;
        }
    }
    Ok(())
}

/// True when block `index` of the journal proves that more than `walked` transactions were
/// written since the start of the log.
fn is_live_behind(journal: &Journal, index: u32, block: &[u8], walked: u32) -> bool {
    let log = &journal.superblock;
    let Some((kind, sequence)) = tag::header(block) else { return false };
    let transaction = sequence.wrapping_sub(log.sequence);
    // Each transaction before it ends with a block of its own, so numbers that are larger come
    // from another life of the journal, as do smaller ones, which wrap around.
    if transaction < walked || transaction > journal.order_of(index) {
        return false;
    }
    // The transaction that was being written may be there in part. Its commit block is written
    // when the others are on the disk, unless the volume was mounted to do without the wait.
    let proves = transaction > walked || kind == Type::Commit && !log.has_async_commit;
    // With checksums, which depend on the journal's UUID, an earlier filesystem's are told apart.
    proves
        && match kind {
            Type::Commit => tag::is_right_commit(log, block),
            Type::Descriptor | Type::Revoke => tag::has_right_tail(log, block),
        }
}
