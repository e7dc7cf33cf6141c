//! Fast commits: changes to single inodes, at the end of the journal (Linux
//! `fs/ext4/fast_commit.c`).
//!
//! A fast commit promises a file's content without its bitmaps having been logged: replay marks
//! the blocks as used. So all blocks that any record names are taken for used, stale records
//! included: what they cost is bounded by the area, which is a few hundred blocks.

use std::ops::ControlFlow;

use crate::MapError;
use crate::bytes::Bytes;

use super::super::inode::Inode;
use super::super::layout::Run;
use super::super::mapping::{Budget, extent_length, walk};
use super::super::volume::Volume;
use super::Journal;

/// Tag and length in front of each record, in bytes.
const HEADER: usize = 4;
const TAG_ADD_RANGE: u16 = 1;
const TAG_INODE: u16 = 6;
const KNOWN_TAGS: std::ops::RangeInclusive<u16> = 1..=9;

/// Tells `add` all blocks that the fast commits of `journal` name. `volume` is the replayed
/// view.
pub(in super::super) fn named_blocks(
    volume: &Volume<'_>,
    journal: &Journal,
    add: &mut dyn FnMut(Run),
) -> Result<(), MapError> {
    let log = &journal.superblock;
    if !log.has_fast_commit {
        return Ok(());
    }
    let mut budget = Budget::for_all(volume);
    for index in log.end..log.blocks {
        let block = journal.read(volume, index)?;
        for (tag, value) in records(&block) {
            match tag {
                TAG_ADD_RANGE => added_range(value, add)?,
                TAG_INODE => inode_blocks(volume, value, &mut budget, add)?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// The records of a block; ends where they stop making sense.
fn records(block: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let field = Bytes::new(block, "ext4 fast commit");
    let mut at = 0;
    std::iter::from_fn(move || {
        let tag = field.le16(at).ok().filter(|tag| KNOWN_TAGS.contains(tag))?;
        let length = usize::from(field.le16(at + 2).ok()?);
        let value = field.slice(at + HEADER, length).ok()?;
        at += HEADER + length;
        Some((tag, value))
    })
}

/// An inode number and an extent.
fn added_range(value: &[u8], add: &mut dyn FnMut(Run)) -> Result<(), MapError> {
    let field = Bytes::new(value, "ext4 fast commit range");
    if value.len() < 16 {
        return Ok(());
    }
    let (count, _) = extent_length(field.le16(8)?);
    let first = u64::from(field.le16(10)?) << 32 | u64::from(field.le32(12)?);
    add(Run { first, count });
    Ok(())
}

/// An inode number and the inode. Replay does not use its map, so a map that leads nowhere is
/// no damage; what it does lead to is added.
fn inode_blocks(
    volume: &Volume<'_>,
    value: &[u8],
    budget: &mut Budget,
    add: &mut dyn FnMut(Run),
) -> Result<(), MapError> {
    let Some(inode) = value.get(4..).and_then(|raw| Inode::parse(raw).ok()) else {
        return Ok(());
    };
    let walked = walk(volume, &inode, budget, &mut |mapped| {
        add(Run { first: mapped.physical, count: mapped.count });
        ControlFlow::Continue(())
    });
    match walked {
        Err(error @ MapError::Device(_)) => Err(error),
        Err(error) if budget.is_spent() => Err(error),
        _ => Ok(()),
    }
}
