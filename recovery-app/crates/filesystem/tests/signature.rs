//! What is only named, and swap: real headers where a tool here makes them, and otherwise bytes
//! put where they belong, with `blkid` as the judge of both.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::path::Path;

use block::double::{FaultDevice, StrictDevice};
use block::{BlockDevice, Extent, ExtentSet, MemoryDevice};
use common::{open, sh, sparse_file, try_sh};
use filesystem::{Allocation, Kind, State, VolumeInfo, allocation, identify};

const MIB: u64 = 1 << 20;

/// What `blkid` says of a volume: its type, or nothing.
fn blkid(path: &Path, tag: &str) -> String {
    let output = try_sh(&format!("blkid -p -s {tag} -o value {}", path.display()));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn whole(volume: &dyn BlockDevice, info: &VolumeInfo) -> String {
    match allocation(volume, info) {
        Allocation::Mapped(map) => panic!("mapped: {}", map.source),
        Allocation::Whole(reason) => reason,
    }
}

/// Bytes at places of an otherwise empty volume of 4 MiB; places below 0 are from its end.
fn image(parts: &[(i64, &[u8])]) -> Vec<u8> {
    let size = i64::try_from(4 * MIB).unwrap();
    let mut bytes = vec![0; usize::try_from(size).unwrap()];
    for (at, part) in parts {
        let at = usize::try_from(if *at < 0 { size + at } else { *at }).unwrap();
        bytes[at..at + part.len()].copy_from_slice(part);
    }
    bytes
}

type Part = (i64, &'static [u8]);

/// Title, kind, what blkid calls it ("" where it does not know it), and the bytes.
const SIGNATURES: &[(&str, Kind, &str, &[Part])] = &[
    ("BitLocker", Kind::BitLocker, "BitLocker", &[(0, b"\xeb\x58\x90-FVE-FS-")]),
    (
        "Intel RAID",
        Kind::FirmwareRaid,
        "isw_raid_member",
        &[(-1024, b"Intel Raid ISM Cfg Sig. 1.3.00")],
    ),
    ("DDF RAID", Kind::FirmwareRaid, "ddf_raid_member", &[(-512, b"\xde\x11\xde\x11")]),
    ("NVIDIA RAID", Kind::FirmwareRaid, "nvidia_raid_member", &[(-1024, b"NVIDIA")]),
    ("LSI RAID", Kind::FirmwareRaid, "lsi_mega_raid_member", &[(-512, b"$XIDE$")]),
    ("Adaptec RAID", Kind::FirmwareRaid, "adaptec_raid_member", &[(-512, b"\x37\xfc\x4d\x1e")]),
    (
        "VIA RAID",
        Kind::FirmwareRaid,
        "via_raid_member",
        &[(-512, b"\x55\xaa\x02"), (-512 + 50, b"\x01")],
    ),
    (
        "HighPoint RAID",
        Kind::FirmwareRaid,
        "hpt45x_raid_member",
        &[(-11 * 512, b"\xf3\x16\x78\x5a")],
    ),
    ("HighPoint RAID", Kind::FirmwareRaid, "hpt37x_raid_member", &[(4640, b"\xf0\x16\x78\x5a")]),
    (
        "Promise RAID",
        Kind::FirmwareRaid,
        "promise_fasttrack_raid_member",
        &[(-63 * 512, b"Promise Technology, Inc.")],
    ),
    ("DRBD", Kind::Other, "drbd", &[(-4096 + 60, b"\x83\x74\x02\x6b")]),
    ("VDO", Kind::Other, "vdo", &[(0, b"dmvdo001")]),
    ("Stratis", Kind::Other, "stratis", &[(516, b"!Stra0tis\x86\xff\x02^\x41rh")]),
    ("VMFS", Kind::Other, "VMFS_volume_member", &[(0x10_0000, b"\x0d\xd0\x01\xc0")]),
    ("VMFS", Kind::Other, "VMFS", &[(0x20_0000, b"\x5e\xf1\xab\x2f")]),
    ("LVM2 snapshot", Kind::Other, "DM_snapshot_cow", &[(0, b"SnAp\x01\0\0\0\x01")]),
    ("APFS", Kind::Apfs, "apfs", &[(32, b"NXSB")]),
    ("HFS+", Kind::HfsPlus, "hfsplus", &[(1024, b"H+\0\x04"), (1024 + 40, b"\0\0\x10\0")]),
    ("HFSX", Kind::HfsPlus, "hfsplus", &[(1024, b"HX\0\x05"), (1024 + 40, b"\0\0\x10\0")]),
    ("F2FS", Kind::Other, "f2fs", &[(1024, b"\x10\x20\xf5\xf2")]),
    ("JFS", Kind::Other, "jfs", &[(32768, b"JFS1")]),
    ("ReiserFS", Kind::Other, "reiserfs", &[(65536 + 52, b"ReIsEr2Fs"), (65536 + 44, b"\0\x10")]),
    ("Reiser4", Kind::Other, "reiser4", &[(65536, b"ReIsEr4")]),
    ("NILFS2", Kind::Other, "nilfs2", &[(1024, b"\x02\0\0\0\0\0\x34\x34\0\x01")]),
    ("UFS", Kind::Other, "ufs", &[(65536 + 1372, b"\x19\x01\x54\x19")]),
    ("UFS", Kind::Other, "ufs", &[(8192 + 1372, b"\x54\x19\x01\0")]),
    ("ReFS", Kind::Other, "ReFS", &[(0, b"\0\0\0ReFS\0")]),
    ("HPFS", Kind::Other, "hpfs", &[(8192, b"\x49\xe8\x95\xf9")]),
    ("BeFS", Kind::Other, "befs", &[(544, b"1SFB")]),
    ("VxFS", Kind::Other, "vxfs", &[(1024, b"\xf5\xfc\x01\xa5")]),
    ("OCFS2", Kind::Other, "ocfs2", &[(8192, b"OCFSV2")]),
    ("UBI", Kind::Other, "ubi", &[(0, b"UBI#")]),
    ("SquashFS", Kind::ReadOnlyImage, "squashfs", &[(0, b"hsqs"), (28, b"\x04")]),
    ("romfs", Kind::ReadOnlyImage, "romfs", &[(0, b"-rom1fs-")]),
    ("EROFS", Kind::ReadOnlyImage, "erofs", &[(1024, b"\xe2\xe1\xf5\xe0")]),
    ("ISO 9660", Kind::Optical, "iso9660", &[(32768, b"\x01CD001\x01"), (34816, b"\xffCD001\x01")]),
    ("UDF", Kind::Optical, "udf", &[(32768, b"\0BEA01\x01"), (34816, b"\0NSR03\x01")]),
    ("dynamic disk", Kind::Other, "", &[(3072, b"PRIVHEAD")]),
    ("XFS realtime section", Kind::Other, "", &[(0, b"Frog")]),
];

#[test]
fn every_signature_is_known_and_means_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    let mut disagreements = Vec::new();
    let mut agreements = 0;
    for (title, kind, theirs, parts) in SIGNATURES {
        let volume = MemoryDevice::new(image(parts), 512);
        let info = identify(&volume).unwrap();
        assert_eq!((info.title.as_str(), info.kind), (*title, *kind), "{parts:x?}");
        assert!(whole(&volume, &info).contains(title));
        fs::write(&path, image(parts)).unwrap();
        match blkid(&path, "TYPE") {
            found if found == *theirs => agreements += 1,
            // It wants more than the signature, a checksum for instance.
            found if found.is_empty() => {}
            found => disagreements.push((*title, found)),
        }
        // One bit of the signature less, and it is nothing.
        let (at, magic) = parts[0];
        let mut flipped = magic.to_vec();
        *flipped.last_mut().unwrap() ^= 0x40;
        if !matches!(
            *title,
            "VIA RAID"
                | "ReiserFS"
                | "NILFS2"
                | "Intel RAID"
                | "ISO 9660"
                | "UDF"
                | "LVM2 snapshot"
                | "BitLocker"
        ) {
            let volume = MemoryDevice::from(image(&[&[(at, &flipped[..])], &parts[1..]].concat()));
            assert_eq!(identify(&volume).unwrap().kind, Kind::Unknown, "{title}");
        }
    }
    assert!(disagreements.is_empty(), "{disagreements:?}");
    assert!(agreements >= 20, "{agreements}");
}

#[test]
fn luks_headers_of_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    for options in ["--type luks1", "--type luks2 --label secret --pbkdf pbkdf2"] {
        sparse_file(&path, 20 * MIB);
        sh(&format!(
            "echo -n key | cryptsetup luksFormat -q {options} --pbkdf-force-iterations 1000 {} -",
            path.display()
        ));
        let volume = open(&path);
        let info = identify(&volume).unwrap();
        assert_eq!((info.kind, &info.state), (Kind::Luks, &State::Encrypted));
        assert_eq!(info.uuid, Some(blkid(&path, "UUID")));
        assert_eq!(info.label.unwrap_or_default(), blkid(&path, "LABEL"));
        let info = identify(&volume).unwrap();
        assert_eq!(
            whole(&volume, &info),
            "LUKS encryption: content cannot be told from free space"
        );
    }
    // The second header speaks for a volume whose first one was overwritten.
    sh(&format!("dd if=/dev/zero of={} bs=4096 count=1 conv=notrunc", path.display()));
    let info = identify(&open(&path)).unwrap();
    assert_eq!((info.kind, info.label.as_deref()), (Kind::Luks, Some("secret")));
}

