//! Bytes of the target that a restore leaves alone: partitions that were not chosen at the
//! capture.

use block::{Extent, ExtentSet, ExtentSetBuilder};
use image::manifest::{CaptureRecord, VolumeRecord};
use image::{FrameKind, ImageReader, Record};

use crate::{EngineError, ImageDevice};

/// What stays as it is on the target, in whole sectors.
///
/// The index knows only of excluded frames. A frame with captured bytes has zeros for what it
/// holds of a partition that was not chosen, and these must not be written either: they are told
/// by the manifest, less what else lies there.
pub(super) fn kept(image: &ImageReader) -> Result<ExtentSet, EngineError> {
    let mut frames = ExtentSetBuilder::new();
    for records in image.segments() {
        let of_kind = |record: &Record| record.kind == FrameKind::Excluded;
        frames.extend(records?.into_iter().filter(of_kind).map(|record| record.disk));
    }
    let volumes = &image.manifest().volumes;
    let whole = Extent::new(0, image.header().disk_size);
    let left_out = extents(volumes, |capture| *capture == CaptureRecord::Excluded);
    let captured = extents(volumes, |capture| *capture != CaptureRecord::Excluded);
    let disk = ImageDevice::new(image);
    let layout = partition_table::read(&disk).map_err(|error| disk.reason_for(error))?;
    let tables = layout.structural();
    let kept =
        left_out.clipped(whole).difference(&captured).difference(&tables).union(&frames.build());
    let sector = u64::from(image.header().logical_sector);
    Ok(kept.iter().map(|extent| aligned_in(extent, sector)).collect())
}

fn extents(volumes: &[VolumeRecord], which: impl Fn(&CaptureRecord) -> bool) -> ExtentSet {
    let chosen = volumes.iter().filter(|volume| which(&volume.capture));
    chosen.flat_map(|volume| volume.extents.iter().copied()).collect()
}

fn aligned_in(extent: Extent, sector: u64) -> Extent {
    Extent::between(extent.start.div_ceil(sector) * sector, extent.end() / sector * sector)
}
