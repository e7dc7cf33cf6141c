//! What the index of an image must have in common with its manifest.

use block::{Extent, ExtentSet};
use image::manifest::{CaptureRecord, VolumeRecord};
use image::{FrameKind, ImageError, ImageReader, Record};

use crate::{EngineError, ImageDevice, verify};

/// Reads the whole index: it must hold what the manifest says, and leave out no more and no less.
pub(crate) fn check(image: &ImageReader) -> Result<(), EngineError> {
    let left_out = LeftOut::new(image)?;
    let (mut content, mut excluded) = (0, 0);
    for records in image.segments() {
        for record in records? {
            left_out.check(&record)?;
            match record.kind {
                FrameKind::Hole => {}
                FrameKind::Excluded => excluded += record.disk.length,
                _ => content += record.disk.length,
            }
        }
    }
    check_content(image, content)?;
    let said = image.manifest().totals.excluded;
    let reason = || format!("it counts {said} bytes that were left out, the index {excluded}");
    (said == excluded).then_some(()).ok_or_else(|| contradiction(image, reason()))
}

/// The partitions that were not chosen, by the manifest. A restore writes nothing onto them: an
/// image that has their content must not be taken for one that lacks it.
struct LeftOut<'a> {
    image: &'a ImageReader,
    /// All their bytes.
    all: ExtentSet,
    /// Those that nothing else captures: other volumes, and the structure of the disk, which
    /// reaches into a partition at the end of the disk.
    own: ExtentSet,
}

impl<'a> LeftOut<'a> {
    fn new(image: &'a ImageReader) -> Result<Self, EngineError> {
        let all = extents(image, is_left_out).clipped(Extent::new(0, image.header().disk_size));
        let own = if all.is_empty() {
            ExtentSet::empty()
        } else {
            let disk = ImageDevice::new(image);
            let layout = partition_table::read(&disk).map_err(|error| disk.reason_for(error))?;
            let captured = extents(image, |volume| !is_left_out(volume));
            all.difference(&captured).difference(&layout.structural())
        };
        Ok(Self { image, all, own })
    }

    /// A frame may hold the bytes of a partition beside others that were captured, but not alone.
    /// What lies in such a partition is neither content nor free.
    fn check(&self, record: &Record) -> Result<(), EngineError> {
        let disk = record.disk;
        let (start, end) = (disk.start, disk.end());
        let reason = match record.kind {
            FrameKind::Excluded if self.all.contains(disk) => return Ok(()),
            FrameKind::Excluded => {
                format!(
                    "the index leaves out disk bytes {start} to {end}, and no partition there was \
                     left out"
                )
            }
            FrameKind::Hole if self.own.intersects(disk) => format!(
                "by it {} was left out, and the index calls a part of it free: disk bytes {start} \
                 to {end}",
                self.place(disk)
            ),
            _ if self.own.contains(disk) => format!(
                "by it {} was left out, and the index has its content: disk bytes {start} to {end}",
                self.place(disk)
            ),
            _ => return Ok(()),
        };
        Err(contradiction(self.image, reason))
    }

    /// The name of the partition that has bytes in `range`.
    fn place(&self, range: Extent) -> &str {
        let hits = |volume: &&VolumeRecord| {
            is_left_out(volume)
                && volume.extents.iter().any(|one| one.intersection(&range).is_some())
        };
        let volumes = &self.image.manifest().volumes;
        volumes.iter().find(hits).map_or("a partition", |volume| volume.place.as_str())
    }
}

/// True for a partition that was not chosen.
pub(crate) fn is_left_out(volume: &VolumeRecord) -> bool {
    volume.capture == CaptureRecord::Excluded
}

/// The bytes of the volumes that `which` chooses.
pub(crate) fn extents(image: &ImageReader, which: impl Fn(&VolumeRecord) -> bool) -> ExtentSet {
    let chosen = image.manifest().volumes.iter().filter(|volume| which(volume));
    chosen.flat_map(|volume| volume.extents.iter().copied()).collect()
}

/// The index must hold as many bytes of content as the manifest says.
pub(crate) fn check_content(image: &ImageReader, found: u64) -> Result<(), EngineError> {
    let said = verify::content(image);
    let reason = || format!("it counts {said} bytes of content, the index {found}");
    (said == found).then_some(()).ok_or_else(|| contradiction(image, reason()))
}

/// The manifest says something else than the index.
fn contradiction(image: &ImageReader, reason: String) -> EngineError {
    EngineError::Image(ImageError::Structure {
        path: image.path().to_owned(),
        structure: "manifest".to_owned(),
        offset: image.manifest_place().start,
        reason,
    })
}
