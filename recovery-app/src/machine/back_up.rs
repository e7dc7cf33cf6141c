//! Saves disks.

use std::path::Path;
use std::time::Instant;

use block::Caching;
use engine::capture::{self, CaptureOutcome, CaptureRequest, Level};
use engine::{Cancel, SurveyOptions};
use hardware::Disk;
use image::manifest::DiskRecord;
use report::backup::losses;
use tui::job::{BackupDone, BackupRequest, Compression, Ending, News, Source as Chosen, Trouble};

use super::drives::Mounted;
use super::gate::Use;
use super::teller::Teller;
use super::trouble::{OrTrouble, by_disk, leaving, refused};
use super::volume::Volume;
use super::{ThisComputer, still_there};
use crate::culprit::Used;
use crate::destination::{Destination, Wanted};
use crate::failure::Failure;
use crate::source::Source;

/// What is said of a disk that was being saved.
const ONLY_READ: &str = "The disk that was being saved was only read.";

/// See [`tui::job::Work::BackUp`].
pub fn back_up(
    computer: &ThisComputer,
    request: &BackupRequest,
    told: &(dyn Fn(News) + Sync),
    cancel: &Cancel,
) -> Result<Vec<BackupDone>, Trouble> {
    let mut devices: Vec<&Path> =
        request.sources.iter().map(|source| source.disk.path.as_path()).collect();
    devices.push(&request.destination);
    let _claim = computer.claim(&devices, Use::Work)?;
    let (volume, _) = Volume::at(&request.destination).or_trouble()?;
    let drive = still_there(&request.drive)?;
    if request.sources.iter().any(|source| source.disk.path == drive.path) {
        return Err(Trouble::refused("The backup would lie on the disk that it is of."));
    }
    let mounted = Mounted::writing(&volume).map_err(|problem| {
        let words = format!("Nothing can be written to the drive for the backup. {problem}");
        refused(&words, volume.device.display().to_string())
    })?;
    let teller = Teller(told);
    let (volume, drive, folder) = (&volume, &drive, mounted.folder());
    let job = Job { request, volume, drive, folder, teller, cancel };
    let mut done = Vec::new();
    for (index, chosen) in request.sources.iter().enumerate() {
        told(News::Disk(index));
        match job.save(index, chosen) {
            Ok(saved) => done.push(saved),
            Err(trouble) => {
                // What went wrong is more than that it cannot be unmounted now.
                let _ = mounted.finish();
                return Err(with_saved(trouble, &done));
            }
        }
    }
    if let Err(error) = mounted.finish() {
        let words = format!(
            "The drive could not be closed in order ({error}): shut down before it is unplugged."
        );
        teller.note(&words);
        done.iter_mut().for_each(|done| done.drive_trouble = Some(words.clone()));
    }
    Ok(done)
}

struct Job<'a> {
    request: &'a BackupRequest,
    volume: &'a Volume,
    /// The drive for the backup.
    drive: &'a Disk,
    /// Where it is mounted: the folder that backups are made in.
    folder: &'a Path,
    teller: Teller<'a>,
    cancel: &'a Cancel,
}

