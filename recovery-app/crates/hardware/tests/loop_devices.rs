//! A real disk in a file: what the kernel itself says of it. Needs root.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use block::{Access, BlockDevice, BlockError, Caching, FileDevice};
use hardware::watch::{DiskChanges, DiskWatch};
use hardware::{Bus, FileId, Roots, UseReason, disk_at, disks, location_of, usage};

/// An ext4 filesystem in a file, shown as a loop device; taken down at the end.
struct LoopDisk {
    folder: tempfile::TempDir,
    node: PathBuf,
}

impl LoopDisk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("disk image");
        fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
        run(Command::new("mkfs.ext4").arg("-q").arg(&image));
        fs::create_dir(folder.path().join("mounted")).unwrap();
        let node = run(Command::new("losetup").args(["--find", "--show"]).arg(&image));
        Self { folder, node: node.trim().into() }
    }

    fn image(&self) -> PathBuf {
        fs::canonicalize(self.folder.path().join("disk image")).unwrap()
    }

    fn mounted(&self) -> PathBuf {
        fs::canonicalize(self.folder.path().join("mounted")).unwrap()
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        // The kernel keeps the flag for the next file on this loop device.
        let _ = Command::new("blockdev").arg("--setrw").arg(&self.node).output();
        let _ = Command::new("umount").arg(self.mounted()).output();
        let _ = Command::new("losetup").arg("--detach").arg(&self.node).output();
    }
}

#[test]
fn a_disk_that_has_no_bytes_any_more_is_not_full() {
    let disk = LoopDisk::new();
    let device = FileDevice::open(&disk.node, Access::ReadWrite, Caching::Cached).unwrap();
    // As the kernel does with the size of a disk that is taken out.
    fs::File::options().write(true).open(disk.image()).unwrap().set_len(0).unwrap();
    run(Command::new("losetup").arg("--set-capacity").arg(&disk.node));
    let error = device.write_at(&[1; 512], 0).unwrap_err();
    assert!(matches!(error, BlockError::Gone { .. }) && !error.is_full(), "{error}");
    let error = device.read_at(&mut [0; 512], 0).unwrap_err();
    assert!(matches!(error, BlockError::Gone { .. }), "{error}");
}

