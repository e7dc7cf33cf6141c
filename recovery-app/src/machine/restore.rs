//! Puts a backup back: the plan, and the work.

use std::time::Instant;

use block::BlockDevice;
use engine::Cancel;
use hardware::Disk;
use image::ImageReader;
use image::manifest::CaptureRecord;
use report::backup::{losses, made_in_words, source_in_words};
use report::content::{self, Content};
use report::size::in_words;
use tui::job::{ConfirmedRestore, News, RestoreDone, RestorePlan, RestoreRequest, Trouble};

use super::drives::Mounted;
use super::gate::Use;
use super::teller::Teller;
use super::trouble::{OrTrouble, by_disk, leaving, refused};
use super::volume::Volume;
use super::{ThisComputer, opening, places, still_there};
use crate::culprit::Used;
use crate::failure::Failure;
use crate::target::{self, Chosen, Extras};
use report::words::sentence;

/// What a restore leaves that did not come to its end.
fn left_behind(failure: &Failure) -> String {
    let backup = match failure.kind {
        "backup-failed" => "The backup may be damaged: check it.",
        "backup-gone" => "The backup was only read.",
        _ => "The backup is unharmed.",
    };
    if failure.may_boot {
        return format!(
            "{backup} All of it was written to the disk, but that is not proven, and it could not \
             be undone: a computer may start from the disk. Do not rely on it before the same \
             restore is begun again and comes to its end."
        );
    }
    format!(
        "{backup} The disk holds a part of it only, and says so to Remetal: no computer starts \
         from it until the same restore is begun again and comes to its end."
    )
}

/// See [`tui::Machine::plan_restore`].
pub fn plan(computer: &ThisComputer, request: &RestoreRequest) -> Result<RestorePlan, Trouble> {
    let _claim = computer.claim(&[&request.backup.device, &request.target.path], Use::Plan)?;
    Ok(Made::of(request)?.shown)
}

/// See [`tui::job::Work::Restore`]. The plan is made again: a disk that is not what it was when
/// the person agreed is not written.
pub fn restore(
    computer: &ThisComputer,
    confirmed: &ConfirmedRestore,
    told: &(dyn Fn(News) + Sync),
    cancel: &Cancel,
) -> Result<RestoreDone, Trouble> {
    let request = &confirmed.plan().request;
    let _claim = computer.claim(&[&request.backup.device, &request.target.path], Use::Work)?;
    let made = Made::of(request)?;
    if made.shown != *confirmed.plan() {
        let words = "The disk or the backup is not what it was when you read the plan.";
        let trouble = refused(words, made.difference(confirmed.plan()));
        return Err(Trouble {
            next: "Begin the restore again from the first screen, and read the new plan."
                .to_owned(),
            ..trouble
        });
    }
    let begun = Instant::now();
    let plan = made.plan.confirm(confirmed.word()).or_trouble()?;
    let used = [Used::target(&request.target), Used::drive(&made.drive, made.mounted.folder())];
    // The drive with the backup is not written to.
    let extras = Extras { compare: request.compare, saves_old_table: false };
    let written =
        target::write(&plan, &made.chosen, extras, &Teller(told), cancel).map_err(|unwritten| {
            match unwritten.has_begun {
                true => {
                    let left_behind = left_behind(&unwritten.failure);
                    leaving(by_disk(unwritten.failure, &used), left_behind)
                }
                false => by_disk(unwritten.failure.before_writing(), &used),
            }
        })?;
    Ok(RestoreDone {
        target: request.target.clone(),
        written: written.outcome.written,
        seconds: begun.elapsed().as_secs(),
        compared: written.outcome.compared,
        fingerprint: written.outcome.fingerprint,
        lost: losses(&written.outcome.lost),
        restart_needed: written.old_partitions_shown.is_some(),
    })
}

/// A plan, for the screens and for the engine. The drive with the backup stays mounted with it.
struct Made {
    shown: RestorePlan,
    plan: engine::restore::RestorePlan,
    chosen: Chosen,
    /// The drive with the backup.
    drive: Disk,
    mounted: Mounted,
}

