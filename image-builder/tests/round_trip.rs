//! The main job, as people do it: a computer is captured to a USB drive, the drive is carried to
//! another computer with an empty disk, and that one then boots what the first one did.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::path::Path;

use support::{JOB, computer, guest, run};
use vm::assets::debian::{boot, debian};
use vm::assets::disk::make_empty;
use vm::assets::drive::{DriveKind, make_drive};
use vm::assets::hash;
use vm::{Bus, Disk, Firmware, Writes, sh};

/// The drive and the replacement disk, in MiB. The captured disk has 1300.
const DRIVE: u64 = 2048;
const REPLACEMENT: u64 = 1500;

/// Captures the Debian disk by way of a drive and starts what was restored.
fn moves_a_debian(kind: DriveKind, firmware: Firmware) {
    let debian = debian().unwrap();
    let folder = vm::scratch().unwrap();
    let [source, drive, replacement] =
        ["source", "drive", "replacement"].map(|name| folder.path().join(name));
    sh(&format!("cp --sparse=always {} {}", debian.disk.display(), source.display())).unwrap();
    make_drive(&drive, kind, DRIVE).unwrap();
    make_empty(&replacement, REPLACEMENT).unwrap();
    let before = hash(&source).unwrap();

    let old = computer("old", firmware)
        .disk(Disk::new(Bus::Nvme, &source).serial("OLD-C0DE"))
        .disk(Disk::new(Bus::Usb, &drive));
    let said = run(old, &guest::capture(kind, "/dev/nvme0n1"), JOB);
    assert!(said.contains("verified"), "{said}");
    assert_eq!(before, hash(&source).unwrap(), "the capture changed its source");

    let new = computer("new", firmware)
        .disk(Disk::new(Bus::VirtioBlk, &replacement).serial("NEW-7F3A"))
        .disk(Disk::new(Bus::Usb, &drive));
    let said = run(new, &guest::restore(kind, "/dev/vda", "7f3a"), JOB);
    assert!(said.contains("verified"), "{said}");

    for firmware in [Firmware::Bios, Firmware::Uefi] {
        assert_eq!(start(&replacement, firmware), debian.marker, "{firmware:?}");
    }
}

/// The line that the system on the disk prints when it starts.
fn start(disk: &Path, firmware: Firmware) -> String {
    boot(Disk::new(Bus::VirtioBlk, disk).writes(Writes::Dropped), firmware).unwrap()
}

#[test]
fn long_a_debian_moves_to_a_new_disk_by_way_of_an_ntfs_drive_and_boots() {
    moves_a_debian(DriveKind::Ntfs, Firmware::Uefi);
}

#[test]
fn long_a_debian_moves_to_a_new_disk_by_way_of_an_exfat_drive_and_boots() {
    moves_a_debian(DriveKind::Exfat, Firmware::Bios);
}

#[test]
fn long_a_debian_moves_to_a_new_disk_by_way_of_an_ext4_drive_and_boots() {
    moves_a_debian(DriveKind::Ext4, Firmware::SecureBoot);
}

#[test]
fn long_a_debian_moves_to_a_new_disk_by_way_of_a_fat32_drive_and_boots() {
    moves_a_debian(DriveKind::Fat32, Firmware::Bios);
}
