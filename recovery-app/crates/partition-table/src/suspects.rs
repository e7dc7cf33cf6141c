//! Where partitions may lie on a disk whose first sectors say nothing of any.

use block::{BlockDevice, Extent};

use crate::boot_sector::BOOT_SECTOR_SIZE;
use crate::bytes::{Sectors, read_bytes, sector_size};
use crate::gpt::{Copy, partitions, read_copy};
use crate::notes::Notes;
use crate::signature;

/// Where the first partition of an MBR usually starts, in bytes: behind one track of 63 sectors,
/// at the first MiB, and at 4 MiB on memory cards.
const USUAL_STARTS: [u64; 3] = [63 * 512, 1 << 20, 4 << 20];

/// Most partitions of a GPT that are told. Whoever lost more finds one of his among the first.
const MOST_TOLD: usize = 256;

/// Where partitions may lie on a disk with [`Table::None`](crate::Table::None), in bytes and within
/// the disk: those that a backup GPT at its end names, and what starts where an MBR usually puts the
/// first one, up to the end of the disk.
///
/// A tool that writes a table leaves older superblocks of the whole disk where they are. When the
/// table is lost later, such a disk looks like one with a filesystem straight on it. Whether there
/// are partitions, only what is in these places can tell. The usual starts are left out when the
/// first sector itself belongs to a filesystem: then no MBR is lost.
#[must_use]
pub fn suspected_partitions(device: &dyn BlockDevice) -> Vec<Extent> {
    let disk = Sectors { device, unit: sector_size(device) };
    let whole = Extent::new(0, device.size());
    let mut places: Vec<Extent> = last_copy(disk).map_or_else(Vec::new, |(disk, copy)| {
        let named = partitions(disk, &copy, &mut Notes::default());
        named.into_iter().map(|partition| partition.extent).take(MOST_TOLD).collect()
    });
    let first = read_bytes(device, Extent::new(0, BOOT_SECTOR_SIZE)).unwrap_or_default();
    if signature::in_sector(&first).is_none() {
        places.extend(USUAL_STARTS.map(|start| Extent::between(start, device.size().max(start))));
    }
    let within = places.iter().filter_map(|place| place.intersection(&whole));
    within.filter(|place| place.start > 0).collect()
}

/// The copy of a GPT in the last sector of the disk, with the size of sectors it is written for.
pub(crate) fn last_copy(disk: Sectors<'_>) -> Option<(Sectors<'_>, Copy)> {
    [disk.unit, 512, 4096].into_iter().find_map(|unit| {
        let disk = Sectors { unit, ..disk };
        let last = disk.count().checked_sub(1).filter(|last| *last > 1)?;
        Some((disk, read_copy(disk, last).ok()?))
    })
}
