//! The main job, as people do it: a computer is captured to a USB drive, the drive is carried to
//! another computer with an empty disk, and that one then boots what the first one did.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use support::{JOB, Move, computer, guest, run};
use vm::assets::drive::DriveKind;
use vm::{Bus, Disk, Firmware};

/// Captures the Debian disk by way of a drive and starts what was restored.
fn moves_a_debian(kind: DriveKind, firmware: Firmware) {
    let disks = Move::of_a_debian(kind);
    let old = computer("old", firmware)
        .disk(Disk::new(Bus::Nvme, &disks.source).serial("OLD-C0DE"))
        .disk(Disk::new(Bus::Usb, &disks.drive));
    let said = run(old, &guest::capture(kind, "/dev/nvme0n1"), JOB);
    assert!(said.contains("verified"), "{said}");
    disks.assert_source_as_it_was();

    let new = computer("new", firmware)
        .disk(Disk::new(Bus::VirtioBlk, &disks.replacement).serial("NEW-7F3A"))
        .disk(Disk::new(Bus::Usb, &disks.drive));
    let said = run(new, &guest::restore(kind, "/dev/vda", "7f3a"), JOB);
    assert!(said.contains("verified"), "{said}");

    for firmware in [Firmware::Bios, Firmware::Uefi] {
        disks.assert_replacement_starts(firmware);
    }
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