#[test]
fn bitlocker_to_go_comes_before_the_fat_it_hides_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, 64 * MIB);
    sh(&format!("mkfs.fat -F 32 -s 1 {}", path.display()));
    let mut bytes = fs::read(&path).unwrap();
    bytes[424..440]
        .copy_from_slice(b"\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01");
    let volume = MemoryDevice::from(bytes);
    let info = identify(&volume).unwrap();
    assert_eq!((info.kind, info.title.as_str()), (Kind::BitLocker, "BitLocker To Go"));
    assert!(whole(&volume, &info).contains("encryption"));
}

/// An md superblock of version 1 that says where it is.
fn md_1(at: u64) -> Vec<u8> {
    let mut block = vec![0; 256];
    block[..8].copy_from_slice(&[0xfc, 0x4e, 0x2b, 0xa9, 1, 0, 0, 0]);
    block[16..32].copy_from_slice(&(0..16).collect::<Vec<u8>>());
    block[32..41].copy_from_slice(b"host:data");
    block[144..152].copy_from_slice(&(at / 512).to_le_bytes());
    block
}

#[test]
fn md_members_come_before_the_filesystem_that_shines_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    for size in [32 * MIB, 32 * MIB + 512, 32 * MIB + 7 * 512, 32 * MIB + 65_024] {
        sparse_file(&path, size);
        sh(&format!("mkfs.fat -F 16 {}", path.display()));
        let fat = fs::read(&path).unwrap();
        let version_1_0 = (size / 512 - 16) / 8 * 8 * 512;
        let version_0 = size / 65_536 * 65_536 - 65_536;
        let mut old = vec![0; 128];
        old[..4].copy_from_slice(&0xa92b_4efc_u32.to_le_bytes());
        old[8..12].copy_from_slice(&90_u32.to_le_bytes());
        old[20..24].copy_from_slice(b"abcd");
        old[52..64].copy_from_slice(b"efghijklmnop");
        for (version, at, block) in [
            ("1.0", version_1_0, md_1(version_1_0)),
            ("1.1", 0, md_1(0)),
            ("1.2", 4096, md_1(4096)),
            ("0.90", version_0, old),
        ] {
            let mut bytes = fat.clone();
            bytes[usize::try_from(at).unwrap()..][..block.len()].copy_from_slice(&block);
            fs::write(&path, &bytes).unwrap();
            let volume = MemoryDevice::from(bytes);
            let info = identify(&volume).unwrap();
            assert_eq!(info.title, format!("Linux RAID {version}"), "{size}");
            assert_eq!(info.kind, Kind::LinuxRaid);
            if version == "0.90" {
                assert_eq!(info.uuid, Some(blkid(&path, "UUID")));
            } else {
                assert_eq!(info.state, State::Member("array host:data".to_owned()));
                assert_eq!(info.uuid, Some(blkid(&path, "UUID")));
            }
            assert!(whole(&volume, &info).contains("one part of a larger whole"));
            assert_eq!(blkid(&path, "TYPE"), "linux_raid_member");
        }
        // A copy of a superblock elsewhere is nothing.
        let mut bytes = fat;
        bytes[4096..4352].copy_from_slice(&md_1(0));
        assert_eq!(identify(&MemoryDevice::from(bytes)).unwrap().kind, Kind::Fat16);
    }
}

