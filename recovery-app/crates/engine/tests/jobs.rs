//! Captures, verifications and restores on disks in memory, with every kind of trouble.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use block::double::{ActingDevice, FaultDevice, StrictDevice};
use block::{
    Access, BlockDevice, BlockError, Caching, Extent, FileDevice, Geometry, MemoryDevice, Operation,
};
use engine::capture::{self, CaptureOutcome, CaptureRequest, Level, Source};
use engine::restore::{self, RestoreJob, RestoreOutcome, Target};
use engine::{Cancel, EngineError, Event, Observer, Silent, SurveyOptions, verify};
use image::manifest::DiskRecord;

const MIB: u64 = 1 << 20;

/// A GPT disk of 64 MiB made by sgdisk: partition 2 (20 MiB at 2 MiB) holds noise, partition 5
/// (8 MiB at 40 MiB) zeros, the space between is unpartitioned.
fn disk_bytes() -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(64 * MIB).unwrap();
    let made = std::process::Command::new("sgdisk")
        .args(["-a", "8", "-n", "2:4096:+20M", "-n", "5:81920:+8M"])
        .arg(file.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut bytes = std::fs::read(file.path()).unwrap();
    let mut state = 1_u64;
    for byte in &mut bytes[2 << 20..22 << 20] {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = state.to_le_bytes()[6] | 1;
    }
    // Something in the unpartitioned space, which is not captured.
    bytes[35 << 20..(35 << 20) + 8].copy_from_slice(b"leftover");
    bytes
}

fn record(size: u64, sector: u32) -> DiskRecord {
    DiskRecord {
        path: "memory".into(),
        size,
        logical_sector: sector,
        physical_sector: sector,
        ..DiskRecord::default()
    }
}

fn request(folder: &Path, device: &dyn BlockDevice) -> CaptureRequest {
    CaptureRequest {
        disk: record(device.size(), device.geometry().logical_sector),
        destination: folder.to_owned(),
        name: "backup".into(),
        survey: SurveyOptions::default(),
        level: Level::DEFAULT,
        part_size: None,
        free: None,
        sample: false,
        verify: true,
    }
}

fn capture_with(
    request: CaptureRequest,
    structures: &dyn BlockDevice,
    content: &dyn BlockDevice,
) -> Result<CaptureOutcome, EngineError> {
    let plan = capture::plan(structures, request, &Cancel::default())?;
    capture::capture(Source { structures, content }, &plan, &Silent, &Cancel::default())
}

fn capture_to(folder: &Path, device: &dyn BlockDevice) -> Result<CaptureOutcome, EngineError> {
    capture_with(request(folder, device), device, device)
}

fn restore_to(backup: &Path, device: &dyn BlockDevice) -> Result<RestoreOutcome, EngineError> {
    let geometry = device.geometry();
    let disk = record(geometry.size, geometry.logical_sector);
    let target = Target { disk, word: "ab12".into(), forbidden: Vec::new() };
    let plan = restore::plan(backup, target, Some(device))?.confirm("AB12")?;
    let job = RestoreJob {
        device,
        structures: device,
        read_back: device,
        identity_check: &|| Ok(()),
        compare: true,
        saves_old_table: true,
    };
    restore::restore(&plan, &job, &Silent, &Cancel::default())
}

fn noise(size: u64) -> MemoryDevice {
    let pattern: Vec<u8> = (0..size).map(|at| (at % 253).to_le_bytes()[0]).collect();
    MemoryDevice::from(pattern)
}

fn finished(folder: &Path) -> PathBuf {
    folder.join("backup")
}

/// The bytes that must come back: both ends and the partitions.
fn assert_restored(restored: &[u8], original: &[u8]) {
    let kept = [0..22 << 20, 40 << 20..48 << 20, 63 << 20..64 << 20];
    for range in kept {
        assert!(restored[range.clone()] == original[range.clone()], "bytes {range:?} differ");
    }
}

