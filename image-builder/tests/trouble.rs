//! What goes wrong with real computers: sectors that cannot be read, power that fails, drives that
//! are pulled out.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use support::{BOOT, JOB, assert_home, computer, guest, run};
use vm::assets::debian::{boot, debian};
use vm::assets::disk::make_empty;
use vm::assets::drive::{DriveKind, make_drive};
use vm::{Access, After, Builder, Bus, Disk, Firmware, Writes};

/// exFAT, since a drive that was pulled out is used again: the kernel mounts a dirty NTFS for
/// reading only.
const DRIVE: DriveKind = DriveKind::Exfat;
const DRIVE_MIB: u64 = 2048;

fn with_drive(name: &str, drive: &Path) -> Builder {
    computer(name, Firmware::Bios).disk(Disk::new(Bus::Usb, drive))
}

fn drive_and(folder: &Path, other: &str) -> [PathBuf; 2] {
    let [drive, other] = ["drive", other].map(|name| folder.join(name));
    make_drive(&drive, DRIVE, DRIVE_MIB).unwrap();
    [drive, other]
}

#[test]
fn long_sectors_that_cannot_be_read_are_named_and_all_others_are_saved() {
    // In sectors: two neighbours from byte 8388608 on, and one at byte 41982464.
    const BAD: [u64; 3] = [16384, 16385, 81997];
    let folder = vm::scratch().unwrap();
    let [drive, source] = drive_and(folder.path(), "source");
    fs::write(&source, vec![b'r'; 64 << 20]).unwrap();
    let script = guest::mount_drive(DRIVE)
        + "remetal capture /dev/vda /mnt/drive --name backup && exit 1\n\
           echo code $?\numount /mnt/drive\n";
    // Virtio, for the kernel tries again and again what fails on SATA.
    let disk = BAD
        .iter()
        .fold(Disk::new(Bus::VirtioBlk, &source), |disk, &sector| disk.fault(Access::Read, sector));

    let said = run(with_drive("computer", &drive).disk(disk), &script, JOB);

    for told in ["code 4", "1024 bytes from byte 8388608", "512 bytes from byte 41982464"] {
        assert!(said.contains(told), "no {told} in {said}");
    }
}

#[test]
fn long_a_restore_that_the_power_failed_in_is_told_and_done_again() {
    let debian = debian().unwrap();
    let folder = vm::scratch().unwrap();
    let [drive, target] = drive_and(folder.path(), "target");
    make_empty(&target, 1500).unwrap();
    let source = Disk::new(Bus::Nvme, &debian.disk).writes(Writes::Dropped);
    run(with_drive("old", &drive).disk(source), &guest::capture(DRIVE, "/dev/nvme0n1"), JOB);
    let new = || {
        let disk = Disk::new(Bus::VirtioBlk, &target).serial("NEW-7F3A");
        with_drive("new", &drive).disk(disk)
    };
    let restore = guest::restore(DRIVE, "/dev/vda", "7f3a");

    let mut machine = new().script(&restore, After::PowerOff).start().unwrap();
    machine.wait_for("restoring: ", JOB).unwrap();
    thread::sleep(Duration::from_secs(3));
    machine.cut_power();
    let said = run(new(), "remetal disks --json", BOOT);
    assert!(said.contains("\"unfinished_restore\": \"/mnt/drive/backup"), "not told: {said}");
    run(new(), &restore, JOB);

    let disk = Disk::new(Bus::VirtioBlk, &target).writes(Writes::Dropped);
    assert_eq!(boot(disk, Firmware::Bios).unwrap(), debian.marker);
}

#[test]
fn long_a_drive_that_is_pulled_out_fails_the_capture_and_nothing_else() {
    let debian = debian().unwrap();
    let folder = vm::scratch().unwrap();
    let [drive, _] = drive_and(folder.path(), "none");
    let source = Disk::new(Bus::Nvme, &debian.disk).writes(Writes::Dropped);
    let script = guest::capture(DRIVE, "/dev/nvme0n1");
    let builder = with_drive("computer", &drive).disk(source);
    let mut machine = builder.script(&script, After::Stay).start().unwrap();
    machine.wait_for("capturing: ", JOB).unwrap();
    thread::sleep(Duration::from_secs(3));
    machine.unplug("usb0").unwrap();
    let outcome = machine.outcome(JOB).unwrap();
    assert_eq!(outcome.exit_code, 1, "{}", outcome.output);
    assert!(outcome.output.contains("/mnt/drive"), "the drive is not named: {}", outcome.output);
    assert_home(&mut machine);
}
