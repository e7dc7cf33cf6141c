//! Making a target plainly unusable before the first chunk is written: whatever stops a restore
//! half-way, nobody takes the disk for a good one.

use block::{AlignedBuffer, BlockDevice, Extent, ExtentSet};
use partition_table::Layout;

use crate::EngineError;

/// Bytes at both ends of the disk: partition tables, boot code, RAID metadata, ZFS labels.
const ENDS: u64 = 1 << 20;
/// Bytes at the start of each old partition: superblocks (btrfs keeps its own at 64 KiB).
const PARTITION_START: u64 = 128 << 10;

/// The first sector of a disk whose restore is not finished begins with this.
const MARKER: &[u8] =
    b"REMETAL: a restore onto this disk was not finished. Start it again. Backup: ";

/// Zeros the old signatures and leaves the marker. Bytes in `kept` are not touched.
pub(super) fn wipe(
    device: &dyn BlockDevice,
    old_layout: Option<&Layout>,
    kept: &ExtentSet,
    backup: &str,
) -> Result<(), EngineError> {
    let geometry = device.geometry();
    let disk = Extent::new(0, geometry.size);
    let sector = u64::from(geometry.logical_sector);
    let starts = old_layout.into_iter().flat_map(|layout| {
        layout.volumes().map(|partition| Extent::new(partition.extent.start, PARTITION_START))
    });
    let ends =
        [Extent::new(0, ENDS), Extent::between(geometry.size.saturating_sub(ENDS), geometry.size)];
    let all: ExtentSet = starts.chain(ends).map(|extent| extent.aligned_out(sector)).collect();
    for extent in all.clipped(disk).difference(kept).iter() {
        device.zero(extent)?;
    }
    // A file may be smaller than a sector.
    let length = disk.length.min(sector);
    let mut first = AlignedBuffer::zeroed(usize::try_from(length).unwrap_or(0));
    let text = [MARKER, backup.as_bytes()].concat();
    // The last two bytes stay zero: no firmware takes this for a boot sector.
    let length = text.len().min(first.len().saturating_sub(2));
    first[..length].copy_from_slice(&text[..length]);
    device.write_at(&first, 0)?;
    device.flush()?;
    Ok(())
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
