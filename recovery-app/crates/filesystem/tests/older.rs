//! New filesystems on volumes that another one was on before.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::path::Path;

use common::{open, scramble_free, sh, sparse_file};
use filesystem::{Allocation, AllocationMap, Kind, State, VolumeInfo, allocation, identify};

/// An ext4 of which a newer filesystem overwrote the superblock, but not the backups.
const LOST_EXT4: &str = "mkfs.ext4 -q -F -b 4096 @; \
     dd if=/dev/zero of=@ bs=1024 seek=1 count=1 conv=notrunc";

/// What is on a volume of 300 MiB at `path` after shell commands made it, in each of which `@` is
/// the volume.
fn made(path: &Path, commands: &str) -> (VolumeInfo, Result<AllocationMap, String>) {
    let _ = fs::remove_file(path);
    sparse_file(path, 300 << 20);
    sh(&commands.replace('@', &path.display().to_string()));
    let volume = open(path);
    let info = identify(&volume).unwrap();
    let map = match allocation(&volume, &info) {
        Allocation::Mapped(map) => Ok(map),
        Allocation::Whole(reason) => Err(reason),
    };
    (info, map)
}

/// Backups of the superblock of ext4 are left in every new filesystem but its own.
#[test]
fn what_is_left_of_an_ext4_does_not_hide_a_newer_filesystem() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    for (make, kind, title) in [
        ("mkfs.fat -F 32 @ >&2", Kind::Fat32, "FAT32"),
        ("mkfs.ntfs -q -Q -F @", Kind::Ntfs, "NTFS"),
        ("mkfs.exfat @", Kind::ExFat, "exFAT"),
        ("mkfs.btrfs -q -f -K @", Kind::Btrfs, "btrfs"),
        ("mkfs.xfs -q -f -K @", Kind::Xfs, "XFS"),
    ] {
        let (info, map) = made(&path, &format!("{LOST_EXT4}; {make}"));
        assert_eq!((info.kind, info.title.as_str()), (kind, title), "{make}");
        assert!(!matches!(info.state, State::Damaged(_)), "{make}: {info:?}");
        let map = map.unwrap_or_else(|reason| panic!("{make}: {reason}"));
        assert!(map.used.total() < 150 << 20, "{make}: {}", map.used.total());
    }
    let jfs = "printf JFS1 | dd of=@ bs=1024 seek=32 conv=notrunc";
    let (info, map) = made(&path, &format!("{LOST_EXT4}; {jfs}"));
    assert_eq!(info.title, "JFS");
    assert!(map.is_err());
}

#[test]
fn files_of_what_was_made_over_an_ext4_survive() {
    let folder = tempfile::tempdir().unwrap();
    let [path, file, back] = ["volume", "file", "back"].map(|name| folder.path().join(name));
    fs::write(&file, common::noise(1, 40 << 20)).unwrap();
    for (make, put, get) in [
        ("mkfs.fat -F 32 @", "mcopy -i @ FILE ::file", "mcopy -i @ ::file BACK"),
        ("mkfs.ntfs -q -Q -F @", "ntfscp -q @ FILE file", "ntfscat @ file > BACK"),
    ] {
        let put = put.replace("FILE", &file.display().to_string());
        let (_, map) = made(&path, &format!("mkfs.ext4 -q -F -b 4096 @; {make}; {put}"));
        scramble_free(&path, &map.unwrap().used);
        let get = get.replace("BACK", &back.display().to_string());
        sh(&get.replace('@', &path.display().to_string()));
        assert!(fs::read(&file).unwrap() == fs::read(&back).unwrap(), "{make}");
        fs::remove_file(&back).unwrap();
    }
}

/// Which of the two is older, nobody can tell.
#[test]
fn two_filesystems_on_one_volume_are_both_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    let put = |bytes: &str, at: u64| {
        format!(
            "mkfs.ext4 -q -F -b 4096 @; printf '{bytes}' | dd of=@ bs=512 seek={} conv=notrunc",
            at / 512
        )
    };
    for (commands, other) in [
        (put("\\x0c\\xb1\\xba\\0\\0\\0\\0\\0", 128 << 10), "ZFS"),
        (put("\\0BEA01", 32 << 10), "UDF"),
        (put("JFS1", 32 << 10), "JFS"),
    ] {
        let (info, map) = made(&path, &commands);
        assert_eq!((info.kind, info.title), (Kind::Ext4, format!("ext4 or {other}")));
        assert_eq!((info.state, info.used), (State::Unknown, None), "{other}");
        assert_eq!(map.unwrap_err(), format!("it also bears the signature of {other}"));
    }
}
