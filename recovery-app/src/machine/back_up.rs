//! Saves disks.

use std::path::Path;
use std::time::Instant;

use block::Caching;
use engine::capture::{self, CaptureRequest, Level};
use engine::{Cancel, SurveyOptions};
use image::manifest::DiskRecord;
use report::backup::losses;
use tui::job::{BackupDone, BackupRequest, Compression, Ending, News, Source as Chosen, Trouble};

use super::drives::Mounted;
use super::gate::Use;
use super::teller::Teller;
use super::trouble::{OrTrouble, leaving, refused};
use super::volume::Volume;
use super::{ThisComputer, still_there};
use crate::destination::{Destination, Wanted};
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
    let job = Job { request, volume: &volume, folder: mounted.folder(), teller, cancel };
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
            "The drive could not be closed in order ({error}): power off before it is unplugged."
        );
        teller.note(&words);
        done.iter_mut().for_each(|done| done.drive_trouble = Some(words.clone()));
    }
    Ok(done)
}

struct Job<'a> {
    request: &'a BackupRequest,
    volume: &'a Volume,
    /// Where the drive for the backup is mounted.
    folder: &'a Path,
    teller: Teller<'a>,
    cancel: &'a Cancel,
}

impl Job<'_> {
    fn save(&self, index: usize, chosen: &Chosen) -> Result<BackupDone, Trouble> {
        let begun = Instant::now();
        let disk = still_there(&chosen.disk)?;
        let name = self.request.name_of(index);
        let source = Source::find(&disk.path, None).or_trouble()?;
        let wanted = Wanted { folder: self.folder, name: Some(&name), part_size: None };
        let destination = Destination::find(wanted, &source).or_trouble()?;
        source.check_offline().or_trouble()?;
        destination.notes.iter().for_each(|note| self.teller.note(note));
        source.set_read_only().or_trouble()?;

        let structures = source.open(Caching::Cached).or_trouble()?;
        let content = source.open_content().or_trouble()?;
        // What is left of an unfinished backup of that name is removed before anything is written.
        let freed = engine::freed_by(self.folder, &name);
        let wanted = CaptureRequest {
            disk: source.record(&structures),
            part_size: destination.part_size,
            free: Some(destination.filesystem.free.saturating_add(freed)),
            ..capture_request(self.request, chosen, self.folder, &name)
        };
        let plan = capture::plan(&structures, wanted).or_trouble()?;
        let devices = capture::Source { structures: &structures, content: &content };
        let outcome = capture::capture(devices, &plan, &self.teller, self.cancel)
            .or_trouble()
            .map_err(|trouble| leaving(trouble, left_behind(&destination)))?;
        let manifest = &outcome.image.manifest;
        Ok(BackupDone {
            disk,
            folder: self.told_folder(&name),
            name,
            fingerprint: outcome.image.fingerprint.clone(),
            content: manifest.totals.data.saturating_add(manifest.totals.zero),
            stored: outcome.image.stored_size,
            seconds: begun.elapsed().as_secs(),
            verified: outcome.verification.is_some(),
            lost: losses(&manifest.unreadable),
            drive_trouble: None,
        })
    }

    /// The backup's folder as the drive's owner would say.
    fn told_folder(&self, name: &str) -> String {
        self.volume
            .label
            .as_ref()
            .map_or_else(|| name.to_owned(), |label| format!("{label}/{name}"))
    }
}

fn left_behind(destination: &Destination) -> String {
    if !destination.unfinished().exists() {
        return format!("{ONLY_READ} No backup was begun.");
    }
    format!(
        "{ONLY_READ} The folder {}.partial on the drive is no backup: it can be deleted, and the \
         next backup of that name replaces it.",
        destination.name
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
