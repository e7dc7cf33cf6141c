//! Clean or dirty, and where replay starts and ends (`xlog_find_tail`).

use block::BlockDevice;

use super::head::find_head;
use super::record::{Header, Record};
use super::ring::{BLOCK, Ring};
use super::strange;
use crate::MapError;
use crate::bytes::Bytes;
use crate::xfs::superblock::Superblock;

/// Records that may have been in flight when the machine stopped; only these may be torn.
const MOST_TORN: usize = 8;
/// Flag of the operation that an orderly unmount leaves alone in the last record.
const UNMOUNT: u8 = 0x20;

/// What the log asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::xfs) enum LogState {
    /// Unmounted in order: nothing to replay.
    Clean,
    /// To be replayed from block `tail` up to, not including, block `head` of the ring.
    Dirty {
        /// First block of the oldest record needed.
        tail: u32,
        /// First block behind the newest record.
        head: u32,
        /// LSN of the newest record; nothing on the volume may be newer.
        newest: u64,
    },
}

/// Finds the state of the log without changing anything.
pub(in crate::xfs) fn examine(
    volume: &dyn BlockDevice,
    sb: &Superblock,
) -> Result<LogState, MapError> {
    let ring = Ring::new(volume, sb.log()?)?;
    let mut head = find_head(&ring, sb)?;
    let mut last = last_record(&ring, sb, head, head)?;
    if ends_in_unmount(&ring, &last, head)? {
        return Ok(LogState::Clean);
    }
    let tail = tail_of(&ring, &last)?;
    if let Some(torn) = first_torn(&ring, sb, tail, head)? {
        head = torn;
        last = last_record(&ring, sb, head, tail)?;
        if ends_in_unmount(&ring, &last, head)? {
            return Err(strange("all that followed the last unmount is torn"));
        }
    }
    let tail = tail_of(&ring, &last)?;
    check_cycles(&last, tail, head)?;
    Ok(LogState::Dirty { tail, head, newest: last.lsn })
}

fn last_record(
    ring: &Ring<'_>,
    sb: &Superblock,
    head: u32,
    limit: u32,
) -> Result<Header, MapError> {
    let block = ring.previous_header(head, limit)?.ok_or_else(|| strange("it has no record"))?;
    let header = Header::read(ring, sb, block)?;
    header.check_origin()?;
    Ok(header)
}

fn tail_of(ring: &Ring<'_>, last: &Header) -> Result<u32, MapError> {
    u32::try_from(last.tail_lsn & u64::from(u32::MAX))
        .ok()
        .filter(|block| *block < ring.blocks)
        .ok_or_else(|| strange("its tail lies outside"))
}

/// True when `last` ends at `head` and holds nothing but the mark of an unmount.
fn ends_in_unmount(ring: &Ring<'_>, last: &Header, head: u32) -> Result<bool, MapError> {
    if last.operations != 1 || ring.advance(last.block, last.blocks()) != head {
        return Ok(false);
    }
    let data = ring.read(ring.advance(last.block, last.header_blocks), 1)?;
    Ok(Bytes::new(&data[..BLOCK], "XFS log").u8(9)? & UNMOUNT != 0)
}

/// The first of the last few records whose checksum is wrong.
fn first_torn(
    ring: &Ring<'_>,
    sb: &Superblock,
    tail: u32,
    head: u32,
) -> Result<Option<u32>, MapError> {
    let mut start = head;
    for _ in 0..MOST_TORN {
        match ring.previous_header(start, tail)? {
            // Over the start of the ring at most once, and never past the tail.
            Some(block) if ring.distance(block, head) > ring.distance(start, head) => start = block,
            _ => break,
        }
        if start == tail {
            break;
        }
    }
    while start != head {
        let record = Record::read(ring, sb, start, head)?;
        if !record.is_whole()? {
            return Ok(Some(start));
        }
        start = ring.advance(start, record.header.blocks());
    }
    Ok(None)
}

/// Head and tail are at most one round apart (`xlog_clear_stale_blocks` refuses other logs).
fn check_cycles(last: &Header, tail: u32, head: u32) -> Result<(), MapError> {
    let bump = u64::from(last.block >= head);
    let head_cycle = u64::from(last.cycle) + bump;
    let tail_cycle = last.tail_lsn >> 32;
    let sane = if tail < head { head_cycle == tail_cycle } else { head_cycle == tail_cycle + 1 };
    if tail == head || !sane {
        return Err(strange("head and tail contradict each other"));
    }
    Ok(())
}
