//! `report.txt`: what was done.

use image::manifest::{CaptureRecord, VolumeRecord};
use image::text::in_lines;

use super::run::CaptureOutcome;
use crate::ImageFile;

/// `report.txt`.
pub(crate) fn report(image: &ImageFile, outcome: &CaptureOutcome) -> String {
    let manifest = &image.manifest;
    let disk = &manifest.disk;
    let mut lines = vec![
        format!("Backup of {}", disk_in_words(disk)),
        format!("made {} by {}", manifest.created, manifest.tool),
        format!("result: {}", outcome.in_words()),
        format!("fingerprint: {}", image.fingerprint),
        String::new(),
        format!("disk:      {:>20} bytes", disk.size),
        format!("in use:    {:>20} bytes", manifest.totals.used),
        format!("image:     {:>20} bytes in {} file(s)", image.stored_size, image.parts.len()),
        String::new(),
        "Volumes:".to_owned(),
    ];
    lines.extend(manifest.volumes.iter().map(volume_line));
    if !manifest.table.notes.is_empty() {
        lines.extend([String::new(), "About the partition table:".to_owned()]);
        lines.extend(manifest.table.notes.iter().map(|note| format!("- {note}")));
    }
    if !manifest.unreadable.is_empty() {
        lines.extend([String::new(), "Lost because the disk could not be read:".to_owned()]);
    }
    for lost in &manifest.unreadable {
        let volume = lost.volume.as_deref().unwrap_or("outside all volumes");
        lines.push(format!("- {}, {volume}", lost.in_words()));
        lines.extend(lost.files.iter().map(|file| format!("    {file}")));
    }
    lines.push(String::new());
    in_lines(&lines)
}

fn disk_in_words(disk: &image::manifest::DiskRecord) -> String {
    let words = [disk.model.as_deref(), disk.serial.as_deref()];
    let named: Vec<&str> = words.into_iter().flatten().collect();
    if named.is_empty() { disk.path.clone() } else { named.join(", serial ") }
}

fn volume_line(volume: &VolumeRecord) -> String {
    let how = match &volume.capture {
        CaptureRecord::Mapped { source, used } => format!("{used} bytes in use ({source})"),
        CaptureRecord::Whole { reason } => format!("captured whole: {reason}"),
        CaptureRecord::Inside => "captured with its physical volume".to_owned(),
        CaptureRecord::Excluded => "not captured: not chosen".to_owned(),
    };
    let system = volume.system.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    let label = volume.label.as_ref().map(|label| format!(" \"{label}\"")).unwrap_or_default();
    format!("- {}: {}{label}{system}, {}; {how}", volume.place, volume.title, volume.state)
}
