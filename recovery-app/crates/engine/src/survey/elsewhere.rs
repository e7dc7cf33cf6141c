//! Whether a filesystem of the disk has a part on another volume that bears no sign of that.
//!
//! The realtime section of an XFS has no superblock unless it is of the newest kind, its log has none
//! at all: what the first bytes of such a volume say is what was there before, and a map that is made
//! of it leaves out what the XFS has put there. (Members of a btrfs and the journal of an ext
//! filesystem do have superblocks.)

use std::iter;

use block::{BlockDevice, Extent, Window};
use filesystem::{lvm, xfs};
use partition_table::Layout;

/// Why a volume is captured whole.
pub(super) const REASON: &str = "an XFS on this disk has a part on another volume, maybe this one";

/// The filesystems of which a part lies on another volume.
pub(super) struct Elsewhere(Vec<Spread>);

struct Spread {
    /// Where it lies itself.
    place: Extent,
    /// Bytes of the smallest part that lies elsewhere.
    least: u64,
}

impl Elsewhere {
    /// Looks at the disk itself, its partitions, and the logical volumes in them.
    pub(super) fn find(device: &dyn BlockDevice, layout: &Layout) -> Self {
        let disk = Extent::new(0, device.size());
        let partitions = layout.volumes().filter_map(|one| one.extent.intersection(&disk));
        let places = iter::once(disk)
            .chain(partitions)
            .flat_map(|place| iter::once(place).chain(starts_of_logical_volumes(device, place)));
        let spread = places.filter_map(|place| {
            let parts = xfs::parts_elsewhere(&Window::new(device, place));
            parts.into_iter().min().map(|least| Spread { place, least })
        });
        Self(spread.collect())
    }

    /// True when the volume at `place` may be such a part.
    pub(super) fn may_be_at(&self, place: Extent) -> bool {
        self.0.iter().any(|spread| spread.place != place && spread.least <= place.length)
    }
}

/// The first segment of each: a superblock lies in it.
fn starts_of_logical_volumes(device: &dyn BlockDevice, physical: Extent) -> Vec<Extent> {
    let volumes = lvm::places(&Window::new(device, physical)).unwrap_or_default();
    let firsts = volumes.iter().filter_map(|volume| volume.segments.first());
    firsts.map(|segment| segment.shifted_by(physical.start)).collect()
}
