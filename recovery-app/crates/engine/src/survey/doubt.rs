//! Whether a disk without a partition table is really one volume.

use block::{BlockDevice, Extent, Window};
use filesystem::{Kind, VolumeInfo, lvm};
use partition_table::{Layout, Table};

use super::identify;

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

/// The logical volumes on a disk that is a physical volume. The first of them usually starts at
/// 1 MiB, as the first partition would, and may be the hidden half of a mirror.
struct Explained(Vec<lvm::Place>);

impl Explained {
    fn by(device: &dyn BlockDevice, whole: &VolumeInfo) -> Self {
        if whole.kind != Kind::Lvm2 {
            return Self(Vec::new());
        }
        Self(lvm::places(device).unwrap_or_default())
    }

    /// True when what is at `place` is what lies on a logical volume that has a segment there. The
    /// volume may be larger: whoever grows one need not grow the filesystem on it.
    fn explain(&self, place: Extent, info: &VolumeInfo) -> bool {
        self.0.iter().any(|volume| {
            let starts_here = volume.segments.iter().any(|part| part.start == place.start);
            starts_here && info.size.is_none_or(|size| size <= volume.length)
        })
    }
}
