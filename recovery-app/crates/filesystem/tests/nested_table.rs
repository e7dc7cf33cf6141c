//! Volumes that became the disk of something else, and those that only look a little like one.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;

use block::{BlockDevice, MemoryDevice};
use common::{noise, sh, sparse_file};
use filesystem::{Allocation, allocation, identify};

/// Makers of filesystems on the volume `@`; the second part of each is whether it leaves the first
/// sector, or the first KiB, to boot code.
const MAKERS: [(&str, bool); 8] = [
    ("mkfs.ext4 -q -F @", true),
    ("mkfs.btrfs -q -f @", true),
    ("mkswap @", true),
    ("mkfs.fat -F 12 -s 128 @", false),
    ("mkfs.fat -F 16 @", false),
    ("mkfs.fat -F 32 -s 1 @", false),
    ("mkfs.ntfs -q -F @", false),
    ("mkfs.exfat @", false),
];

/// The bytes of a volume of 128 MiB after a shell command made it.
fn made(make: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, 128 << 20);
    sh(&make.replace('@', &path.display().to_string()));
    fs::read(&path).unwrap()
}

/// Why a volume is captured whole, if it is.
fn reason(volume: &dyn BlockDevice) -> Option<String> {
    match allocation(volume, &identify(volume).unwrap()) {
        Allocation::Mapped(_) => None,
        Allocation::Whole(reason) => Some(reason),
    }
}

#[test]
fn a_table_over_an_old_filesystem_means_whole() {
    for (make, _) in MAKERS {
        for label in ["dos", "gpt"] {
            // The filesystem's own boot sector stays, but for the end of it.
            let partition = format!("{make}; echo 2048,,L | sfdisk -q --wipe never -X {label} @");
            let volume = MemoryDevice::from(made(&partition));
            let told = reason(&volume);
            let told = told.unwrap_or_else(|| panic!("{make}, {label}: mapped"));
            // A GPT lies over most superblocks, and exFAT has a checksum of its boot sector.
            let is_intact = label == "dos" && !make.contains("exfat");
            let is_told = told.contains("signature of a partition table");
            assert!(is_told || !is_intact, "{make}, {label}: {told}");
        }
    }
}

#[test]
fn a_gpt_of_large_sectors_means_whole() {
    let mut bytes = made("mkfs.btrfs -q -f @");
    bytes[4096..4104].copy_from_slice(b"EFI PART");
    let told = reason(&MemoryDevice::from(bytes)).unwrap();
    assert_eq!(told, "it also bears the signature of a partition table");
}

#[test]
fn boot_sectors_and_boot_code_are_no_table() {
    for (make, has_room) in MAKERS {
        let bytes = made(make);
        let volume = MemoryDevice::from(bytes.clone());
        assert_eq!(reason(&volume), None, "{make}");
        if !has_room {
            continue;
        }
        // Code in all of the first KiB, and code that ends where the entries of a table would be.
        for (seed, end) in [(1, 510), (2, 510), (3, 510), (4, 440)] {
            let mut bytes = bytes.clone();
            bytes[..end].copy_from_slice(&noise(seed, end));
            bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
            bytes[512..1024].copy_from_slice(&noise(seed, 512));
            assert_eq!(reason(&MemoryDevice::from(bytes)), None, "{make}, {seed}");
        }
    }
}

#[test]
fn a_fat_that_claims_the_whole_disk_as_its_own_partition_is_mapped() {
    let bytes = made("mkfs.fat -F 32 -s 1 --mbr=y @");
    assert_eq!(&bytes[446 + 8..446 + 12], &[0; 4]);
    assert!(bytes[446 + 4] != 0);
    assert_eq!(reason(&MemoryDevice::from(bytes)), None);
}

#[test]
fn a_table_of_another_machine_over_an_old_filesystem_means_whole() {
    for (label, partition) in [
        ("sun", "mkpart"),
        ("mac", "mkpart name"),
        ("bsd", "mkpart"),
        ("amiga", "mkpart name"),
        ("dvh", "mkpart primary"),
        ("pc98", "mkpart primary"),
    ] {
        let volume = MemoryDevice::from(made(&format!(
            "mkfs.btrfs -q -f @; parted -s -a none @ mklabel {label} {partition} 8MiB 100%"
        )));
        let told = reason(&volume).unwrap_or_else(|| panic!("{label}: mapped"));
        assert_eq!(told, "it also bears the signature of a partition table", "{label}");
        let title = identify(&volume).unwrap().title;
        assert_eq!(title, "btrfs or a partition table", "{label}");
    }
}

#[test]
fn labels_of_other_machines_must_be_right() {
    let bytes = made("mkfs.btrfs -q -f @");
    let with = |parts: &[(usize, &[u8])]| {
        let mut bytes = bytes.clone();
        for (at, part) in parts {
            bytes[*at..*at + part.len()].copy_from_slice(part);
        }
        reason(&MemoryDevice::from(bytes)).is_some()
    };
    let bsd = 0x8256_4557_u32;
    // Places that no tool here writes to.
    for place in [128, 512] {
        assert!(with(&[(place, &bsd.to_be_bytes()), (place + 132, &bsd.to_be_bytes())]));
        assert!(!with(&[(place, &bsd.to_be_bytes())]), "{place}");
    }
    let apple: &[u8] = b"PM\0\0\0\0\0\x02";
    assert!(with(&[(0, b"ER\x08\0"), (2048, apple)]));
    assert!(!with(&[(0, b"ER\x08\0"), (4096, apple)]));
    assert!(!with(&[(0, b"ER\x08\0"), (2048, b"PM\0\0\0\0\0\0")]));
    // Wrong sums.
    assert!(!with(&[(508, b"\xda\xbe"), (0, b"text")]));
    assert!(!with(&[(0, b"\x0b\xe5\xa9\x41")]));
    assert!(!with(&[(1024, b"RDSK\0\0\0\x40")]));
    assert!(!with(&[(4, b"IPL1")]));
}
