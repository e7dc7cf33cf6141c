//! What the index of an image must have in common with its manifest.

use image::{ImageError, ImageReader};

use crate::{EngineError, verify};

/// Reads the whole index: it must hold what the manifest says.
pub(crate) fn check(image: &ImageReader) -> Result<(), EngineError> {
    let mut content = 0;
    for records in image.segments() {
        let held = records?.into_iter().filter(|record| record.kind.is_content());
        content += held.map(|record| record.disk.length).sum::<u64>();
    }
    check_content(image, content)
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
