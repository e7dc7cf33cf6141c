//! What a backup would do. Nothing is written.

mod room;

use std::path::Path;

use block::{Access, BlockDevice, Caching, ExtentSet, FileDevice};
use engine::capture::{self, CapturePlan, CaptureRequest};
use engine::{Cancel, EngineError, SurveyedVolume, Unfinished, VolumeCapture};
use hardware::{Disk, Roots};
use report::content;
use report::size::in_words;
use tui::job::{
    BackupPlan, BackupRequest, DiskPlan, Remark, Severity, Source as Chosen, Trouble, VolumePlan,
};

use super::back_up::capture_request;
use super::drives::Mounted;
use super::gate::Use;
use super::trouble::{self, OrTrouble, by_disk};
use super::volume::Volume;
use super::{ThisComputer, speed, still_there};
use crate::answer::Exit;
use crate::boot_medium::{self, BootMedium};
use crate::culprit::Used;
use crate::destination::{Destination, Wanted};
use crate::failure::Failure;
use crate::source::Source;
use crate::target;
use report::words::sentence;

/// See [`tui::Machine::plan_backup`].
pub fn plan(
    computer: &ThisComputer,
    request: &BackupRequest,
    cancel: &Cancel,
) -> Result<BackupPlan, Trouble> {
    let mut devices: Vec<&Path> =
        request.sources.iter().map(|source| source.disk.path.as_path()).collect();
    devices.push(&request.destination);
    let _claim = computer.claim(&devices, Use::Plan)?;
    let (volume, _) = Volume::at(&request.destination).or_trouble()?;
    let drive = still_there(&request.drive)?;
    let mounted = Mounted::reading(&volume).map_err(|problem| Trouble::refused(&problem))?;
    let filesystem = hardware::filesystem_of(&Roots::default(), mounted.folder()).or_trouble()?;

    let folder = mounted.folder();
    let unfinished = engine::unfinished_in(folder);
    let mut planner = Planner { request, folder, drive: &drive, unfinished, remarks: Vec::new() };
    planner.judge_drive(&volume);
    let mut plans = Vec::new();
    for (index, chosen) in request.sources.iter().enumerate() {
        plans.push(planner.disk(index, chosen, cancel)?);
    }
    let free = planner.with_unfinished(filesystem.free);
    planner.judge_space(&plans, free);
    let drive_rate = drive_rate(&volume, &drive);
    let mut remarks = planner.remarks;
    remarks.sort_by_key(|remark| remark.severity);
    Ok(BackupPlan {
        free,
        seconds: seconds(&plans, drive_rate, request.verify),
        disks: plans.into_iter().map(|(plan, _)| plan).collect(),
        remarks,
    })
}

struct Planner<'a> {
    request: &'a BackupRequest,
    /// Where the drive for the backup is mounted.
    folder: &'a Path,
    drive: &'a Disk,
    /// What is there of backups that were never finished.
    unfinished: Vec<Unfinished>,
    remarks: Vec<Remark>,
}

impl Planner<'_> {
    fn remark(&mut self, severity: Severity, words: impl Into<String>) {
        let remark = Remark { severity, words: words.into() };
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    fn judge_drive(&mut self, volume: &Volume) {
        if let Some(reason) = &volume.not_writable {
            let words = format!("Nothing can be written to the drive for the backup. {reason}");
            self.remark(Severity::Refusal, words);
        }
        if boot_medium::at(&self.drive.path) == Some(BootMedium::Iso) {
            let words = format!("The drive for the backup is {}.", boot_medium::IN_WORDS);
            self.remark(Severity::Refusal, words);
        }
    }

    /// The plan for one disk, and how fast it is read.
    fn disk(
        &mut self,
        index: usize,
        chosen: &Chosen,
        cancel: &Cancel,
    ) -> Result<(DiskPlan, Option<u64>), Trouble> {
        let disk = still_there(&chosen.disk)?;
        let name = self.request.name_of(index);
        let source = Source::find(&disk.path, None).or_trouble()?;
        if self.drive.path == disk.path {
            let words = "The backup would lie on the disk that it is of. Choose another drive.";
            self.remark(Severity::Refusal, words);
            return Ok((nothing_of(disk, name), None));
        }
        self.judge_source(&source, &disk)?;
        let part_size = self.judge_place(&source, &name)?;
        let used = [Used::source(&disk), Used::destination(self.drive, self.folder)];
        let told = |failure: Failure| by_disk(failure.before_writing(), &used);
        let structures = source.open(Caching::Cached).map_err(told)?;
        // What is there has to be enough for all of the disks, so the engine is not told of it.
        let wanted = CaptureRequest {
            disk: source.record(&structures),
            part_size,
            sample: true,
            ..capture_request(self.request, chosen, self.folder, &name)
        };
        match capture::plan(&structures, wanted, cancel) {
            Ok(plan) => {
                self.notes(&plan, &disk);
                let content = source.open_content().map_err(told)?;
                let rate = speed::read_rate(&content, &plan.survey.used);
                Ok((disk_plan(disk, name, &plan), rate))
            }
            Err(EngineError::Refused { reason, guidance }) => {
                self.remark(
                    Severity::Refusal,
                    format!("{} {}", sentence(&reason), sentence(&guidance)),
                );
                Ok((nothing_of(disk, name), None))
            }
            Err(error) => Err(told(error.into())),
        }
    }

    /// A disk that somebody writes to meanwhile gives a backup of no moment at all.
    fn judge_source(&mut self, source: &Source, disk: &Disk) -> Result<(), Trouble> {
        for reason in source.in_use().or_trouble()? {
            let words =
                format!("{} cannot be saved. {}", title(disk), target::in_plain_words(&reason));
            self.remark(Severity::Refusal, words);
        }
        Ok(())
    }

    /// Whether the backup may lie there; gives the size of its files.
    fn judge_place(&mut self, source: &Source, name: &str) -> Result<Option<u64>, Trouble> {
        if self.folder.join(name).exists() {
            let words =
                format!("A backup named {name} is on that drive already. Choose another name.");
            self.remark(Severity::Refusal, words);
            return Ok(None);
        }
        let wanted = Wanted { folder: self.folder, name: Some(name), part_size: None };
        match Destination::judge(wanted, source) {
            Ok(destination) => {
                for note in &destination.notes {
                    self.remark(Severity::Warning, sentence(note));
                }
                if let Some(size) = destination.part_size {
                    let (kind, size) = (&destination.filesystem.kind, in_words(size));
                    let words = format!(
                        "The backup is cut into files of {size}: the drive ({kind}) holds no \
                         larger ones."
                    );
                    self.remark(Severity::Hint, words);
                }
                Ok(destination.part_size)
            }
            Err(Failure { exit: Exit::Refused, message, guidance, .. }) => {
                let words = format!("{} {}", sentence(&message), sentence(&guidance));
                self.remark(Severity::Refusal, words);
                Ok(None)
            }
            Err(failure) => Err(trouble::before_writing(failure)),
        }
    }

    fn notes(&mut self, plan: &CapturePlan, disk: &Disk) {
        for note in &plan.survey.layout.notes {
            self.remark(Severity::Hint, format!("{}: {}", title(disk), sentence(note)));
        }
    }
}