impl Job<'_> {
    fn save(&self, index: usize, chosen: &Chosen) -> Result<BackupDone, Trouble> {
        let begun = Instant::now();
        let disk = still_there(&chosen.disk)?;
        let name = self.request.name_of(index);
        let used = [Used::source(&disk), Used::destination(self.drive, self.folder)];
        let outcome = self.capture(&disk, chosen, &name).map_err(|failure| {
            let failure = failure.while_backing_up(self.folder);
            leaving(by_disk(failure, &used), left_behind(self.folder, &name))
        })?;
        let manifest = &outcome.image.manifest;
        Ok(BackupDone {
            folder: self.told_folder(&name),
            name,
            fingerprint: outcome.image.fingerprint.clone(),
            content: manifest.totals.data.saturating_add(manifest.totals.zero),
            stored: outcome.image.stored_size,
            seconds: begun.elapsed().as_secs(),
            verified: outcome.verification.is_some(),
            lost: losses(&manifest.unreadable),
            drive_trouble: None,
            disk,
        })
    }

    fn capture(&self, disk: &Disk, chosen: &Chosen, name: &str) -> Result<CaptureOutcome, Failure> {
        let source = Source::find(&disk.path, None)?;
        let wanted = Wanted { folder: self.folder, name: Some(name), part_size: None };
        let destination = Destination::find(wanted, &source)?;
        source.check_offline()?;
        destination.notes.iter().for_each(|note| self.teller.note(note));
        source.set_read_only()?;

        let structures = source.open(Caching::Cached)?;
        let content = source.open_content()?;
        let wanted = CaptureRequest {
            disk: source.record(&structures),
            part_size: destination.part_size,
            free: Some(destination.room()),
            ..capture_request(self.request, chosen, self.folder, name)
        };
        let plan = capture::plan(&structures, wanted, self.cancel)?;
        let devices = capture::Source { structures: &structures, content: &content };
        Ok(capture::capture(devices, &plan, &self.teller, self.cancel)?)
    }

    /// The backup's folder as the drive's owner would say.
    fn told_folder(&self, name: &str) -> String {
        self.volume
            .label
            .as_ref()
            .map_or_else(|| name.to_owned(), |label| format!("{label}/{name}"))
    }
}

fn left_behind(folder: &Path, name: &str) -> String {
    let unfinished = format!("{name}.partial");
    // A drive that was taken out does not say what is on it.
    if let Ok(false) = folder.join(&unfinished).try_exists() {
        return format!("{ONLY_READ} No backup was begun.");
    }
    format!(
        "{ONLY_READ} The folder {unfinished} on the drive is no backup: it can be deleted, and the \
         next backup of that name replaces it."
    )
}

/// A failure after some of the disks were saved.
fn with_saved(trouble: Trouble, saved: &[BackupDone]) -> Trouble {
    if saved.is_empty() {
        return trouble;
    }
    let is_good = |saved: &BackupDone| saved.verified && saved.lost.is_empty();
    let words = if saved.iter().all(is_good) {
        let names: Vec<&str> = saved.iter().map(|saved| saved.name.as_str()).collect();
        format!("Finished before, and good: {}.", names.join(", "))
    } else {
        let names: Vec<String> = saved.iter().map(name_and_doubt).collect();
        format!("Finished before: {}.", names.join(", "))
    };
    // With backups made, it was not refused any more.
    let end = if trouble.end == Ending::Stopped { Ending::Stopped } else { Ending::Failed };
    let unharmed = match trouble.end {
        Ending::Refused => format!("{ONLY_READ} {words}"),
        Ending::Stopped | Ending::Failed => format!("{} {words}", trouble.unharmed),
    };
    Trouble { end, unharmed, ..trouble }
}

/// The name of a backup, and what keeps it from being called good.
fn name_and_doubt(saved: &BackupDone) -> String {
    let doubt = match (saved.verified, saved.lost.is_empty()) {
        (true, true) => "",
        (false, true) => " (not read back)",
        (true, false) => " (with losses)",
        (false, false) => " (with losses, not read back)",
    };
    format!("{}{doubt}", saved.name)
}

/// What the engine is asked for, for one disk: without the disk itself, and without what only the
/// plan or only the work knows.
pub fn capture_request(
    request: &BackupRequest,
    chosen: &Chosen,
    folder: &Path,
    name: &str,
) -> CaptureRequest {
    CaptureRequest {
        disk: DiskRecord::default(),
        destination: folder.to_owned(),
        name: name.to_owned(),
        survey: SurveyOptions { partitions: chosen.partitions.clone(), all_sectors: false },
        level: level(request.compression),
        part_size: None,
        free: None,
        sample: false,
        verify: request.verify,
    }
}

/// How hard that is for Zstandard. At 12, a processor compresses some 40 MB a second: no faster
/// than many a USB disk, and it gains little to be slower still.
fn level(compression: Compression) -> Level {
    match compression {
        Compression::Auto => Level::Auto,
        Compression::Fast => Level::Fixed(1),
        Compression::Small => Level::Fixed(12),
    }
}