#[test]
fn a_disk_comes_back_onto_one_full_of_noise() {
    let folder = tempfile::tempdir().unwrap();
    let original = disk_bytes();
    let source = MemoryDevice::from(original.clone());
    let outcome = capture_to(folder.path(), &source).unwrap();
    assert!(outcome.in_words().starts_with("verified"));
    assert!(source.to_vec() == original, "the source was written");
    assert!(outcome.image.manifest.totals.holes > 10 * MIB);
    assert_eq!(outcome.image.manifest.totals.zero, 8 * MIB);

    let target = noise(64 * MIB);
    let restored = restore_to(&finished(folder.path()), &target).unwrap();
    assert!(restored.in_words().starts_with("verified"));
    assert_restored(&target.to_vec(), &original);
}

#[test]
fn every_access_to_a_disk_of_4096_byte_sectors_is_aligned() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..8 * MIB + 4096).map(|at| (at % 251).to_le_bytes()[0]).collect();
    let source = MemoryDevice::new(bytes.clone(), 4096);
    let strict = StrictDevice::new(MemoryDevice::new(bytes.clone(), 4096));
    capture_with(request(folder.path(), &source), &source, &strict).unwrap();
    let target = StrictDevice::new(MemoryDevice::new(vec![9; bytes.len()], 4096));
    restore_to(&finished(folder.path()), &target).unwrap();
    let mut restored = vec![0; bytes.len()];
    target.read_at(&mut restored, 0).unwrap();
    assert!(restored == bytes);
}

#[test]
fn unreadable_sectors_are_named_and_the_rest_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let original = disk_bytes();
    let bad = Extent::new(10 * MIB + 512, 1024);
    let faulty = FaultDevice::new(MemoryDevice::from(original.clone())).unreadable(bad);
    let outcome = capture_to(folder.path(), &faulty).unwrap();
    assert!(outcome.is_damaged());
    let lost = &outcome.image.manifest.unreadable;
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].extent, lost[0].volume.as_deref()), (bad, Some("partition 2")));

    let target = noise(64 * MIB);
    let restored = restore_to(&finished(folder.path()), &target).unwrap();
    assert_eq!(restored.lost.len(), 1);
    let mut expected = original;
    expected[(10 << 20) + 512..(10 << 20) + 1536].fill(0);
    assert_restored(&target.to_vec(), &expected);
}

#[test]
fn a_disk_without_a_readable_first_sector_is_saved_whole() {
    let original = disk_bytes();
    let bad = Extent::new(0, 512);
    let faulty = FaultDevice::new(MemoryDevice::from(original.clone())).unreadable(bad);
    for all_sectors in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut request = request(folder.path(), &faulty);
        request.survey.all_sectors = all_sectors;
        engine::check_partitions(&faulty, &request.survey).unwrap();
        let outcome = capture_with(request, &faulty, &faulty).unwrap();
        assert!(outcome.is_damaged());
        let manifest = &outcome.image.manifest;
        let lost = &manifest.unreadable;
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert_eq!((lost[0].extent, lost[0].volume.as_deref()), (bad, Some("the whole disk")));
        let note = &manifest.table.notes[0];
        assert!(note.starts_with("the partition table of memory at byte 0 cannot be"), "{note}");

        let target = noise(64 * MIB);
        let restored = restore_to(&finished(folder.path()), &target).unwrap();
        assert_eq!(restored.lost.len(), 1);
        let mut expected = original.clone();
        expected[..512].fill(0);
        assert!(target.to_vec() == expected);
    }
}

#[test]
fn no_partition_can_be_chosen_where_the_first_sector_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let bad = Extent::new(0, 512);
    let faulty = FaultDevice::new(MemoryDevice::from(disk_bytes())).unreadable(bad);
    let mut request = request(folder.path(), &faulty);
    request.survey.partitions = Some(vec![2]);
    let check = engine::check_partitions(&faulty, &request.survey).unwrap_err();
    let plan = capture::plan(&faulty, request, &Cancel::default()).unwrap_err();
    for refusal in [check, plan] {
        assert!(matches!(refusal, EngineError::Refused { .. }), "{refusal}");
        assert!(refusal.to_string().contains("reading memory at byte 0"), "{refusal}");
        assert!(refusal.guidance().contains("whole disk"), "{}", refusal.guidance());
    }
}

/// Keeps the last count of errors that was told.
#[derive(Default)]
struct Errors(AtomicU64);

impl Observer for Errors {
    fn event(&self, event: &Event) {
        if let Event::Progress(progress) = event {
            self.0.store(progress.errors, Ordering::Relaxed);
        }
    }
}