#[test]
fn zfs_pools_are_named() {
    let mut list = b"\0\0\0\x04name\0\0\0\x09\0\0\0\x01\0\0\0\x04tank".to_vec();
    list.splice(0..0, *b"\x01\x01\0\0\0\0\0\0\0\0\0\x01");
    let uberblock = 0x00ba_b10c_u64.to_le_bytes();
    let parts: Vec<(i64, &[u8])> = vec![(16 << 10, &list), ((128 << 10) + 4096, &uberblock)];
    let info = identify(&MemoryDevice::from(image(&parts))).unwrap();
    assert_eq!(info.kind, Kind::Zfs);
    assert_eq!(info.state, State::Member("pool tank".to_owned()));
}

#[test]
fn a_second_signature_means_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, 64 * MIB);
    sh(&format!("mkfs.fat -F 32 -s 1 {}", path.display()));
    let mut bytes = fs::read(&path).unwrap();
    let sound = MemoryDevice::from(bytes.clone());
    assert!(matches!(allocation(&sound, &identify(&sound).unwrap()), Allocation::Mapped(_)));
    bytes[1024..1030].copy_from_slice(b"OCFSV2");
    let volume = MemoryDevice::from(bytes);
    let info = identify(&volume).unwrap();
    assert_eq!(info.kind, Kind::Fat32);
    assert!(whole(&volume, &info).contains("signature of OCFS2"));
}