#[test]
fn what_is_attached_anew_is_another_arrival() {
    let disk = LoopDisk::new();
    let roots = Roots::default();
    let first = disk_at(&roots, &disk.node).unwrap();
    assert!(first.arrival.is_some() && disk_at(&roots, &disk.node).unwrap().is_still(&first));
    run(Command::new("losetup").arg("--detach").arg(&disk.node));
    run(Command::new("losetup").arg(&disk.node).arg(disk.image()));
    let second = disk_at(&roots, &disk.node).unwrap();
    assert_eq!(second.identity(), first.identity());
    assert!(!second.is_still(&first), "{:?} {:?}", first.arrival, second.arrival);
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_loop_device_is_free_then_busy_then_mounted() {
    if !is_root() {
        return;
    }
    let roots = Roots::default();
    let disk = LoopDisk::new();
    let shown = disk_at(&roots, &disk.node).unwrap();
    assert!(disks(&roots).unwrap().iter().any(|disk| disk.path == shown.path));
    assert_eq!((shown.bus, shown.size), (Bus::Loop, 16 << 20));
    assert_eq!(shown.model.as_deref(), Some("disk image"));
    assert_eq!(shown.backing_file, Some(disk.image()));
    assert_eq!(usage(&roots, &disk.node).unwrap().reasons, []);

    let claim = FileDevice::open(&disk.node, Access::Exclusive, Caching::Cached).unwrap();
    let busy = UseReason::Busy { device: disk.node.clone() };
    assert_eq!(usage(&roots, &disk.node).unwrap().reasons, [busy]);
    drop(claim);

    run(Command::new("mount").arg(&disk.node).arg(disk.mounted()));
    let mounted = UseReason::Mounted { device: disk.node.clone(), mount_point: disk.mounted() };
    assert_eq!(usage(&roots, &disk.node).unwrap().reasons, [mounted]);
    assert_eq!(disk_at(&roots, &disk.node).unwrap().mounted_at, [disk.mounted()]);
}

#[test]
fn a_file_in_a_mounted_image_lies_on_the_image_and_its_disk() {
    if !is_root() {
        return;
    }
    let roots = Roots::default();
    let disk = LoopDisk::new();
    run(Command::new("mount").arg(&disk.node).arg(disk.mounted()));
    let inside = location_of(&roots, &disk.mounted().join("backup/new")).unwrap();
    let beneath = location_of(&roots, disk.folder.path()).unwrap();
    assert!(inside.is_on(&disk.node) && !beneath.is_on(&disk.node));
    assert!(inside.backing_files.contains(&disk.image()));
    assert!(beneath.disks.iter().all(|disk| inside.is_on(disk)), "{inside:?} {beneath:?}");

    let shown = UseReason::LoopFile { file: disk.image(), device: disk.node.clone() };
    assert!(usage(&roots, &disk.image()).unwrap().reasons.contains(&shown));
    for below in &beneath.disks {
        assert!(usage(&roots, Path::new(below)).unwrap().reasons.contains(&shown));
    }
}

/// Another loop device over a file; detached at the end.
struct Second(PathBuf);

impl Second {
    fn new(file: &Path, options: &[&str]) -> Self {
        let mut losetup = Command::new("losetup");
        Self(run(losetup.args(options).args(["--find", "--show"]).arg(file)).trim().into())
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("--detach").arg(&self.0).output();
    }
}

#[test]
fn every_name_and_every_loop_device_of_a_mounted_file_is_in_use() {
    if !is_root() {
        return;
    }
    let roots = Roots::default();
    let disk = LoopDisk::new();
    let link = disk.folder.path().join("link");
    fs::hard_link(disk.image(), &link).unwrap();
    let shown = UseReason::LoopFile { file: link.clone(), device: disk.node.clone() };
    assert_eq!(usage(&roots, &link).unwrap().reasons, [shown]);

    let whole = Second::new(&link, &[]);
    let part = Second::new(&link, &["--offset=1M", "--sizelimit=2M"]);
    assert_eq!(usage(&roots, &whole.0).unwrap().reasons, []);
    let above = Second::new(&whole.0, &[]);
    run(Command::new("mount").arg(&disk.node).arg(disk.mounted()));
    let mounted = UseReason::Mounted { device: disk.node.clone(), mount_point: disk.mounted() };
    let inside = location_of(&roots, &disk.mounted()).unwrap();
    assert!(inside.backing_ids.contains(&FileId::of(&fs::metadata(&link).unwrap())));
    for node in [&whole.0, &part.0, &above.0] {
        assert!(usage(&roots, node).unwrap().reasons.contains(&mounted), "{}", node.display());
    }
    assert!(inside.is_on(&whole.0) && inside.is_on(&part.0));

    fs::remove_file(disk.image()).unwrap();
    let shown = UseReason::LoopFile { file: link.clone(), device: disk.node.clone() };
    assert!(usage(&roots, &link).unwrap().reasons.contains(&shown));
    assert!(usage(&roots, &whole.0).unwrap().reasons.contains(&mounted));
    assert_eq!(location_of(&roots, &disk.mounted()).unwrap().disks.len(), inside.disks.len());
}

#[test]
fn a_disk_made_read_only_is_seen_so() {
    if !is_root() {
        return;
    }
    let roots = Roots::default();
    let disk = LoopDisk::new();
    let device = FileDevice::open(&disk.node, Access::Read, Caching::Cached).unwrap();
    device.set_read_only(true).unwrap();
    assert!(disk_at(&roots, &disk.node).unwrap().read_only);
    let read_only = UseReason::ReadOnly { device: disk.node.clone() };
    assert_eq!(usage(&roots, &disk.node).unwrap().reasons, [read_only]);
}

#[test]
fn a_file_put_into_a_loop_device_is_seen_within_a_second() {
    if !is_root() {
        return;
    }
    let mut watch = DiskWatch::start().unwrap();
    let disk = LoopDisk::new();
    let name = disk.node.file_name().unwrap().to_str().unwrap();
    let attached = Instant::now();
    let seen = |changes: &DiskChanges| changes.changed.contains(name) || changes.rescan;
    while !watch.next(Duration::from_secs(1)).unwrap().as_ref().is_some_and(seen) {
        assert!(attached.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn other_parts_of_a_file_are_other_disks() {
    if !is_root() {
        return;
    }
    let roots = Roots::default();
    let disk = LoopDisk::new();
    let file = disk.folder.path().join("parts");
    fs::File::create(&file).unwrap().set_len(16 << 20).unwrap();
    let part = |offset: u64| {
        let options =
            ["--offset", &offset.to_string(), "--sizelimit", "8388608"].map(str::to_owned);
        Second::new(&file, &options.each_ref().map(String::as_str))
    };
    let (first, second) = (part(0), part(8 << 20));
    run(Command::new("mkfs.ext4").arg("-q").arg(&first.0));
    run(Command::new("mount").arg(&first.0).arg(disk.mounted()));
    let used = |node: &Path| usage(&roots, node).unwrap().reasons;
    assert!(matches!(used(&first.0)[..], [UseReason::Mounted { .. }]));
    assert_eq!(used(&second.0), []);
    let whole = Second::new(&file, &[]);
    assert!(matches!(used(&whole.0)[..], [UseReason::Mounted { .. }]));
    run(Command::new("umount").arg(disk.mounted()));
}

#[test]
fn a_loop_device_over_all_of_a_file_does_not_join_the_others_over_parts_of_it() {
    if !is_root() {
        return;
    }
    let roots = Roots::default();
    let disk = LoopDisk::new();
    let file = disk.folder.path().join("parts");
    fs::File::create(&file).unwrap().set_len(32 << 20).unwrap();
    let first = Second::new(&file, &["--sizelimit=10M"]);
    let second = Second::new(&file, &["--offset=15M"]);
    run(Command::new("mkfs.ext4").arg("-q").arg(&second.0));
    run(Command::new("mount").arg(&second.0).arg(disk.mounted()));
    let used = |node: &Path| usage(&roots, node).unwrap().reasons;
    let backup = || location_of(&roots, &disk.mounted()).unwrap();
    assert!(backup().is_on(&second.0));
    assert!(!backup().is_on(&first.0), "{:?}", backup());
    assert_eq!(used(&first.0), []);

    let whole = Second::new(&file, &[]);
    let across = Second::new(&file, &["--offset=9M", "--sizelimit=8M"]);
    let above_second = Second::new(&second.0, &["--sizelimit=1M"]);
    assert!(backup().is_on(&whole.0) && backup().is_on(&across.0));
    assert!(!backup().is_on(&first.0), "{:?}", backup());
    assert_eq!(used(&first.0), []);
    for node in [&second, &whole, &across, &above_second] {
        let reasons = used(&node.0);
        let is_mount = |reason: &UseReason| matches!(reason, UseReason::Mounted { .. });
        assert!(reasons.iter().any(is_mount), "{} {reasons:?}", node.0.display());
    }

    let above_first = Second::new(&first.0, &[]);
    assert_eq!(used(&above_first.0), []);
    drop((above_first, above_second));
    run(Command::new("umount").arg(disk.mounted()));
}

#[test]
fn loop_devices_over_other_parts_of_a_device_are_other_disks() {
    if !is_root() {
        return;
    }
    let roots = Roots::default();
    let disk = LoopDisk::new();
    let file = disk.folder.path().join("parts");
    fs::File::create(&file).unwrap().set_len(32 << 20).unwrap();
    let below = Second::new(&file, &[]);
    let first = Second::new(&below.0, &["--sizelimit=10M"]);
    let second = Second::new(&below.0, &["--offset=15M"]);
    run(Command::new("mkfs.ext4").arg("-q").arg(&second.0));
    run(Command::new("mount").arg(&second.0).arg(disk.mounted()));
    let used = |node: &Path| usage(&roots, node).unwrap().reasons;
    let is_mount = |reason: &UseReason| matches!(reason, UseReason::Mounted { .. });
    assert!(!used(&first.0).iter().any(is_mount), "{:?}", used(&first.0));
    assert!(used(&second.0).iter().any(is_mount));
    assert!(used(&below.0).iter().any(is_mount));
    run(Command::new("umount").arg(disk.mounted()));
}