#[test]
fn what_is_lost_or_damaged_is_counted_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let bad = [10 * MIB, 15 * MIB].map(|at| Extent::new(at, 512));
    let disk = MemoryDevice::from(disk_bytes());
    let faulty = FaultDevice::new(disk).unreadable(bad[0]).unreadable(bad[1]);
    let errors = Errors::default();
    let request = CaptureRequest { verify: false, ..request(folder.path(), &faulty) };
    let plan = capture::plan(&faulty, request, &Cancel::default()).unwrap();
    let source = Source { structures: &faulty, content: &faulty };
    capture::capture(source, &plan, &errors, &Cancel::default()).unwrap();
    assert_eq!(errors.0.load(Ordering::Relaxed), 2);

    let image = finished(folder.path()).join("disk0.img.zst");
    let mut bytes = std::fs::read(&image).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&image, bytes).unwrap();
    verify::verify(&finished(folder.path()), &errors, &Cancel::default()).unwrap();
    assert_eq!(errors.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_sample_tells_the_least_size_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let disk = MemoryDevice::from(disk_bytes());
    let estimate = |sample| {
        let request = CaptureRequest { sample, ..request(folder.path(), &disk) };
        capture::plan(&disk, request, &Cancel::default()).unwrap().estimate
    };
    assert_eq!(estimate(false).least, 0);
    // 20 MiB of the 28 MiB in use are noise.
    let sampled = estimate(true);
    assert!((8 * MIB..20 * MIB).contains(&sampled.least), "{sampled:?}");
    let made = capture_to(folder.path(), &disk).unwrap().image.stored_size;
    assert!((sampled.least..=sampled.most).contains(&made), "{made} bytes, {sampled:?}");
}

#[test]
fn a_defect_in_the_program_is_not_told_as_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let structures = MemoryDevice::from(disk_bytes());
    let content = MemoryDevice::from(structures.to_vec());
    // What only a defect in the program could do.
    let content = ActingDevice::new(content, |_, _, _| panic!("for the test"));
    let error = capture_with(request(folder.path(), &structures), &structures, &content);
    let error = error.unwrap_err();
    assert!(error.guidance().contains("defect"), "{error}: {}", error.guidance());
    assert!(!finished(folder.path()).exists());
}

#[test]
fn a_source_that_vanishes_ends_the_capture_without_a_backup() {
    for reads in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let structures = MemoryDevice::from(disk_bytes());
        let content = FaultDevice::new(MemoryDevice::from(structures.to_vec()));
        let content = ActingDevice::new(content, |device, number, _| {
            if number == reads + 1 {
                device.unplug();
            }
        });
        let result = capture_with(request(folder.path(), &structures), &structures, &content);
        assert!(matches!(result, Err(EngineError::Vanished { .. })), "{reads}: {result:?}");
        assert!(!finished(folder.path()).exists());
        // The next try replaces what is left.
        capture_to(folder.path(), &structures).unwrap();
    }
}

/// Does something at the first progress of the capture.
struct Meanwhile<'a>(&'a (dyn Fn() + Sync));

impl Observer for Meanwhile<'_> {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Progress(_)) {
            (self.0)();
        }
    }
}

#[test]
fn a_file_that_is_changed_while_it_is_read_gives_no_backup() {
    use std::os::unix::fs::FileExt;

    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |at| file.as_file().write_all_at(b"of another moment", at).unwrap();
    let changes: [(&(dyn Fn() + Sync), bool); 4] = [
        (&|| drop(std::fs::read(file.path()).unwrap()), true),
        (&|| write(3 * MIB), false),
        (&|| write(70 * MIB), false),
        (&|| file.as_file().set_len(8 * MIB).unwrap(), false),
    ];
    for (number, (change, is_fine)) in changes.into_iter().enumerate() {
        std::fs::write(file.path(), disk_bytes()).unwrap();
        // The clock of the kernel may not tick before the change.
        file.as_file().set_modified(std::time::UNIX_EPOCH).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let open = || FileDevice::open(file.path(), Access::Read, Caching::Cached).unwrap();
        let (structures, content) = (open(), open());
        let plan =
            capture::plan(&structures, request(folder.path(), &structures), &Cancel::default())
                .unwrap();
        let source = Source { structures: &structures, content: &content };
        let observer = Meanwhile(change);
        let result = capture::capture(source, &plan, &observer, &Cancel::default());
        assert_eq!(finished(folder.path()).exists(), is_fine, "{number}");
        match result {
            Ok(_) => assert!(is_fine, "{number}"),
            Err(EngineError::Block(BlockError::Changed { .. } | BlockError::CutShort { .. })) => {
                assert!(!is_fine, "{number}");
            }
            Err(other) => panic!("{number}: {other}"),
        }
    }
}

