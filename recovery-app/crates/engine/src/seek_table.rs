//! What other programs would be told by the seek table of an image.

use image::{ImageReader, SeekTableFault};

use crate::{Cancel, DamagedRange, EngineError};

/// The first place where the seek table of an image disagrees with its index. Nothing is lost by it:
/// the index is proven, and the table is for other programs alone.
///
/// Behind a damaged segment of the index, which is damage of its own, nothing is compared.
pub(crate) fn fault_in(
    image: &ImageReader,
    cancel: &Cancel,
) -> Result<Option<DamagedRange>, EngineError> {
    let mut check = image.seek_table_check();
    for (number, records) in image.segments().enumerate() {
        cancel.check()?;
        let Ok(records) = records else { return Ok(None) };
        let (segment, _) = image.segment_place(number);
        if let Some(fault) = check.segment(&records, segment)? {
            return Ok(Some(as_damage(image, fault)));
        }
    }
    Ok(check.end()?.map(|fault| as_damage(image, fault)))
}

fn as_damage(image: &ImageReader, fault: SeekTableFault) -> DamagedRange {
    let SeekTableFault { stored, disk, reason } = fault;
    let reason = format!(
        "{}: the seek table at byte {} disagrees with the index: {reason}; nothing is lost, and \
         Remetal does not use it, but other programs that do may read wrong bytes",
        image.path().display(),
        stored.start
    );
    DamagedRange { disk, stored, reason, volumes: Vec::new(), files: Vec::new() }
}