#[test]
fn tools_of_this_machine_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    for (make, title) in [
        ("mkfs.minix -1 @", "Minix"),
        ("mkfs.minix -2 @", "Minix"),
        ("mkfs.minix -3 @", "Minix"),
        ("mkdir @.d; cp /bin/ls @.d; mkfs.cramfs @.d @", "cramfs"),
    ] {
        let _ = fs::remove_file(&path);
        sparse_file(&path, 8 * MIB);
        sh(&make.replace('@', &path.display().to_string()));
        assert_eq!(identify(&open(&path)).unwrap().title, title, "{make}");
    }
}

#[test]
fn swap_keeps_its_header_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    for page in [4096, 8192, 16384, 65536_u64] {
        sparse_file(&path, 40 * MIB + 3000);
        sh(&format!("mkswap -p {page} -L pages {}", path.display()));
        let volume = open(&path);
        let info = identify(&volume).unwrap();
        assert_eq!((info.kind, &info.state), (Kind::Swap, &State::Clean));
        assert_eq!(info.label.as_deref(), Some("pages"));
        assert_eq!(info.uuid, Some(blkid(&path, "UUID")));
        assert_eq!(info.size, Some(40 * MIB));
        let Allocation::Mapped(map) = allocation(&volume, &info) else {
            panic!("captured whole");
        };
        let header = Extent::new(0, page);
        let behind = Extent::new(40 * MIB, 3000);
        assert_eq!(map.used, [header, behind].into_iter().collect::<ExtentSet>());
        let strict = StrictDevice::new(MemoryDevice::new(
            fs::read(&path).unwrap()[..40 << 20].to_vec(),
            4096,
        ));
        assert_eq!(identify(&strict).unwrap(), info);

        for suspended in ["S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"] {
            let mut bytes = fs::read(&path).unwrap();
            let end = usize::try_from(page).unwrap();
            bytes[end - 10..end].fill(0);
            bytes[end - 10..][..suspended.len()].copy_from_slice(suspended.as_bytes());
            let volume = MemoryDevice::from(bytes);
            let info = identify(&volume).unwrap();
            assert!(matches!(&info.state, State::Hibernated(by) if by.contains(suspended)));
            assert!(whole(&volume, &info).contains(suspended));
        }
    }
}

#[test]
fn swap_headers_that_make_no_sense_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, 4 * MIB);
    sh(&format!("mkswap {}", path.display()));
    let bytes = fs::read(&path).unwrap();
    for (at, change) in [(1024, 2_u32), (1028, 0), (1028, 5000), (1032, 10_000)] {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&change.to_le_bytes());
        let volume = MemoryDevice::from(bytes);
        let info = identify(&volume).unwrap();
        whole(&volume, &info);
    }
}

#[test]
fn an_unreadable_sector_hides_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, 64 * MIB);
    sh(&format!("mkfs.fat -F 32 -s 1 {}", path.display()));
    // The place of the md superblock 1.2, and of ReiserFS.
    for at in [4096, 65536, 64 * MIB - 512] {
        let volume = FaultDevice::new(open(&path)).unreadable(Extent::new(at, 512));
        let info = identify(&volume).unwrap();
        assert_eq!(info.kind, Kind::Fat32, "{at}");
        assert!(matches!(allocation(&volume, &info), Allocation::Mapped(_)));
    }
    let volume = FaultDevice::new(open(&path)).unreadable(Extent::new(0, 512));
    let info = identify(&volume).unwrap();
    assert_eq!(info.kind, Kind::Unknown);
    assert!(matches!(info.state, State::Damaged(_)));
    let volume = FaultDevice::new(open(&path));
    volume.unplug();
    assert!(identify(&volume).is_err());
}
