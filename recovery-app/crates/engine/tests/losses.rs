//! Captures of disks that cannot be read in very many places.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::path::Path;

use block::{BlockDevice, BlockError, Caching, Extent, Geometry, MemoryDevice, Operation};
use engine::capture::{self, CaptureOutcome, CaptureRequest, Level, Source};
use engine::restore::{self, RestoreJob, Target};
use engine::{Cancel, EngineError, Event, Observer, Silent, SurveyOptions, verify};
use image::ImageReader;
use image::manifest::DiskRecord;

const SECTOR: u64 = 512;
/// Before this byte everything can be read.
const SOUND: u64 = 1 << 20;
/// What is in every byte of a [`Worn`] disk.
const CONTENT: u8 = 0x11;

/// A disk that has lost every second sector from [`SOUND`] on.
struct Worn {
    size: u64,
}

impl Worn {
    /// One with so many lost ranges.
    fn with_losses(ranges: u64) -> Self {
        Self { size: SOUND + 2 * SECTOR * ranges }
    }

    fn is_lost(at: u64) -> bool {
        at >= SOUND && (at / SECTOR) % 2 == 1
    }
}

impl BlockDevice for Worn {
    fn geometry(&self) -> Geometry {
        Geometry { size: self.size, logical_sector: 512, physical_sector: 512 }
    }
    fn name(&self) -> &str {
        "worn"
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let touched = Extent::new(offset, buffer.len() as u64);
        if touched.cut_at_multiples(SECTOR).any(|piece| Self::is_lost(piece.start)) {
            let error = std::io::Error::from_raw_os_error(5);
            return Err(BlockError::io("worn", Operation::Read, offset, touched.length, error));
        }
        buffer.fill(CONTENT);
        Ok(())
    }
    fn write_at(&self, _: &[u8], _: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: "worn".into() })
    }
    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}

fn record(size: u64) -> DiskRecord {
    DiskRecord { size, logical_sector: 512, physical_sector: 512, ..DiskRecord::default() }
}

fn capture_of(
    disk: &Worn,
    folder: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<CaptureOutcome, EngineError> {
    let request = CaptureRequest {
        disk: record(disk.size),
        destination: folder.to_owned(),
        name: "backup".into(),
        survey: SurveyOptions::default(),
        level: Level::DEFAULT,
        part_size: None,
        free: None,
        sample: false,
        verify: false,
    };
    let plan = capture::plan(disk, request, cancel)?;
    capture::capture(Source { structures: disk, content: disk }, &plan, observer, cancel)
}

#[test]
fn a_disk_with_very_many_lost_ranges_is_saved_and_restored_as_damaged() {
    const RANGES: u64 = 400_000;
    let folder = tempfile::tempdir().unwrap();
    let disk = Worn::with_losses(RANGES);
    let outcome = capture_of(&disk, folder.path(), &Silent, &Cancel::default()).unwrap();
    assert!(outcome.is_damaged());
    let lost = &outcome.image.manifest.unreadable;
    assert!((2..=50_000).contains(&lost.len()), "{}", lost.len());
    let bytes: u64 = lost.iter().map(|range| range.extent.length - range.intact).sum();
    assert_eq!(bytes, RANGES * SECTOR);
    let longest = lost.iter().map(|range| range.extent.length).max().unwrap();
    assert!(longest <= 64 << 10, "{longest}");

    let image = ImageReader::open(&outcome.folder.join("disk0.img.zst"), Caching::Cached).unwrap();
    assert_eq!(image.manifest(), &outcome.image.manifest);
    drop(image);
    let verified = verify::verify(&outcome.folder, &Silent, &Cancel::default()).unwrap();
    assert!(verified.damage.is_empty());

    let target = MemoryDevice::from(vec![0xaa; usize::try_from(disk.size).unwrap()]);
    let aim = Target { disk: record(disk.size), word: "ab12".into(), forbidden: Vec::new() };
    let plan = restore::plan(&outcome.folder, aim, Some(&target)).unwrap().confirm("ab12").unwrap();
    let job = RestoreJob {
        device: &target,
        structures: &target,
        read_back: &target,
        identity_check: &|| Ok(()),
        compare: true,
        saves_old_table: true,
    };
    let restored = restore::restore(&plan, &job, &Silent, &Cancel::default()).unwrap();
    assert!(restored.in_words().starts_with("finished with named damage"));
    for (at, sector) in (0..).step_by(512).zip(target.to_vec().chunks(512)) {
        let expected = if Worn::is_lost(at) { 0 } else { CONTENT };
        assert!(sector.iter().all(|byte| *byte == expected), "byte {at}");
    }
}

/// Asks for a stop when the names of files are looked for.
struct StopAtNames(Cancel);

impl Observer for StopAtNames {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Note { text } if text.contains("names of the files")) {
            self.0.cancel();
        }
    }
}

#[test]
fn a_stop_while_files_are_named_ends_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Worn::with_losses(40);
    let cancel = Cancel::default();
    let observer = StopAtNames(cancel.clone());
    let outcome = capture_of(&disk, folder.path(), &observer, &cancel).unwrap();
    assert!(cancel.is_cancelled());
    assert_eq!(outcome.image.manifest.unreadable.len(), 40);
    let verified = verify::verify(&folder.path().join("backup"), &Silent, &Cancel::default());
    assert!(verified.unwrap().damage.is_empty());
}
