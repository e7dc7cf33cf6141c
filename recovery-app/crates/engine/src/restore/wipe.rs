//! Making a target plainly unusable before the first chunk is written: whatever stops a restore
//! half-way, nobody takes the disk for a good one.

use std::path::Path;

use block::{AlignedBuffer, BlockDevice, Extent, ExtentSet};
use partition_table::Layout;

use crate::EngineError;

/// Bytes at both ends of the disk and of each partition: partition tables, boot code, superblocks,
/// RAID metadata, ZFS labels (512 KiB at each end).
const ENDS: u64 = 1 << 20;
/// Most partitions of a table whose ends are wiped, which bounds the time that a senseless table
/// costs. Linux has room for 256 on a disk.
const MOST_PARTITIONS: usize = 256;

/// The first sector of a disk whose restore is not finished begins with this.
const MARKER: &[u8] =
    b"REMETAL: a restore onto this disk was not finished. Start it again. Backup: ";

/// Writes the marker and zeros the old signatures. Bytes in `kept` are not touched.
///
/// `layouts` are the one that was on the disk and the one that will be: where the backup has a
/// hole, nothing else would remove what is left of an array at the end of a partition, and it
/// would claim the volume that was restored around it.
pub(super) fn wipe<'a>(
    device: &dyn BlockDevice,
    layouts: impl IntoIterator<Item = &'a Layout>,
    kept: &ExtentSet,
    backup: &Path,
) -> Result<(), EngineError> {
    let geometry = device.geometry();
    let disk = Extent::new(0, geometry.size);
    let sector = u64::from(geometry.logical_sector);
    // First of all: whatever stops the rest, the disk says what it is.
    mark(device, backup)?;
    let partitions = layouts.into_iter().flat_map(|layout| {
        let extents = layout.volumes().map(|partition| partition.extent);
        extents.filter_map(|extent| extent.intersection(&disk)).take(MOST_PARTITIONS)
    });
    let ends = partitions.chain([disk]).flat_map(both_ends);
    let all: ExtentSet = ends.map(|extent| extent.aligned_out(sector)).collect();
    for extent in all.clipped(disk).difference(kept).difference(&first_sector(device).into()).iter()
    {
        device.zero(extent)?;
    }
    device.flush()?;
    Ok(())
}

/// Writes a first sector that says that the restore of `backup` is not finished.
pub(super) fn mark(device: &dyn BlockDevice, backup: &Path) -> Result<(), EngineError> {
    device.write_at(&marker(first_sector(device).length, backup), 0)?;
    device.flush()?;
    Ok(())
}

/// True when the disk itself has what [`mark`] writes.
pub(super) fn is_marked(device: &dyn BlockDevice, backup: &Path) -> Result<bool, EngineError> {
    let first = first_sector(device);
    let expected = marker(first.length, backup);
    let mut found = AlignedBuffer::zeroed(expected.len());
    device.forget(first);
    device.read_at(&mut found, 0)?;
    Ok(found[..] == expected[..])
}

/// Fewer bytes than a sector on a file that has no more.
fn first_sector(device: &dyn BlockDevice) -> Extent {
    let geometry = device.geometry();
    Extent::new(0, geometry.size.min(u64::from(geometry.logical_sector)))
}

/// A first sector of `length` bytes.
fn marker(length: u64, backup: &Path) -> AlignedBuffer {
    let mut sector = AlignedBuffer::zeroed(usize::try_from(length).unwrap_or(0));
    let text = [MARKER, backup.display().to_string().as_bytes()].concat();
    // The last two bytes stay zero: no firmware takes this for a boot sector.
    let length = text.len().min(sector.len().saturating_sub(2));
    sector[..length].copy_from_slice(&text[..length]);
    sector
}

/// The first and the last [`ENDS`] bytes of `extent`.
fn both_ends(extent: Extent) -> [Extent; 2] {
    let length = extent.length.min(ENDS);
    [Extent::new(extent.start, length), Extent::new(extent.end() - length, length)]
}

/// The backup that was being restored onto `device` when the restore stopped half-way, as it was
/// named then; `None` when the first sector says nothing of that kind.
///
/// `device` must take reads of any alignment.
#[must_use]
pub fn unfinished_restore(device: &dyn BlockDevice) -> Option<String> {
    let sector = usize::try_from(device.geometry().logical_sector).ok()?;
    let first = device.read_vec(0, sector).ok()?;
    let backup = first.strip_prefix(MARKER)?;
    let length = backup.iter().position(|byte| *byte == 0).unwrap_or(backup.len());
    Some(String::from_utf8_lossy(&backup[..length]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use block::MemoryDevice;
    use partition_table::{Partition, PartitionRole, Table};

    const MIB: u64 = 1 << 20;
    const SIZE: usize = 64 << 20;

    fn layout(partitions: &[Extent]) -> Layout {
        let partition = |(number, extent): (u32, &Extent)| Partition {
            number,
            role: PartitionRole::Primary,
            extent: *extent,
            type_name: String::new(),
            type_id: String::new(),
            name: None,
            guid: None,
            bootable: false,
            flags: Vec::new(),
        };
        Layout {
            table: Table::Doubtful,
            partitions: (1..).zip(partitions).map(partition).collect(),
            sector_size: 512,
            disk_size: SIZE as u64,
            uncertain: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn both_ends_of_old_and_new_partitions_are_wiped_and_no_more() {
        let device = MemoryDevice::from(vec![0xaa; SIZE]);
        let old = layout(&[Extent::new(4 * MIB, 8 * MIB), Extent::new(60 * MIB, 80 * MIB)]);
        let new = layout(&[Extent::new(20 * MIB, 8 * MIB), Extent::new(40 * MIB, 512)]);
        let kept = ExtentSet::from(Extent::new(27 * MIB, MIB / 2));
        wipe(&device, [&old, &new], &kept, Path::new("backup")).unwrap();
        let zeros: ExtentSet = [0, 4, 11, 20, 60, 63]
            .map(|start| Extent::new(start * MIB, MIB))
            .into_iter()
            .chain([Extent::new(27 * MIB + MIB / 2, MIB / 2), Extent::new(40 * MIB, 512)])
            .collect();
        let bytes = device.to_vec();
        assert!(bytes.starts_with(MARKER));
        for (at, chunk) in (0..).step_by(512).zip(bytes.chunks(512)).skip(1) {
            let expected = if zeros.intersects(Extent::new(at, 512)) { 0 } else { 0xaa };
            assert!(chunk.iter().all(|byte| *byte == expected), "byte {at}");
        }
    }
}