/// Cancels the job at the first progress event of a phase.
struct CancelAt(engine::Phase, Cancel);

impl Observer for CancelAt {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Progress(progress) if progress.phase == self.0) {
            self.1.cancel();
        }
    }
}

#[test]
fn a_capture_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let device = MemoryDevice::from(disk_bytes());
    let plan = capture::plan(&device, request(folder.path(), &device), &Cancel::default()).unwrap();
    let cancel = Cancel::default();
    let observer = CancelAt(engine::Phase::Capture, cancel.clone());
    let source = Source { structures: &device, content: &device };
    let result = capture::capture(source, &plan, &observer, &cancel);
    assert!(matches!(result, Err(EngineError::Cancelled)), "{result:?}");
    assert!(!finished(folder.path()).exists());
}

#[test]
fn a_plan_can_be_stopped_while_a_sample_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    let disk = ActingDevice::new(MemoryDevice::from(disk_bytes()), |_, _, bytes: Extent| {
        if bytes.length == 256 << 10 {
            cancel.cancel();
        }
    });
    let request = CaptureRequest { sample: true, ..request(folder.path(), &disk) };
    let result = capture::plan(&disk, request, &cancel);
    assert!(matches!(result, Err(EngineError::Cancelled)), "{result:?}");
}

#[test]
fn a_capture_that_is_stopped_before_it_begins_leaves_the_destination_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let device = MemoryDevice::from(disk_bytes());
    let (cancel, request) = (Cancel::default(), request(folder.path(), &device));
    let plan = capture::plan(&device, request, &cancel).unwrap();
    cancel.cancel();
    let source = Source { structures: &device, content: &device };
    let unfinished = folder.path().join("backup.partial");
    for is_there in [false, true] {
        let result = capture::capture(source, &plan, &Silent, &cancel);
        assert!(matches!(result, Err(EngineError::Cancelled)), "{result:?}");
        assert_eq!(unfinished.join("disk0.img.zst").exists(), is_there);
        assert_eq!(unfinished.exists(), is_there);
        std::fs::create_dir_all(&unfinished).unwrap();
        std::fs::write(unfinished.join("disk0.img.zst"), "of an earlier capture").unwrap();
    }
}

#[test]
fn a_target_that_fails_is_left_plainly_unusable() {
    let folder = tempfile::tempdir().unwrap();
    let original = disk_bytes();
    capture_to(folder.path(), &MemoryDevice::from(original.clone())).unwrap();
    let target =
        FaultDevice::new(MemoryDevice::from(original)).unwritable(Extent::new(9 * MIB, 512));
    let result = restore_to(&finished(folder.path()), &target);
    assert!(matches!(result, Err(EngineError::Block(_))), "{result:?}");
    let bytes = target.inner().to_vec();
    assert!(bytes.starts_with(b"REMETAL"));
    assert_eq!(&bytes[510..512], [0, 0]);
    assert!(bytes[512..1 << 20].iter().all(|byte| *byte == 0));
    assert!(bytes[63 << 20..].iter().all(|byte| *byte == 0), "the backup GPT is still there");
}

/// Accepts every write and loses one byte of what it was told to keep.
struct Forgetful {
    inner: MemoryDevice,
    forgets: u64,
}

impl BlockDevice for Forgetful {
    fn geometry(&self) -> Geometry {
        self.inner.geometry()
    }
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.inner.read_at(buffer, offset)
    }
    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        self.inner.write_at(data, offset)?;
        let written = Extent::new(offset, data.len() as u64);
        if written.contains(&Extent::new(self.forgets, 1)) {
            self.inner.write_at(
                &[data[usize::try_from(self.forgets - offset).unwrap()] ^ 4],
                self.forgets,
            )?;
        }
        Ok(())
    }
    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}

