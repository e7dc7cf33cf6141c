//! What a capture will do and has done, in words.

use engine::capture::{CaptureOutcome, CapturePlan};
use image::text::in_lines;
use serde_json::{Value, json};

use crate::destination::Destination;
use report::backup::{disk_in_words, losses, to_be_captured};
use report::size::in_words;
use report::volume_text::labelled;

/// What will be read, skipped and needed.
pub fn plan(plan: &CapturePlan, destination: &Destination) -> String {
    let survey = &plan.survey;
    let filesystem = &destination.filesystem;
    let parts = plan.request.part_size;
    let parts = parts.map(|size| format!(", files of {}", in_words(size))).unwrap_or_default();
    let mut lines = vec![
        format!("Source       {}", disk_in_words(&plan.request.disk)),
        format!(
            "Destination  {} ({}, {} free{parts})",
            destination.backup().display(),
            filesystem.kind,
            in_words(filesystem.free)
        ),
    ];
    lines.extend(survey.volumes.iter().map(|volume| {
        let info = &volume.info;
        let name = labelled(&info.title, info.label.as_deref());
        let system = info.system.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
        let (place, state, how) = (&volume.place, &info.state, to_be_captured(&volume.capture));
        format!("  {place}: {name}{system}, state {state}; {how}")
    }));
    lines.extend(survey.layout.notes.iter().map(|note| format!("  note: {note}")));
    let left_out = match plan.excluded {
        0 => String::new(),
        excluded => format!(", {} not chosen", in_words(excluded)),
    };
    lines.extend([
        format!("To read      {} ({} in use)", in_words(plan.data), in_words(survey.used.total())),
        format!("To skip      {} free{left_out}", in_words(plan.holes)),
        format!("Needs        at most {}", in_words(plan.estimate.most)),
    ]);
    in_lines(&lines)
}

/// The same for programs.
pub fn plan_json(plan: &CapturePlan, destination: &Destination) -> Value {
    let volumes = plan.survey.volumes.iter().map(|volume| {
        json!({
            "place": volume.place,
            "partition": volume.partition,
            "info": volume.info,
            "capture": to_be_captured(&volume.capture),
        })
    });
    json!({
        "source": plan.request.disk,
        "destination": destination.backup().display().to_string(),
        "filesystem": destination.filesystem,
        "part_size": plan.request.part_size,
        "volumes": volumes.collect::<Vec<_>>(),
        "notes": plan.survey.layout.notes,
        "used": plan.survey.used.total(),
        "data": plan.data,
        "holes": plan.holes,
        "excluded": plan.excluded,
        "at_least": plan.estimate.least,
        "at_most": plan.estimate.most,
    })
}

/// What was done.
pub fn outcome(outcome: &CaptureOutcome) -> String {
    let image = &outcome.image;
    let losses = losses(&image.manifest.unreadable);
    let mut lines: Vec<String> = losses.iter().map(|loss| format!("lost: {loss}")).collect();
    lines.extend([
        format!(
            "{} of disk content in {} of image, {:.1} seconds",
            in_words(image.manifest.totals.data.saturating_add(image.manifest.totals.zero)),
            in_words(image.stored_size),
            outcome.seconds
        ),
        format!("backup {}", outcome.folder.display()),
        format!("fingerprint {}", image.fingerprint),
        outcome.in_words().to_owned(),
    ]);
    in_lines(&lines)
}
