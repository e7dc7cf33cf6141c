use super::checks;
use super::containers::BCACHE;
use super::row::{Field, Row};
use crate::Kind;

const BCACHEFS: &[u8] = b"\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef";

const fn reiserfs(at: u64, magic: &'static [u8]) -> Row {
    Row::other("ReiserFS", at + 52, magic)
        .uuid(Field::Uuid(at + 84))
        .label(Field::Text(at + 100, 16))
}

const fn bcachefs(magic: &'static [u8]) -> Row {
    Row::other("bcachefs", 4096 + 24, magic)
        .uuid(Field::Uuid(4096 + 56))
        .label(Field::Text(4096 + 72, 32))
}

const fn ufs(superblock: u64, magic: &'static [u8]) -> Row {
    Row::other("UFS", superblock + 1372, magic).label(Field::Text(superblock + 680, 32))
}

const fn minix(at: u64, magic: &'static [u8], check: super::row::Check) -> Row {
    Row::other("Minix", 1024 + at, magic).check(check)
}

const fn image(title: &'static str, at: u64, magic: &'static [u8]) -> Row {
    Row::new(Kind::ReadOnlyImage, title, at, magic)
}

const fn ocfs2(block: u64) -> Row {
    Row::other("OCFS2", 2 * block, b"OCFSV2")
}

/// Filesystems that are only named.
pub(super) const ROWS: &[Row] = &[
    Row::new(Kind::Apfs, "APFS", 32, b"NXSB").uuid(Field::Uuid(72)),
    Row::new(Kind::HfsPlus, "HFS+", 1024, b"H+\0\x04"),
    Row::new(Kind::HfsPlus, "HFSX", 1024, b"HX\0\x05"),
    Row::other("HFS", 1024, b"BD").check(checks::is_hfs),
    Row::other("F2FS", 1024, b"\x10\x20\xf5\xf2")
        .uuid(Field::Uuid(1024 + 108))
        .label(Field::Utf16(1024 + 124, 1024)),
    Row::other("JFS", 32768, b"JFS1")
        .uuid(Field::Uuid(32768 + 136))
        .label(Field::Text(32768 + 152, 16)),
    reiserfs(65536, b"ReIsErFs"),
    reiserfs(65536, b"ReIsEr2Fs"),
    reiserfs(65536, b"ReIsEr3Fs"),
    reiserfs(8192, b"ReIsErFs"),
    Row::other("Reiser4", 65536, b"ReIsEr4").uuid(Field::Uuid(65536 + 20)),
    Row::other("NILFS2", 1024 + 6, b"\x34\x34")
        .uuid(Field::Uuid(1024 + 152))
        .label(Field::Text(1024 + 168, 80))
        .check(checks::is_nilfs2),
    bcachefs(BCACHEFS),
    bcachefs(BCACHE).check(checks::is_old_bcachefs),
    ufs(8192, b"\x54\x19\x01\0"),
    ufs(8192, b"\0\x01\x19\x54"),
    ufs(65536, b"\x19\x01\x54\x19"),
    ufs(65536, b"\x19\x54\x01\x19"),
    ufs(262_144, b"\x19\x01\x54\x19"),
    ufs(262_144, b"\x19\x54\x01\x19"),
    Row::other("VMFS", 0x20_0000, b"\x5e\xf1\xab\x2f"),
    Row::other("ReFS", 0, b"\0\0\0ReFS\0"),
    Row::other("HPFS", 8192, b"\x49\xe8\x95\xf9"),
    Row::other("BeFS", 512 + 32, b"1SFB").label(Field::Text(512, 32)),
    Row::other("GFS2", 65536, b"\x01\x16\x19\x70\0\0\0\x01"),
    ocfs2(512),
    ocfs2(1024),
    ocfs2(2048),
    ocfs2(4096),
    Row::other("VxFS", 1024, b"\xf5\xfc\x01\xa5"),
    Row::other("UBI", 0, b"UBI#"),
    Row::other("UBIFS", 0, b"\x31\x18\x10\x06"),
    minix(16, b"\x7f\x13", checks::is_minix),
    minix(16, b"\x8f\x13", checks::is_minix),
    minix(16, b"\x68\x24", checks::is_minix),
    minix(16, b"\x78\x24", checks::is_minix),
    minix(24, b"\x5a\x4d", checks::is_minix3),
    image("SquashFS", 0, b"hsqs").check(checks::is_squashfs),
    image("SquashFS", 0, b"sqsh"),
    image("EROFS", 1024, b"\xe2\xe1\xf5\xe0")
        .uuid(Field::Uuid(1024 + 48))
        .label(Field::Text(1024 + 64, 16)),
    image("cramfs", 0, b"\x45\x3d\xcd\x28").label(Field::Text(48, 16)),
    image("romfs", 0, b"-rom1fs-").label(Field::Text(16, 16)),
    Row::new(Kind::Optical, "ISO 9660", 32769, b"CD001").label(Field::Text(32808, 32)),
    Row::new(Kind::Optical, "UDF", 32769, b"BEA01"),
    Row::new(Kind::Optical, "UDF", 32769, b"NSR02"),
    Row::new(Kind::Optical, "UDF", 32769, b"NSR03"),
];
