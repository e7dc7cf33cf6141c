use std::path::PathBuf;
use std::time::{Duration, Instant};

use block::{BlockDevice, Extent};
use image::manifest::{TotalsRecord, UnreadableRecord};
use image::{CHUNK_SIZE, FrameKind, Header, ImageWriter};
use partition_table::SavedTable;
use serde::Serialize;

use super::chunks::pieces;
use super::level::LevelControl;
use super::losses::{Losses, shorten};
use super::pipeline::{Gauge, Output, Pipeline};
use super::slots::Crew;
use super::{CapturePlan, readme, record, report};
use crate::backup::{Backup, PartialFolder};
use crate::verify::Verification;
use crate::{
    Cancel, DamageList, EngineError, Event, ImageFile, MANIFEST_NAME, Observer, Phase, Progress,
    SurveyedVolume, damage, path_text, verify,
};

/// The two ways to read a disk.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Through the page cache, at any alignment: for tables and filesystem structures.
    pub structures: &'a dyn BlockDevice,
    /// Past the page cache where possible: for the chunks.
    pub content: &'a dyn BlockDevice,
}

/// What a capture did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaptureOutcome {
    /// The backup's folder.
    #[serde(serialize_with = "path_text::lossy")]
    pub folder: PathBuf,
    /// What is in it.
    pub image: ImageFile,
    /// What the read-back proved; `None` when it was not asked for.
    pub verification: Option<Verification>,
    /// Seconds that reading, compressing and writing took.
    pub seconds: f64,
}

impl CaptureOutcome {
    /// True when parts of the disk could not be read.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        !self.image.manifest.unreadable.is_empty()
    }

    /// The final state: "verified", "finished with named damage", or "finished, not verified".
    #[must_use]
    pub fn in_words(&self) -> &'static str {
        match (&self.verification, self.is_damaged()) {
            (Some(_), false) => "verified: the image was read back and every hash agrees",
            (Some(_), true) => {
                "finished with named damage: parts of the disk could not be read; the image itself is verified"
            }
            (None, false) => "finished, not verified",
            (None, true) => {
                "finished with named damage: parts of the disk could not be read; not verified"
            }
        }
    }
}