/// A disk that loses a byte of its first sector cannot be marked again either.
fn is_not_written(error: &EngineError) -> bool {
    match error {
        EngineError::Unmarked(error) => is_not_written(error),
        error => matches!(error, EngineError::NotWritten { .. }),
    }
}

#[test]
fn a_target_that_lies_is_found_out_by_the_read_back() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path(), &MemoryDevice::from(disk_bytes())).unwrap();
    // In a chunk, in the first chunk, in the first sector, in a zero chunk, in the backup GPT.
    for forgets in [12 * MIB + 5, 3 * MIB, 450, 44 * MIB, 64 * MIB - 512] {
        let target = Forgetful { inner: noise(64 * MIB), forgets };
        let error = restore_to(&finished(folder.path()), &target).unwrap_err();
        assert!(is_not_written(&error), "{forgets}: {error:?}");
    }
}

/// Fails to flush what makes it boot, for a moment or from then on.
struct Late {
    inner: MemoryDevice,
    stays_so: bool,
    /// It has failed.
    failed: AtomicBool,
}

impl Late {
    fn new(stays_so: bool) -> Self {
        Self { inner: noise(64 * MIB), stays_so, failed: AtomicBool::default() }
    }

    fn boots(&self) -> bool {
        self.inner.read_vec(510, 2).unwrap() == [0x55, 0xaa]
    }

    fn fail(&self, operation: Operation) -> Result<(), BlockError> {
        let error = std::io::Error::from_raw_os_error(5);
        Err(BlockError::io(self.name(), operation, 0, 0, error))
    }
}

impl BlockDevice for Late {
    fn geometry(&self) -> Geometry {
        self.inner.geometry()
    }
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.inner.read_at(buffer, offset)
    }
    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        if self.stays_so && self.failed.load(Ordering::Relaxed) {
            return self.fail(Operation::Write);
        }
        self.inner.write_at(data, offset)
    }
    fn flush(&self) -> Result<(), BlockError> {
        if self.boots() {
            self.failed.store(true, Ordering::Relaxed);
            return self.fail(Operation::Flush);
        }
        Ok(())
    }
}

fn says_that_it_is_not_finished(bytes: &[u8]) -> bool {
    bytes.starts_with(b"REMETAL") && bytes[510..512] == [0, 0]
}

#[test]
fn a_target_whose_last_write_is_not_proven_is_marked_again() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path(), &MemoryDevice::from(disk_bytes())).unwrap();
    let target = Late::new(false);
    let result = restore_to(&finished(folder.path()), &target);
    assert!(matches!(result, Err(EngineError::Block(_))), "{result:?}");
    assert!(says_that_it_is_not_finished(&target.inner.to_vec()));
    // The backup GPT is not what was written.
    let target = Forgetful { inner: noise(64 * MIB), forgets: 64 * MIB - 512 };
    let result = restore_to(&finished(folder.path()), &target);
    assert!(matches!(result, Err(EngineError::NotWritten { .. })), "{result:?}");
    assert!(says_that_it_is_not_finished(&target.inner.to_vec()));
}

#[test]
fn a_target_that_cannot_be_marked_again_is_told_to_boot() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path(), &MemoryDevice::from(disk_bytes())).unwrap();
    let target = Late::new(true);
    let result = restore_to(&finished(folder.path()), &target);
    let error = format!("{result:?}");
    assert!(target.boots() && error.contains("Unmarked"), "{error}");
    // The mark does not become what was written.
    let target = Forgetful { inner: noise(64 * MIB), forgets: 450 };
    let error = format!("{:?}", restore_to(&finished(folder.path()), &target));
    assert!(error.contains("Unmarked") && error.contains("NotWritten"), "{error}");
}

/// Gives back what was written from memory until it is told to forget it.
struct Remembering {
    disk: Forgetful,
    memory: MemoryDevice,
    /// Numbers of the pages in memory.
    pages: Mutex<BTreeSet<u64>>,
}

const PAGE: u64 = 4096;

fn pages(offset: u64, length: u64) -> Range<u64> {
    offset / PAGE..(offset + length).div_ceil(PAGE)
}

