//! Where the log ends: the first block that the next write would fill (`xlog_find_head`).

use super::record::Header;
use super::ring::Ring;
use super::strange;
use crate::MapError;
use crate::xfs::superblock::Superblock;

/// Blocks that may be in flight at once: 8 records of 256 KiB. Within so many blocks before the
/// head, later writes may have reached the disk while earlier ones did not.
const IN_FLIGHT: u32 = 4096;
/// Blocks of the longest record.
const RECORD: u32 = 512;

/// The block behind the last complete record, as the kernel finds it.
pub(super) fn find_head(ring: &Ring<'_>, sb: &Superblock) -> Result<u32, MapError> {
    let last = ring.blocks - 1;
    let (first_cycle, last_cycle) = (ring.cycle(0)?, ring.cycle(last)?);
    if first_cycle == 0 {
        return Err(strange("it is empty"));
    }
    if last_cycle == 0 {
        return head_before_unwritten(ring, sb, last);
    }
    let (guess, old) = if first_cycle == last_cycle {
        (ring.blocks, last_cycle - 1)
    } else {
        (search_cycle(ring, 0, last, last_cycle)?, last_cycle)
    };
    let head = step_back_over_holes(ring, guess, old)?;
    let head = step_back_over_part(ring, sb, head)?;
    Ok(if head == ring.blocks { 0 } else { head })
}

/// The log has not been filled once: its end still has cycle 0.
fn head_before_unwritten(ring: &Ring<'_>, sb: &Superblock, last: u32) -> Result<u32, MapError> {
    let guess = search_cycle(ring, 0, last, 0)?;
    let start = guess.saturating_sub(IN_FLIGHT);
    let head = ring.first_of_cycle(start, guess - start, 0)?.unwrap_or(guess);
    end_of_record(ring, sb, start, head, 0)?.ok_or_else(|| strange("it has no record"))
}

/// By halving, a block of `cycle` whose predecessor is of another; `high` is of `cycle`, `low`
/// is not.
fn search_cycle(ring: &Ring<'_>, low: u32, high: u32, cycle: u32) -> Result<u32, MapError> {
    let (mut low, mut high) = (low, high);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if ring.cycle(middle)? == cycle {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(high)
}

/// Moves the head back to the first block near it that the current round has not written.
fn step_back_over_holes(ring: &Ring<'_>, head: u32, old: u32) -> Result<u32, MapError> {
    let scan = ring.blocks.min(IN_FLIGHT);
    if head >= scan {
        return Ok(ring.first_of_cycle(head - scan, scan, old)?.unwrap_or(head));
    }
    // The blocks in flight began before the end of the ring; there the round before counts.
    let around = scan - head;
    let older = old.wrapping_sub(1);
    if let Some(hole) = ring.first_of_cycle(ring.blocks - around, around, older)? {
        return Ok(hole);
    }
    Ok(ring.first_of_cycle(0, head, old)?.unwrap_or(head))
}

/// Moves the head back to the start of a record that is not complete.
fn step_back_over_part(ring: &Ring<'_>, sb: &Superblock, head: u32) -> Result<u32, MapError> {
    let start = head.saturating_sub(RECORD);
    if let Some(end) = end_of_record(ring, sb, start, head, 0)? {
        return Ok(end);
    }
    if start > 0 {
        return Err(strange("the last record has no header"));
    }
    let start = ring.blocks.saturating_sub(RECORD - head);
    let end = end_of_record(ring, sb, start, ring.blocks, head)?
        .ok_or_else(|| strange("the last record has no header"))?;
    Ok(if end == ring.blocks { head } else { end })
}

/// The last header from `start` to before `end`: `end` when its record ends there (`extra`
/// blocks of it being at the start of the ring), the header's own block otherwise.
fn end_of_record(
    ring: &Ring<'_>,
    sb: &Superblock,
    start: u32,
    end: u32,
    extra: u32,
) -> Result<Option<u32>, MapError> {
    let Some(block) = ring.last_header(start, end)? else { return Ok(None) };
    let header = Header::read(ring, sb, block)?;
    Ok(Some(if end - block + extra == header.blocks() { end } else { block }))
}
