//! A real Debian, captured, lost, restored and booted.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::fs::{File, OpenOptions};
use std::path::Path;

use support::bytes::{hash, noise_file};
use support::remetal::{REFUSED, WORD, capture, expect, json, restore, text};
use support::shell::sh;
use vm::assets::debian::{boot, debian};
use vm::{Bus, Disk, Firmware, Writes};

#[test]
fn a_restored_debian_boots_by_bios_and_by_uefi() {
    let debian = debian().unwrap();
    let work = support::scratch();
    let target = work.path().join("target.disk");
    let before = hash(&debian.disk);
    capture(&debian.disk, work.path(), "debian", &[]);
    assert_eq!(before, hash(&debian.disk), "the capture changed its source");
    noise_file(&target, size(&debian.disk));

    restore(&work.path().join("debian"), &target);

    for firmware in [Firmware::Bios, Firmware::Uefi] {
        assert_eq!(start(&target, firmware), debian.marker, "{firmware:?}");
    }
}

#[test]
fn a_debian_restored_to_a_larger_disk_boots_and_its_table_is_whole() {
    let debian = debian().unwrap();
    let work = support::scratch();
    let target = work.path().join("larger.disk");
    capture(&debian.disk, work.path(), "debian", &["--part-size", "64MiB", "--no-verify"]);
    noise_file(&target, size(&debian.disk) + (300 << 20) + 512);

    restore(&work.path().join("debian"), &target);

    let check = sh(&format!("sgdisk --verify {}", target.display()));
    assert!(check.contains("No problems found"), "{check}");
    let table = |disk: &Path| sh(&format!("sfdisk --dump {} | grep start=", disk.display()));
    let renamed = |disk: &Path| table(disk).replace(text(disk), "disk");
    assert_eq!(renamed(&debian.disk), renamed(&target), "the partitions moved");
    assert_eq!(start(&target, Firmware::Uefi), debian.marker);
}

#[test]
fn what_must_not_be_restored_is_refused_and_nothing_is_written() {
    let debian = debian().unwrap();
    let work = support::scratch();
    capture(&debian.disk, work.path(), "debian", &["--no-verify"]);
    let backup = work.path().join("debian");
    let (good, small) = (work.path().join("good.disk"), work.path().join("small.disk"));
    noise_file(&good, size(&debian.disk));
    noise_file(&small, size(&debian.disk) - 512);
    let before = [hash(&good), hash(&small)];

    expect(REFUSED, &["restore", text(&backup), text(&good), "--confirm", "nope"]);
    let said = expect(REFUSED, &["restore", text(&backup), text(&small), "--confirm", WORD]);
    assert!(said.contains("512"), "the shortfall is not named: {said}");

    assert_eq!(before, [hash(&good), hash(&small)], "something was written");
}

#[test]
fn one_flipped_bit_in_an_image_is_found_before_the_target_is_touched() {
    let debian = debian().unwrap();
    let work = support::scratch();
    capture(&debian.disk, work.path(), "debian", &["--no-verify"]);
    let backup = work.path().join("debian");
    let target = work.path().join("target.disk");
    noise_file(&target, size(&debian.disk));
    let before = hash(&target);
    flip_a_bit(&support::image::parts(&backup)[0]);

    let verified = support::remetal::remetal(&["verify", text(&backup)]);
    assert!(!verified.status.success(), "verify is content with a flipped bit");
    let restored =
        support::remetal::remetal(&["restore", text(&backup), text(&target), "--confirm", WORD]);
    assert!(!restored.status.success(), "restore is content with a flipped bit");

    assert_eq!(before, hash(&target), "the target was written to");
}

#[test]
fn what_is_on_the_disk_is_told() {
    let debian = debian().unwrap();
    let told = json(&["info", text(&debian.disk)]).to_string();
    for word in ["Debian GNU/Linux", "6b1f29a4-7d63-4c0e-9f0f-2a3c5d1e7b10", "ext4", "swap"] {
        assert!(told.contains(word), "no {word} in {told}");
    }
}

/// The line that the system on the disk prints when it starts.
fn start(disk: &Path, firmware: Firmware) -> String {
    boot(Disk::new(Bus::VirtioBlk, disk).writes(Writes::Dropped), firmware).unwrap()
}

fn size(disk: &Path) -> u64 {
    disk.metadata().unwrap().len()
}

/// Flips one bit in the middle of a file, which is in some chunk's data.
fn flip_a_bit(path: &Path) {
    use std::os::unix::fs::FileExt;
    let file: File = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, middle).unwrap();
    file.write_all_at(&[byte[0] ^ 4], middle).unwrap();
}
