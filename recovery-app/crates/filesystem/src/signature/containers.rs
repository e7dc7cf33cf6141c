use super::checks;
use super::row::{Condition, Field, Row};
use crate::Kind;

const LUKS: &[u8] = b"LUKS\xba\xbe";
/// The second header of LUKS2, which is left when the first is overwritten.
const LUKS_SECOND: &[u8] = b"SKUL\xba\xbe";
const PROMISE: &[u8] = b"Promise Technology, Inc.";
const STRATIS: &[u8] = b"!Stra0tis\x86\xff\x02^\x41rh";
/// Shared by bcache and by bcachefs before its inclusion in the kernel.
pub(super) const BCACHE: &[u8] =
    b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81";

const fn luks(at: u64, magic: &'static [u8]) -> Row {
    Row::new(Kind::Luks, "LUKS", at, magic)
        .condition(Condition::Encrypted)
        .label(Field::Text(at + 24, 48))
        .uuid(Field::Text(at + 168, 40))
}

/// Its label is where LUKS2 has one, but belongs to the hash's name.
const fn luks1() -> Row {
    Row { label: Field::None, ..luks(0, LUKS) }.check(checks::is_luks1)
}

const fn bitlocker(title: &'static str, at: u64, magic: &'static [u8]) -> Row {
    Row::new(Kind::BitLocker, title, at, magic).condition(Condition::Encrypted)
}

const fn member(title: &'static str, of: &'static str, at: u64, magic: &'static [u8]) -> Row {
    Row::other(title, at, magic).condition(Condition::Member(of))
}

/// What contains another volume.
pub(super) const ROWS: &[Row] = &[
    luks1(),
    luks(0, LUKS),
    luks(0x4000, LUKS_SECOND),
    luks(0x8000, LUKS_SECOND),
    luks(0x10000, LUKS_SECOND),
    luks(0x20000, LUKS_SECOND),
    luks(0x40000, LUKS_SECOND),
    luks(0x80000, LUKS_SECOND),
    luks(0x10_0000, LUKS_SECOND),
    luks(0x20_0000, LUKS_SECOND),
    luks(0x40_0000, LUKS_SECOND),
    // The boot sector's system name; the identity of "BitLocker To Go" lies in a FAT boot sector.
    bitlocker("BitLocker", 3, b"-FVE-FS-"),
    bitlocker(
        "BitLocker To Go",
        424,
        b"\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01",
    ),
    // Apple's Core Storage, which also encrypts (FileVault 2).
    Row::other("Core Storage", 88, b"CS").check(checks::is_core_storage),
    // Firmware RAID: at the end of whole disks, in sectors counted from there.
    Row::firmware("Intel RAID", 2, 0, b"Intel Raid ISM Cfg Sig. "),
    Row::firmware("DDF RAID", 1, 0, b"\xde\x11\xde\x11"),
    Row::firmware("DDF RAID", 1, 0, b"\x11\xde\x11\xde"),
    Row::firmware("DDF RAID", 257, 0, b"\xde\x11\xde\x11"),
    Row::firmware("DDF RAID", 257, 0, b"\x11\xde\x11\xde"),
    Row::firmware("NVIDIA RAID", 2, 0, b"NVIDIA"),
    Row::firmware("LSI RAID", 1, 0, b"$XIDE$"),
    Row::firmware("Adaptec RAID", 1, 0, b"\x37\xfc\x4d\x1e"),
    Row::firmware("VIA RAID", 1, 0, b"\x55\xaa").check(checks::is_via),
    Row::firmware("JMicron RAID", 1, 0, b"JM").check(checks::is_jmicron),
    Row::firmware("Silicon Image RAID", 1, 0x60, b"\0\0\0\x2f").check(checks::is_silicon),
    Row::firmware("HighPoint RAID", 11, 0, b"\xf3\x16\x78\x5a"),
    Row::firmware("HighPoint RAID", 11, 0, b"\xfd\x16\x78\x5a"),
    Row::new(Kind::FirmwareRaid, "HighPoint RAID", 4640, b"\xf0\x16\x78\x5a")
        .condition(Condition::Member("a RAID of the firmware")),
    Row::new(Kind::FirmwareRaid, "HighPoint RAID", 4640, b"\xfd\x16\x78\x5a")
        .condition(Condition::Member("a RAID of the firmware")),
    Row::firmware("Promise RAID", 63, 0, PROMISE),
    Row::firmware("Promise RAID", 255, 0, PROMISE),
    Row::firmware("Promise RAID", 256, 0, PROMISE),
    Row::firmware("Promise RAID", 16, 0, PROMISE),
    Row::firmware("Promise RAID", 399, 0, PROMISE),
    Row::firmware("Promise RAID", 675, 0, PROMISE),
    Row::firmware("Promise RAID", 911, 0, PROMISE),
    Row::firmware("Promise RAID", 974, 0, PROMISE),
    Row::firmware("Promise RAID", 3087, 0, PROMISE),
    member("bcache", "a bcache set", 4096 + 24, BCACHE)
        .label(Field::Text(4096 + 72, 32))
        .uuid(Field::Uuid(4096 + 40))
        .check(checks::is_bcache),
    member("DRBD", "a DRBD device", 0, b"").check(checks::is_drbd),
    member("VDO", "a VDO volume", 0, b"dmvdo001").uuid(Field::Uuid(40)),
    member("Stratis", "a Stratis pool", 512 + 4, STRATIS),
    member("Stratis", "a Stratis pool", 9 * 512 + 4, STRATIS),
    member("Storage Spaces", "a Windows storage pool", 4096, b"SPACEDB "),
    member("Storage Spaces", "a Windows storage pool", 0, b"SPACEDB "),
    member("dynamic disk", "a group of Windows dynamic disks", 6 * 512, b"PRIVHEAD"),
    member("VMFS", "a VMFS datastore", 0x10_0000, b"\x0d\xd0\x01\xc0"),
    member("LVM2 snapshot", "an LVM2 snapshot", 0, b"SnAp"),
    // Linux `fs/xfs/libxfs/xfs_format.h`, `struct xfs_rtsb`; only those of metadata directories.
    member("XFS realtime section", "an XFS", 0, b"Frog")
        .label(Field::Text(12, 12))
        .uuid(Field::Uuid(24))
        .check(checks::is_xfs_realtime),
    member("BlueStore", "a Ceph cluster", 0, b"bluestore block device"),
];