/// Makes the backup that `plan` describes: writes `NAME.partial`, reads it back from the
/// destination and proves it, then gives it its name.
///
/// On an error the partial folder stays: it is never taken for a backup, and the next capture of
/// that name replaces it. A stop that was asked for before leaves no folder, and one that is there
/// as it is.
pub fn capture(
    source: Source<'_>,
    plan: &CapturePlan,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<CaptureOutcome, EngineError> {
    cancel.check()?;
    let started = Instant::now();
    let folder = PartialFolder::create(&plan.request.destination, &plan.request.name)?;
    let image = write_image(source, plan, &folder, observer, cancel)?;
    let seconds = started.elapsed().as_secs_f64();
    folder.write(MANIFEST_NAME, &Backup { images: vec![image.clone()] }.to_json())?;
    folder.write("README.txt", readme::readme(&image).as_bytes())?;
    let verification = if plan.request.verify {
        let image_path = folder.image_path();
        let verification = verify::verify_unfinished(&image_path, observer, cancel)?;
        if !verification.damage.is_empty() {
            return Err(read_back_failed(&folder, &verification));
        }
        Some(verification)
    } else {
        None
    };
    let mut outcome = CaptureOutcome { folder: folder.path().into(), image, verification, seconds };
    folder.write("report.txt", report::report(&outcome.image, &outcome).as_bytes())?;
    outcome.folder = folder.finish()?;
    Ok(outcome)
}

fn read_back_failed(folder: &PartialFolder, verification: &Verification) -> EngineError {
    let damage = verification.damage.iter().map(|range| image::Damage {
        kind: FrameKind::Data,
        disk: range.disk,
        stored: range.stored,
        reason: format!("{} was not stored as written: {}", folder.path().display(), range.reason),
        is_unread: false,
    });
    EngineError::FailedImage(DamageList::new(damage.collect(), verification.damaged))
}

fn write_image(
    source: Source<'_>,
    plan: &CapturePlan,
    folder: &PartialFolder,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<ImageFile, EngineError> {
    let header = header(plan);
    let saved = SavedTable::save(source.structures, &plan.survey.layout);
    let part_size = plan.request.part_size;
    let writer = ImageWriter::create(&folder.image_path(), header.clone(), part_size)?;
    let crew = Crew::new(plan.request.level, CHUNK_SIZE as usize);
    let pipeline = Pipeline {
        device: source.content,
        used: &plan.survey.used,
        crew,
        level: LevelControl::new(plan.request.level, crew.highest_level),
        chunk_size: CHUNK_SIZE as usize,
        cancel,
    };
    let survey = &plan.survey;
    let pieces = pieces(survey.disk_size, &survey.used, &survey.excluded, u64::from(CHUNK_SIZE));
    let losses = Losses::new(&survey.volumes);
    let mut recorder = Recorder::new(writer, losses, plan.data, observer);
    let read = pipeline.run(pieces, |output, gauge| {
        recorder.write(&output)?;
        gauge.set_backlog(recorder.writer.backlog());
        recorder.tell(&pipeline.level, gauge);
        Ok(())
    });
    // Whatever reading ended with, a file that somebody changed meanwhile is the better reason.
    source.structures.check_unchanged()?;
    source.content.check_unchanged()?;
    read?;
    let (writer, mut totals, mut lost) = recorder.finish();
    totals.used = survey.used.total();
    name_files(source.structures, plan, &mut lost, observer, cancel);
    let mut manifest = record::manifest(plan, &header, &saved, totals, lost);
    shorten(&mut manifest);
    let finished = writer.finish(&manifest)?;
    Ok(ImageFile::new(finished, manifest))
}

fn header(plan: &CapturePlan) -> Header {
    let disk = &plan.request.disk;
    let words = [disk.model.as_deref(), disk.serial.as_deref()];
    Header {
        image_id: uuid::Uuid::new_v4(),
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        tool: concat!("remetal ", env!("CARGO_PKG_VERSION")).to_owned(),
        disk_size: plan.survey.disk_size,
        logical_sector: plan.survey.logical_sector,
        chunk_size: CHUNK_SIZE,
        disk: words.into_iter().flatten().collect::<Vec<_>>().join(" "),
    }
}

/// Writes frames and keeps count.
struct Recorder<'a> {
    writer: ImageWriter,
    totals: TotalsRecord,
    lost: Losses<'a>,
    data: u64,
    observer: &'a dyn Observer,
    told: Option<Instant>,
}

impl<'a> Recorder<'a> {
    fn new(writer: ImageWriter, lost: Losses<'a>, data: u64, observer: &'a dyn Observer) -> Self {
        Self { writer, totals: TotalsRecord::default(), lost, data, observer, told: None }
    }

    fn write(&mut self, output: &Output<'_>) -> Result<(), EngineError> {
        match output {
            Output::Data { kind, disk, frame, sha256, checksum, unreadable } => {
                self.writer.append(*kind, disk.length, frame, *sha256, *checksum)?;
                self.totals.data += disk.length;
                for (extent, reason) in *unreadable {
                    self.lost.add(*extent, reason);
                }
            }
            Output::Zeros { kind, disk } => {
                self.writer.append_zeros(*kind, disk.length)?;
                let total = match kind {
                    FrameKind::Hole => &mut self.totals.holes,
                    FrameKind::Excluded => &mut self.totals.excluded,
                    _ => &mut self.totals.zero,
                };
                *total += disk.length;
            }
        }
        self.totals.stored = self.writer.stored();
        Ok(())
    }

    fn tell(&mut self, level: &LevelControl, gauge: &Gauge) {
        let done = self.totals.data + self.totals.zero;
        let due = self.told.is_none_or(|told| told.elapsed() >= Duration::from_millis(100));
        if !due && done < self.data {
            return;
        }
        self.told = Some(Instant::now());
        self.observer.event(&Event::Progress(Progress {
            phase: Phase::Capture,
            done,
            total: self.data,
            stored: self.totals.stored,
            errors: self.lost.found(),
            bottleneck: Some(gauge.bottleneck()),
            level: Some(level.current()),
        }));
    }

    fn finish(self) -> (ImageWriter, TotalsRecord, Vec<UnreadableRecord>) {
        (self.writer, self.totals, self.lost.finish())
    }
}

/// Says for each lost range which files lie in it. All content is in the image by then: a stop ends
/// only the search.
fn name_files(
    device: &dyn BlockDevice,
    plan: &CapturePlan,
    lost: &mut [UnreadableRecord],
    observer: &dyn Observer,
    cancel: &Cancel,
) {
    if lost.is_empty() {
        return;
    }
    let text = "looking for the names of the files that lose data".to_owned();
    observer.event(&Event::Note { text });
    let places = plan.survey.volumes.iter().filter_map(SurveyedVolume::single_extent);
    let ranges: Vec<Extent> = lost.iter().map(|range| range.extent).collect();
    let files = damage::files_by_range(device, places, &ranges, cancel);
    for (range, files) in lost.iter_mut().zip(files) {
        range.files = files;
    }
}
