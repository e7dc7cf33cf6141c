//! Signatures of what lies straight on a disk or at the start of a partition.
//!
//! Only for one question: does a table tell the truth? A disk that was given to a filesystem, to
//! LVM or to a RAID as a whole often still holds an old table, and the other way round. (What a
//! volume really is, the `filesystem` crate says.)

use block::{BlockDevice, Extent};

use crate::bytes::{has, le16, le32, read_bytes};

/// Bytes looked at: up to the superblock of btrfs at 64 KiB and its magic number.
const LOOKED_AT: u64 = (64 << 10) + 4096;

/// The magic number of Linux software RAID (`include/uapi/linux/raid/md_p.h`).
const MD_MAGIC: [u8; 4] = 0xa92b_4efc_u32.to_le_bytes();

/// What starts at byte `offset` of `device`, in words. Unreadable bytes count as zeros.
pub(crate) fn at(device: &dyn BlockDevice, offset: u64) -> Option<&'static str> {
    let room = device.size().saturating_sub(offset).min(LOOKED_AT);
    // Read apart, so that a bad sector behind the boot sector does not hide it.
    let head = read_bytes(device, Extent::new(offset, room.min(512))).unwrap_or_default();
    let all = read_bytes(device, Extent::new(offset, room)).unwrap_or_else(|_| head.clone());
    boot_sector(&head).or_else(|| superblock(&all))
}

/// What the first 512 bytes of a disk or partition by themselves belong to, in words.
pub(crate) fn in_sector(sector: &[u8]) -> Option<&'static str> {
    boot_sector(sector).or_else(|| superblock(sector))
}

/// A filesystem of Microsoft that `sector` is the boot sector of, in words.
pub(crate) fn boot_sector(sector: &[u8]) -> Option<&'static str> {
    if has(sector, 3, b"NTFS    ") {
        return Some("NTFS");
    }
    if has(sector, 3, b"EXFAT   ") {
        return Some("exFAT");
    }
    if has(sector, 3, b"-FVE-FS-") {
        return Some("BitLocker");
    }
    is_fat(sector).then_some("FAT")
}

/// The checks of the kernel (`fs/fat/inode.c`, `fat_read_bpb`) and the jump in front.
fn is_fat(sector: &[u8]) -> bool {
    let byte = |at: usize| sector.get(at).copied().unwrap_or(0);
    let jumps = matches!(byte(0), 0xeb | 0xe9) || has(sector, 0, &[0x49, 0x53]);
    let sector_size = le16(sector, 11);
    let total = u32::from(le16(sector, 19)).max(le32(sector, 32));
    jumps
        && sector_size.is_power_of_two()
        && (512..=4096).contains(&sector_size)
        && byte(13).is_power_of_two()
        && le16(sector, 14) > 0
        && (1..=2).contains(&byte(16))
        && (byte(21) == 0xf0 || byte(21) >= 0xf8)
        && total > 0
}

fn superblock(bytes: &[u8]) -> Option<&'static str> {
    // (byte, magic, name)
    let known: [(usize, &[u8], &str); 15] = [
        (0, b"XFSB", "XFS"),
        (0, b"LUKS\xba\xbe", "LUKS"),
        (0, &MD_MAGIC, "a RAID member"),
        (4096, &MD_MAGIC, "a RAID member"),
        (64 << 10 | 64, b"_BHRfS_M", "btrfs"),
        (1024, &[0x10, 0x20, 0xf5, 0xf2], "F2FS"),
        (1024, b"H+\0\x04", "HFS+"),
        (1024, b"HX\0\x05", "HFSX"),
        (32, b"NXSB", "APFS"),
        (32 << 10 | 1, b"CD001", "ISO 9660"),
        (64 << 10 | 52, b"ReIsEr", "ReiserFS"),
        (32 << 10, b"JFS1", "JFS"),
        (4096 + 24, &BCACHE_MAGIC, "bcache"),
        (4096 + 24, &BCACHEFS_MAGIC, "bcachefs"),
        (0, b"hsqs", "SquashFS"),
    ];
    let simple = known.iter().find(|(at, magic, _)| has(bytes, *at, magic)).map(|known| known.2);
    simple.or_else(|| ext(bytes)).or_else(|| lvm(bytes)).or_else(|| swap(bytes))
}

const BCACHE_MAGIC: [u8; 16] = [
    0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81,
];
const BCACHEFS_MAGIC: [u8; 16] = [
    0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef,
];

/// The magic number of ext2/3/4 has only 16 bits, so the fields around it must make sense too.
fn ext(bytes: &[u8]) -> Option<&'static str> {
    let field = |at: usize| le32(bytes, 1024 + at);
    let found = le16(bytes, 1024 + 56) == 0xef53
        && field(0) > 0
        && field(4) > 0
        && field(24) <= 6
        && field(32) > 0
        && field(40) > 0
        && field(76) <= 1;
    found.then_some("ext2, ext3 or ext4")
}

/// The label of a physical volume stands in one of the first four sectors of 512 bytes.
fn lvm(bytes: &[u8]) -> Option<&'static str> {
    let label = |sector: usize| {
        has(bytes, sector * 512, b"LABELONE") && has(bytes, sector * 512 + 24, b"LVM2 001")
    };
    (0..4).any(label).then_some("an LVM physical volume")
}

/// Swap marks the end of its first page, whatever the page size of the machine.
fn swap(bytes: &[u8]) -> Option<&'static str> {
    let marked = |page: usize| {
        let at = page - 10;
        has(bytes, at, b"SWAPSPACE2")
            || has(bytes, at, b"SWAP-SPACE")
            || has(bytes, at, b"S1SUSPEND")
    };
    [4096, 8192, 16384, 32768, 65536].into_iter().any(marked).then_some("swap space")
}
