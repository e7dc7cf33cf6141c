//! Puts damage into words: which bytes of the disk, which volume, which files.

use block::{BlockDevice, Extent, ExtentSet, Window};
use image::manifest::CaptureRecord;
use image::{Damage, ImageReader};
use serde::Serialize;

use crate::ImageDevice;
use crate::verify::volumes_in;

/// Most files named for one volume.
const MOST_FILES: usize = 100;

/// A damaged range of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamagedRange {
    /// The bytes of the disk.
    pub disk: Extent,
    /// Where the frame lies in the image stream, in bytes.
    pub stored: Extent,
    /// What is wrong with it.
    pub reason: String,
    /// The volumes that lose data.
    pub volumes: Vec<String>,
    /// Files that lose data, as far as they can be found; none are listed for free space.
    pub files: Vec<String>,
}

/// Names volumes and files for each damaged frame.
pub(crate) fn describe(image: &ImageReader, damage: &[Damage]) -> Vec<DamagedRange> {
    let device = ImageDevice::new(image);
    damage
        .iter()
        .map(|damage| DamagedRange {
            disk: damage.disk,
            stored: damage.stored,
            reason: damage.reason.clone(),
            volumes: volumes_in(image, damage.disk),
            files: files_in(image, &device, damage.disk),
        })
        .collect()
}

fn files_in(image: &ImageReader, device: &dyn BlockDevice, range: Extent) -> Vec<String> {
    let volumes =
        image.manifest().volumes.iter().filter(|volume| {
            volume.extents.len() == 1 && volume.capture != CaptureRecord::Excluded
        });
    volumes
        .filter_map(|volume| {
            let extent = volume.extents[0];
            let hit = extent.intersection(&range)?;
            let inside = Extent::new(hit.start - extent.start, hit.length);
            Some(files_on(&Window::new(device, extent), &inside.into()))
        })
        .flatten()
        .collect()
}

/// Paths of the files on `volume` that have bytes in `extents`.
pub(crate) fn files_on(volume: &dyn BlockDevice, extents: &ExtentSet) -> Vec<String> {
    match filesystem::identify(volume) {
        Ok(info) => filesystem::files_on(volume, &info, extents, MOST_FILES),
        Err(_) => Vec::new(),
    }
}
