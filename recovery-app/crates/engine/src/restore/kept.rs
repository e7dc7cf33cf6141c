//! Bytes of the target that a restore leaves alone: partitions that were not chosen at the
//! capture.

use block::{Extent, ExtentSet, ExtentSetBuilder};
use image::manifest::VolumeRecord;
use image::{FrameKind, ImageReader, Record};
use partition_table::Layout;

use crate::index::{extents, is_left_out};
use crate::{EngineError, ImageDevice};

/// What stays as it is on the target, in whole sectors.
///
/// The index knows only of excluded frames. A frame with captured bytes has zeros for what it
/// holds of a partition that was not chosen, and these must not be written either: they are told
/// by the manifest, less what else lies there. Of the structure of the disk only the table itself
/// takes bytes from such a partition: its last MiB may be captured as the end of the disk, and is
/// its own all the same.
///
/// A partition that stays may have grown since the capture: whoever then corrects the table finds
/// the whole of it, but for what will be another partition. `old` is what the target holds, `new`
/// what it will.
pub(super) fn kept(
    image: &ImageReader,
    old: Option<&Layout>,
    new: &Layout,
) -> Result<ExtentSet, EngineError> {
    let mut frames = ExtentSetBuilder::new();
    for records in image.segments() {
        let of_kind = |record: &Record| record.kind == FrameKind::Excluded;
        frames.extend(records?.into_iter().filter(of_kind).map(|record| record.disk));
    }
    let volumes = &image.manifest().volumes;
    let whole = Extent::new(0, image.header().disk_size);
    let left_out = extents(image, is_left_out);
    let captured = extents(image, |volume| !is_left_out(volume));
    let disk = ImageDevice::new(image);
    let layout = partition_table::read(&disk).map_err(|error| disk.reason_for(error))?;
    let tables = layout.table_sectors();
    let kept =
        left_out.clipped(whole).difference(&captured).difference(&tables).union(&frames.build());
    let kept = kept.union(&grown(volumes, old, new));
    let sector = u64::from(image.header().logical_sector);
    Ok(kept.iter().map(|extent| aligned_in(extent, sector)).collect())
}

/// Partitions of the target that begin where one does that was left out, less what will be another
/// partition or a part of the table.
fn grown(volumes: &[VolumeRecord], old: Option<&Layout>, new: &Layout) -> ExtentSet {
    let left_out = volumes.iter().filter(|volume| is_left_out(volume));
    let starts: Vec<u64> =
        left_out.filter_map(|volume| Some(volume.extents.first()?.start)).collect();
    let begins_there = |extent: &Extent| starts.contains(&extent.start);
    let now = old.iter().flat_map(|layout| layout.volumes()).map(|partition| partition.extent);
    let others = new.volumes().map(|partition| partition.extent);
    let others: ExtentSet = others.filter(|extent| !begins_there(extent)).collect();
    let now: ExtentSet = now.filter(begins_there).collect();
    let disk = Extent::new(0, new.disk_size);
    now.clipped(disk).difference(&others).difference(&new.table_sectors())
}

fn aligned_in(extent: Extent, sector: u64) -> Extent {
    Extent::between(extent.start.div_ceil(sector) * sector, extent.end() / sector * sector)
}
