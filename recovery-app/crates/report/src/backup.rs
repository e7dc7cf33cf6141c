//! A backup in words, from its manifest.

use engine::VolumeCapture;
use image::ImageReader;
use image::manifest::{CaptureRecord, DiskRecord, UnreadableRecord};
use image::text::{in_lines, one_line};
use serde_json::{Value, json};

use crate::identity;
use crate::size::in_words;
use crate::volume_text::labelled;

/// A backup for programs.
pub fn to_json(image: &ImageReader) -> Value {
    json!({
        "path": image.path().display().to_string(),
        "fingerprint": fingerprint(image),
        "stored_size": image.stored_size(),
        "parts": image.parts(),
        "manifest": image.manifest(),
    })
}

/// A backup for people.
pub fn to_text(image: &ImageReader) -> String {
    let manifest = image.manifest();
    let totals = &manifest.totals;
    let mut lines = vec![
        format!("Backup of {}", disk_in_words(&manifest.disk)),
        format!("  made {} by {}", manifest.created, manifest.tool),
        format!("  fingerprint {}", fingerprint(image)),
        format!(
            "  disk of {} bytes, sectors of {} bytes, {} in use",
            manifest.disk.size,
            manifest.disk.logical_sector,
            in_words(totals.used)
        ),
        format!("  image of {} in {} file(s)", in_words(image.stored_size()), image.parts().len()),
    ];
    lines.extend(manifest.volumes.iter().map(|volume| {
        let name = labelled(&volume.title, volume.label.as_deref());
        let system = volume.system.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
        let how = captured(&volume.capture);
        format!("  {}: {name}{system}, state {}; {how}", volume.place, volume.state)
    }));
    lines.extend(manifest.table.notes.iter().map(|note| format!("  note: {note}")));
    lines.extend(losses(&manifest.unreadable).into_iter().map(|loss| format!("  lost: {loss}")));
    in_lines(&lines)
}

/// The fingerprint of an image, hexadecimal.
#[must_use]
pub fn fingerprint(image: &ImageReader) -> String {
    image.fingerprint().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A disk by its path, names and size.
pub fn disk_in_words(disk: &DiskRecord) -> String {
    let names = [disk.model.as_deref(), disk.serial.as_deref()];
    let names: Vec<&str> =
        [disk.path.as_str()].into_iter().chain(names.into_iter().flatten()).collect();
    format!("{}, {}", names.join(", "), in_words(disk.size))
}

/// The disk that a backup is of, in the words of its label: name, size, bus, and the end of the
/// serial number.
#[must_use]
pub fn source_in_words(disk: &DiskRecord) -> String {
    let name = match (&disk.model, disk.bus.as_deref()) {
        (Some(model), _) => model.clone(),
        (None, Some("file")) => {
            disk.path.rsplit('/').next().unwrap_or(identity::NAMELESS).to_owned()
        }
        (None, Some("virtio")) => identity::VIRTUAL.to_owned(),
        (None, _) => identity::NAMELESS.to_owned(),
    };
    let mark = identity::serial_mark(disk.serial.as_deref());
    one_line(&identity::phrase(name, disk.size, disk.bus.clone(), mark))
}

/// When a backup was made, as `2026-11-23 21:04`, from the time in its manifest (RFC 3339, UTC).
#[must_use]
pub fn made_in_words(created: &str) -> String {
    match (created.get(..10), created.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time}"),
        _ => created.to_owned(),
    }
}

/// How a volume was captured.
fn captured(capture: &CaptureRecord) -> String {
    match capture {
        CaptureRecord::Mapped { source, used } => mapped(source, *used),
        CaptureRecord::Whole { reason } => whole(reason),
        CaptureRecord::Inside => INSIDE.to_owned(),
        CaptureRecord::Excluded => EXCLUDED.to_owned(),
    }
}

/// How a volume will be captured.
pub fn to_be_captured(capture: &VolumeCapture) -> String {
    match capture {
        VolumeCapture::Mapped { source, used } => mapped(source, *used),
        VolumeCapture::Whole(reason) => whole(reason),
        VolumeCapture::Inside => INSIDE.to_owned(),
        VolumeCapture::Excluded => EXCLUDED.to_owned(),
    }
}

const INSIDE: &str = "with its physical volume";
const EXCLUDED: &str = "left out: not chosen";

fn mapped(source: &str, used: u64) -> String {
    format!("{} in use ({source})", in_words(used))
}

fn whole(reason: &str) -> String {
    format!("whole: {reason}")
}

/// Bytes that the old disk could not give.
#[must_use]
pub fn bytes_lost(unreadable: &[UnreadableRecord]) -> u64 {
    unreadable.iter().map(UnreadableRecord::lost).fold(0, u64::saturating_add)
}

/// What the old disk could not give, a line each.
pub fn losses(unreadable: &[UnreadableRecord]) -> Vec<String> {
    let lines = unreadable.iter().map(|lost| {
        let volume = lost.volume.as_deref().unwrap_or("outside all volumes");
        let files = if lost.files.is_empty() {
            String::new()
        } else {
            format!(", in {}", lost.files.join(", "))
        };
        format!("{}, {volume}{files}", lost.in_words())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_as_on_its_label() {
        let disk = DiskRecord {
            path: "/dev/sda".to_owned(),
            model: Some("Samsung SSD 870 EVO 500GB".to_owned()),
            serial: Some("S62ANJ0R-12k4".to_owned()),
            bus: Some("SATA".to_owned()),
            size: 500_107_862_016,
            ..DiskRecord::default()
        };
        assert_eq!(source_in_words(&disk), "Samsung SSD 870 EVO 500GB, 500 GB, SATA, ...12K4");
        let bare = DiskRecord { model: None, serial: None, bus: None, ..disk };
        assert_eq!(source_in_words(&bare), "Disk without a name, 500 GB");
    }

    #[test]
    fn a_time_is_told_to_the_minute() {
        assert_eq!(made_in_words("2026-11-23T21:04:59Z"), "2026-11-23 21:04");
        assert_eq!(made_in_words("yesterday"), "yesterday");
    }
}
