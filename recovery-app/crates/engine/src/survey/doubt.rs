//! Whether a disk without a partition table is really one volume.

use block::{BlockDevice, Extent, Window};
use filesystem::{Kind, VolumeInfo};
use partition_table::{Layout, Table};

use super::identify;

/// A logical volume may be larger than the filesystem on it by less than this: an extent of LVM as
/// it is by default, in bytes.
const SLACK: u64 = 4 << 20;

/// Doubts that there is no table when there is something where partitions may lie: of what looks
/// like a filesystem on the whole disk, an old superblock may be all that is left, and its map
/// would leave out the partitions.
pub(super) fn doubt(device: &dyn BlockDevice, layout: &mut Layout) {
    if layout.table != Table::None {
        return;
    }
    let whole = identify(device);
    // These have no map, and their signature at the end of the disk would be found again.
    if matches!(whole.kind, Kind::LinuxRaid | Kind::FirmwareRaid | Kind::Zfs) {
        return;
    }
    let volumes = Explained::by(device, &whole);
    for place in partition_table::suspected_partitions(device) {
        let info = identify(&Window::new(device, place));
        if info.kind != Kind::Unknown && !volumes.explain(place, &info) {
            layout.table = Table::Doubtful;
            layout.notes.push(format!(
                "there is no partition table, but {} at byte {}, as in a partition",
                info.title, place.start
            ));
            return;
        }
    }
}

/// The logical volumes on a disk that is a physical volume: start and length of each in bytes. The
/// first of them usually starts at 1 MiB, as the first partition would.
struct Explained(Vec<(u64, u64)>);

impl Explained {
    fn by(device: &dyn BlockDevice, whole: &VolumeInfo) -> Self {
        if whole.kind != Kind::Lvm2 {
            return Self(Vec::new());
        }
        let volumes = filesystem::lvm::logical_volumes(device).unwrap_or_default();
        let places = volumes.iter().filter_map(|volume| {
            let length = volume.segments.iter().map(|segment| segment.length).sum();
            Some((volume.segments.first()?.start, length))
        });
        Self(places.collect())
    }

    /// True when what is at `place` is what lies on a logical volume that starts there.
    fn explain(&self, place: Extent, info: &VolumeInfo) -> bool {
        self.0.iter().any(|(start, length)| {
            let fits = |size: u64| size <= *length && length - size < SLACK;
            *start == place.start && info.size.is_none_or(fits)
        })
    }
}