fn title(disk: &Disk) -> String {
    disk.model.clone().unwrap_or_else(|| "The disk".to_owned())
}

fn disk_plan(disk: Disk, name: String, plan: &CapturePlan) -> DiskPlan {
    DiskPlan {
        disk,
        name,
        read: plan.data,
        skipped: plan.holes,
        left_out: plan.excluded,
        least: plan.estimate.least,
        most: plan.estimate.most,
        volumes: volumes(plan),
    }
}

/// A disk of which nothing can be said but why.
fn nothing_of(disk: Disk, name: String) -> DiskPlan {
    let volumes = Vec::new();
    DiskPlan { disk, name, read: 0, skipped: 0, left_out: 0, least: 0, most: 0, volumes }
}

fn volumes(plan: &CapturePlan) -> Vec<VolumePlan> {
    let captures = |start: u64| {
        let is_it = |volume: &&SurveyedVolume| {
            volume.capture != VolumeCapture::Inside
                && volume.extents.first().is_some_and(|extent| extent.start == start)
        };
        plan.survey.volumes.iter().find(is_it).map(|volume| &volume.capture)
    };
    let volumes = content::of_survey(&plan.survey).into_iter().map(|content| {
        let (read, whole_because) = match captures(content.start) {
            Some(VolumeCapture::Mapped { used, .. }) => (Some(*used), None),
            Some(VolumeCapture::Whole(reason)) => (Some(content.length), Some(sentence(reason))),
            Some(VolumeCapture::Inside) => (Some(content.length), None),
            Some(VolumeCapture::Excluded) | None => (None, None),
        };
        VolumePlan { words: content.words, read, whole_because }
    });
    volumes.collect()
}

/// How fast the drive for the backup is, as far as reading tells: `None` for sticks and cards,
/// which write far slower than they read.
fn drive_rate(volume: &Volume, drive: &Disk) -> Option<u64> {
    if drive.removable {
        return None;
    }
    let device = FileDevice::open(&volume.device, Access::Read, Caching::Bypassed).ok()?;
    speed::read_rate(&device, &ExtentSet::whole(device.size()))
}

/// All disks after each other, each by the slowest of reading it, compressing it and writing it,
/// and then reading the backup again; `None` as soon as one of these is not known.
fn seconds(
    plans: &[(DiskPlan, Option<u64>)],
    drive_rate: Option<u64>,
    verify: bool,
) -> Option<u64> {
    /// Bytes a second that one processor compresses at Zstandard's level 3, hashes included.
    const COMPRESSED: u64 = 250_000_000;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let drive_rate = drive_rate?;
    let mut all = 0;
    for (plan, rate) in plans {
        // The sample promised half as much again as is taken for certain.
        let stored = (plan.least + plan.least / 2).min(plan.most);
        let reading = speed::seconds(plan.read, rate.as_ref().copied()?);
        let compressing = speed::seconds(plan.read, COMPRESSED * processors);
        let writing = speed::seconds(stored, drive_rate);
        all += reading.max(compressing).max(writing) + if verify { writing } else { 0 };
    }
    Some(all)
}
