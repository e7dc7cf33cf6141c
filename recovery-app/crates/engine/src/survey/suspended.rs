//! Whether a system sleeps on the disk that had volumes of it open.
//!
//! A Linux that is suspended to disk keeps its newest allocations in the image of its memory alone:
//! their data is written already, to blocks that the structures on the disk still call free. When
//! it wakes up it goes on from the image and replays no journal, so no map that is made from the
//! disk holds for what it had open.
//!
//! Windows needs none of this: it flushes its volumes before it hibernates, and the map of NTFS
//! takes its log and its run lists into account.

use std::iter;

use block::{BlockDevice, Extent, MemoryDevice, Window};
use filesystem::{Kind, State, VolumeInfo, lvm, swap};
use partition_table::Layout;

use super::identify;

/// Why a volume is captured whole.
pub(super) const REASON: &str = "a system that is suspended to disk may have it open";

/// Where distributions and their guides put swap files; `@swap` is a subvolume of btrfs.
const SWAP_FILES: [&str; 5] =
    ["swapfile", "swap.img", "swap/swapfile", "@swap/swapfile", "var/swapfile"];

/// Bytes of the largest first page of a swap space, at the end of which its signature is.
const FIRST_PAGE: usize = 64 << 10;

/// True when a swap space on the disk holds the memory of a suspended system: a partition, a
/// logical volume, the disk itself, or a file where one usually is.
pub(super) fn is_on(device: &dyn BlockDevice, layout: &Layout) -> bool {
    let disk = Extent::new(0, device.size());
    let partitions = layout.volumes().filter_map(|partition| partition.extent.intersection(&disk));
    iter::once(disk).chain(partitions).any(|place| {
        let volume = Window::new(device, place);
        holds_memory(&volume)
            || has_file_with_memory(&volume, &identify(&volume))
            || has_logical_volume_with_memory(&volume)
    })
}

/// The first page of a logical volume lies at the start of one of its segments, also when it is a
/// stripe or lies on several disks.
fn has_logical_volume_with_memory(physical: &dyn BlockDevice) -> bool {
    lvm::logical_volumes(physical).unwrap_or_default().iter().any(|logical| {
        let content = logical.open(physical);
        logical.segments.iter().any(|segment| holds_memory(&Window::new(physical, *segment)))
            || content.is_some_and(|content| has_file_with_memory(&content, &logical.info))
    })
}

fn has_file_with_memory(volume: &dyn BlockDevice, info: &VolumeInfo) -> bool {
    let kinds = [Kind::Ext2, Kind::Ext3, Kind::Ext4, Kind::Xfs, Kind::Btrfs];
    // What holds the memory of a system is open in it.
    if !kinds.contains(&info.kind) || !may_be_open(info) {
        return false;
    }
    SWAP_FILES.iter().any(|path| {
        let start = filesystem::read_file(volume, info, path, FIRST_PAGE);
        start.is_some_and(|start| holds_memory(&MemoryDevice::from(start)))
    })
}

fn holds_memory(volume: &dyn BlockDevice) -> bool {
    let info = swap::probe(volume).ok().flatten();
    info.is_some_and(|info| matches!(info.state, State::Hibernated(_)))
}

/// True unless `info` proves that a suspended system has nothing of the volume in its memory only.
pub(super) fn may_be_open(info: &VolumeInfo) -> bool {
    match info.kind {
        // Linux marks these on the disk before it changes anything, until all of it is there.
        Kind::Ext2 | Kind::Ext3 | Kind::Ext4 | Kind::Xfs => info.state != State::Clean,
        Kind::Fat12 | Kind::Fat16 | Kind::Fat32 | Kind::ExFat => info.state != State::Clean,
        // Btrfs looks the same whether it is mounted or not, and ntfs-3g marks nothing. The image
        // refers to pages in every other swap space. A physical volume may hold any of these.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_state_that_proves_it_tells_that_a_volume_is_not_open() {
        let open = |kind: Kind, state: State| {
            may_be_open(&VolumeInfo { state, ..VolumeInfo::named(kind, "volume") })
        };
        for kind in [Kind::Ext2, Kind::Ext4, Kind::Xfs, Kind::Fat32, Kind::ExFat] {
            assert!(!open(kind, State::Clean), "{kind}");
            assert!(open(kind, State::Dirty("log needs recovery".to_owned())), "{kind}");
            assert!(open(kind, State::Unknown), "{kind}");
        }
        for kind in [Kind::Btrfs, Kind::Ntfs, Kind::Swap, Kind::Lvm2, Kind::Other] {
            assert!(open(kind, State::Clean), "{kind}");
        }
    }
}
