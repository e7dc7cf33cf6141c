//! The allocation map: all that is not free.

use block::{BlockDevice, Extent, ExtentSetBuilder};

use super::btree::Blocks;
use super::free_space::{FreeSpace, Record};
use super::group::Group;
use super::log::{LogState, examine, replay};
use super::superblock::Superblock;
use crate::{AllocationMap, MapError};

/// The used bytes of the XFS on `volume`.
///
/// After a crash, what is free must be so both on the disk as it is and after the log is
/// replayed, and no item of the log may name it.
///
/// # Errors
/// When anything is not understood or contradicts itself.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let sb = Superblock::read(volume)?.ok_or_else(|| MapError::damaged("not an XFS"))?;
    sb.check_mappable(volume)?;
    let on_disk = Blocks { volume, sb: &sb, overlay: None };
    let mut used = ExtentSetBuilder::new();
    used.add(sb.log()?);
    let source = match examine(volume, &sb)? {
        LogState::Clean => {
            add_clean(&on_disk, &mut used)?;
            "XFS free-space trees"
        }
        LogState::Dirty { tail, head, newest } => {
            let overlay = replay(volume, &sb, (tail, head), newest)?;
            let replayed = Blocks { volume, sb: &sb, overlay: Some(&overlay) };
            add_crashed(&on_disk, &replayed, &mut used)?;
            used.extend(overlay.into_named().iter());
            "XFS free-space trees, log replayed"
        }
    };
    Ok(AllocationMap { used: used.build(), covered: sb.size(), source: source.to_owned() })
}

/// Adds what is used of a volume that was unmounted in order.
fn add_clean(blocks: &Blocks<'_>, used: &mut ExtentSetBuilder) -> Result<(), MapError> {
    let mut counted = 0;
    for number in 0..blocks.sb.groups {
        let free = FreeSpace::read(blocks, &Group::read(blocks, number)?)?;
        counted += free.counted;
        add_gaps(blocks.sb, number, &free.records, used);
    }
    if counted != blocks.sb.free_blocks {
        return Err(MapError::damaged(format!(
            "XFS superblock counts {} free blocks, its groups {counted}",
            blocks.sb.free_blocks
        )));
    }
    Ok(())
}

/// Adds what is used of a volume whose log was not written back, on the disk or after replay.
fn add_crashed(
    on_disk: &Blocks<'_>,
    replayed: &Blocks<'_>,
    used: &mut ExtentSetBuilder,
) -> Result<(), MapError> {
    for number in 0..replayed.sb.groups {
        let group = Group::read(replayed, number)?;
        let free = FreeSpace::read(replayed, &group)?.records;
        let before =
            Group::read(on_disk, number).and_then(|group| FreeSpace::read(on_disk, &group));
        let free = match before {
            Ok(before) => common(&free, &before.records),
            Err(MapError::Device(error)) => return Err(error.into()),
            // Half written back: the trees on the disk say nothing by themselves.
            Err(_) => free,
        };
        add_gaps(replayed.sb, number, &free, used);
    }
    Ok(())
}

/// Adds the blocks of a group that lie between its free extents.
fn add_gaps(sb: &Superblock, group: u32, free: &[Record], used: &mut ExtentSetBuilder) {
    let mut at = 0;
    for (start, count) in free {
        used.add(Extent::between(sb.byte_of(group, at), sb.byte_of(group, *start)));
        at = start + count;
    }
    used.add(Extent::between(sb.byte_of(group, at), sb.byte_of(group, sb.length_of(group))));
}

/// The blocks that are in both lists of ascending, disjoint extents.
fn common(a: &[Record], b: &[Record]) -> Vec<Record> {
    let mut both = Vec::new();
    let (mut in_a, mut in_b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some((start_a, count_a)), Some((start_b, count_b))) = (in_a.peek(), in_b.peek()) {
        let (end_a, end_b) = (start_a + count_a, start_b + count_b);
        let (start, end) = ((*start_a).max(*start_b), end_a.min(end_b));
        if start < end {
            both.push((start, end - start));
        }
        if end_a <= end_b {
            in_a.next();
        } else {
            in_b.next();
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_blocks_of_two_lists() {
        assert_eq!(common(&[(0, 10), (20, 5)], &[(5, 20)]), [(5, 5), (20, 5)]);
        assert_eq!(common(&[(0, 10)], &[(10, 5)]), []);
        assert_eq!(common(&[(0, 100)], &[(3, 1), (7, 2), (99, 50)]), [(3, 1), (7, 2), (99, 1)]);
        assert_eq!(common(&[], &[(1, 1)]), []);
    }
}