impl BlockDevice for Remembering {
    fn geometry(&self) -> Geometry {
        self.disk.geometry()
    }
    fn name(&self) -> &str {
        self.disk.name()
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.disk.read_at(buffer, offset)?;
        let read = Extent::new(offset, buffer.len() as u64);
        for page in self.pages.lock().unwrap().range(pages(offset, read.length)) {
            let kept = read.intersection(&Extent::new(page * PAGE, PAGE)).unwrap();
            let at = usize::try_from(kept.start - offset).unwrap();
            let length = usize::try_from(kept.length).unwrap();
            self.memory.read_at(&mut buffer[at..at + length], kept.start)?;
        }
        Ok(())
    }
    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        self.disk.write_at(data, offset)?;
        self.memory.write_at(data, offset)?;
        self.pages.lock().unwrap().extend(pages(offset, data.len() as u64));
        Ok(())
    }
    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
    fn forget(&self, extent: Extent) {
        let forgotten = pages(extent.start, extent.length);
        self.pages.lock().unwrap().retain(|page| !forgotten.contains(page));
    }
}

#[test]
fn the_read_back_asks_the_disk_and_not_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path(), &MemoryDevice::from(disk_bytes())).unwrap();
    for forgets in [12 * MIB + 5, 3 * MIB, 450, 44 * MIB, 64 * MIB - 512] {
        let disk = Forgetful { inner: noise(64 * MIB), forgets };
        let target = Remembering { disk, memory: noise(64 * MIB), pages: Mutex::default() };
        let error = restore_to(&finished(folder.path()), &target).unwrap_err();
        assert!(is_not_written(&error), "{forgets}: {error:?}");
    }
}

#[test]
fn a_flipped_bit_is_found_before_the_first_write_and_named() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path(), &MemoryDevice::from(disk_bytes())).unwrap();
    let image = finished(folder.path()).join("disk0.img.zst");
    let mut bytes = std::fs::read(&image).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&image, bytes).unwrap();

    let found = verify::verify(&finished(folder.path()), &Silent, &Cancel::default()).unwrap();
    assert_eq!(found.damage.len(), 1);
    assert_eq!(found.damage[0].volumes, ["partition 2 (unknown)"]);
    let target = noise(64 * MIB);
    let result = restore_to(&finished(folder.path()), &target);
    assert!(
        matches!(&result, Err(EngineError::DamagedImage(damage)) if damage.totals().ranges == 1)
    );
    assert!(target.to_vec() == noise(64 * MIB).to_vec(), "the target was written");
}

#[test]
fn what_was_not_chosen_stays_on_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let original = disk_bytes();
    let device = MemoryDevice::from(original.clone());
    let mut chosen = request(folder.path(), &device);
    chosen.survey.partitions = Some(vec![5]);
    let outcome = capture_with(chosen, &device, &device).unwrap();
    assert!(outcome.image.manifest.totals.excluded > 10 * MIB);
    let mut other = original.clone();
    other[21 << 20] ^= 0xff;
    let target = MemoryDevice::from(other.clone());
    restore_to(&finished(folder.path()), &target).unwrap();
    assert!(target.to_vec()[4 << 20..20 << 20] == other[4 << 20..20 << 20]);
}

#[test]
fn a_larger_target_gets_its_backup_table_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path(), &MemoryDevice::from(disk_bytes())).unwrap();
    let target = noise(80 * MIB);
    restore_to(&finished(folder.path()), &target).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), target.to_vec()).unwrap();
    let checked = std::process::Command::new("sgdisk").arg("-v").arg(file.path()).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("No problems found"), "{said}");
    let old_end = target.to_vec()[(64 << 20) - 512..64 << 20].to_vec();
    assert!(old_end.iter().all(|byte| *byte == 0), "the old backup header is still there");
}

#[test]
fn a_target_one_sector_too_small_is_refused_with_the_shortfall() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path(), &MemoryDevice::from(disk_bytes())).unwrap();
    match restore_to(&finished(folder.path()), &noise(64 * MIB - 512)) {
        Err(EngineError::Refused { reason, .. }) => {
            assert!(reason.contains("512 bytes"), "{reason}")
        }
        other => panic!("{other:?}"),
    }
}