impl Made {
    fn of(request: &RestoreRequest) -> Result<Self, Trouble> {
        let disk = still_there(&request.target)?;
        let (report, held) = places::holdings(&disk);
        let (volume, drive) = Volume::at(&request.backup.device).or_trouble()?;
        let mounted = Mounted::reading(&volume).map_err(|problem| Trouble::refused(&problem))?;
        let folder = mounted.folder().join(&request.backup.folder);
        let used = [Used::target(&disk), Used::drive(&drive, mounted.folder())];
        let image = opening::open(&folder, &request.backup, &used)?;
        let told = |failure: Failure| by_disk(failure.before_writing(), &used);
        let chosen = Chosen::find(&disk.path, &folder).map_err(told)?;
        // From now on it is open, and its name is given to no other disk.
        still_there(&request.target)?;
        let device = chosen.reader.as_ref().map(|device| device as &dyn BlockDevice);
        let plan = engine::restore::plan(&folder, chosen.target.clone(), device)
            .map_err(|error| told(error.into()))?;
        let before = content::of_disk(&report);
        let manifest = image.manifest();
        let shown = RestorePlan {
            request: request.clone(),
            fingerprint: plan.fingerprint.clone(),
            source: source_in_words(&manifest.disk),
            made: made_in_words(&manifest.created),
            source_size: manifest.disk.size,
            stays: stays(&image, &before),
            before,
            held,
            after: content::of_manifest(manifest),
            warnings: plan.warnings.iter().map(|warning| sentence(warning)).collect(),
            refusals: refusals(&plan, &chosen),
            content: plan.content,
            stored: image.stored_size(),
            files: image.parts().len(),
            word: plan.target.word.clone(),
        };
        Ok(Self { shown, plan, chosen, drive, mounted })
    }

    /// In what the plan is another one now, for technicians.
    fn difference(&self, before: &RestorePlan) -> String {
        let now = &self.shown;
        let differs = [
            ("the fingerprint of the backup", now.fingerprint != before.fingerprint),
            (
                "what is on the disk",
                now.before != before.before || now.stays != before.stays || now.held != before.held,
            ),
            ("what will be on the disk", now.after != before.after),
            ("warnings", now.warnings != before.warnings),
            ("reasons against it", now.refusals != before.refusals),
            ("the word", now.word != before.word),
        ];
        let names: Vec<&str> =
            differs.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
        format!("different: {}", names.join(", "))
    }
}

/// What was left out of the backup, by what is there on the target now.
fn stays(image: &ImageReader, before: &[Content]) -> Vec<String> {
    let volumes = image.manifest().volumes.iter();
    let left_out = volumes.filter(|volume| volume.capture == CaptureRecord::Excluded);
    let lines = left_out.filter_map(|volume| {
        let extent = volume.extents.first()?;
        let now = before.iter().find(|content| content.start == extent.start);
        let words = now.map_or("whatever is there now", |content| content.words.as_str());
        Some(format!("{words} ({}, {})", volume.place, in_words(extent.length)))
    });
    lines.collect()
}

/// Why it cannot be done, without names of devices.
fn refusals(plan: &engine::restore::RestorePlan, chosen: &Chosen) -> Vec<String> {
    let mut refusals = chosen.forbidden_in_words.clone();
    // The drive with the backup is mounted by us while the plan is made.
    refusals.retain(|words| !words.contains(super::drives::ROOT));
    let (old, new) = (&plan.source, &plan.target.disk);
    if new.size < old.size {
        let missing = in_words(old.size - new.size);
        refusals
            .push(format!("It is too small: {missing} are missing to the size of the old disk."));
    }
    if new.logical_sector != old.logical_sector {
        refusals.push(format!(
            "It is of another kind: the old disk has sectors of {} bytes, this one of {}. A system \
             that is copied from one to the other does not start.",
            old.logical_sector, new.logical_sector
        ));
    }
    if refusals.is_empty() {
        refusals.extend(plan.refusals.iter().map(|refusal| sentence(refusal)));
    }
    refusals
}
