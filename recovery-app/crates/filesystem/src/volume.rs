use std::fmt;

use block::ExtentSet;
use serde::{Deserialize, Serialize};

/// What a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// Windows NT filesystem.
    Ntfs,
    /// Second extended filesystem (no journal).
    Ext2,
    /// Third extended filesystem (journal, no extents).
    Ext3,
    /// Fourth extended filesystem.
    Ext4,
    /// FAT with 12-bit entries.
    Fat12,
    /// FAT with 16-bit entries.
    Fat16,
    /// FAT with 32-bit entries.
    Fat32,
    /// Extended FAT.
    ExFat,
    /// XFS, versions 4 and 5.
    Xfs,
    /// Btrfs.
    Btrfs,
    /// Linux swap space.
    Swap,
    /// LVM2 physical volume.
    Lvm2,
    /// LUKS encryption, versions 1 and 2.
    Luks,
    /// Windows BitLocker encryption.
    BitLocker,
    /// Linux software RAID member (md).
    LinuxRaid,
    /// Member of a BIOS ("fake") RAID: Intel, AMD, DDF and others.
    FirmwareRaid,
    /// ZFS pool member.
    Zfs,
    /// Apple APFS container.
    Apfs,
    /// Apple HFS+.
    HfsPlus,
    /// Refs, F2FS, JFS, ReiserFS, NILFS2, bcachefs, UFS, VMFS and others that are only named:
    /// see [`VolumeInfo::title`].
    Other,
    /// CD or DVD filesystem, ISO 9660 or UDF.
    Optical,
    /// SquashFS or EROFS.
    ReadOnlyImage,
    /// Nothing that is known.
    Unknown,
}

/// The condition of a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Unmounted in order.
    Clean,
    /// Not unmounted in order; why it is thought so, in words ("journal needs recovery").
    Dirty(String),
    /// Holds the memory of a suspended system (Windows hibernation or Fast Startup, Linux swap).
    Hibernated(String),
    /// Content cannot be seen without a key.
    Encrypted,
    /// One part of an array or volume group; of which, where it is known.
    Member(String),
    /// Its own structures contradict each other.
    Damaged(String),
    /// It has no notion of this, or it is not read.
    Unknown,
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => formatter.write_str("clean"),
            Self::Dirty(why) => write!(formatter, "dirty: {why}"),
            Self::Hibernated(why) => write!(formatter, "hibernated: {why}"),
            Self::Encrypted => formatter.write_str("encrypted"),
            Self::Member(of) => write!(formatter, "member of {of}"),
            Self::Damaged(how) => write!(formatter, "damaged: {how}"),
            Self::Unknown => formatter.write_str("unknown"),
        }
    }
}

/// What a volume says of itself. Sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeInfo {
    /// What it is.
    pub kind: Kind,
    /// Its name for people: "NTFS", "ext4", "BitLocker", "F2FS".
    pub title: String,
    /// Label, when it has a non-empty one.
    pub label: Option<String>,
    /// UUID or serial number in its usual spelling (as `blkid` prints it).
    pub uuid: Option<String>,
    /// Bytes from the start of the volume that the filesystem covers.
    pub size: Option<u64>,
    /// Bytes in use by its own count.
    pub used: Option<u64>,
    /// Its condition.
    pub state: State,
    /// The operating system installed on it: "Windows 11 Pro 24H2", "Debian GNU/Linux 12".
    pub system: Option<String>,
}

impl VolumeInfo {
    /// A volume of which only the kind and the name are known.
    #[must_use]
    pub fn named(kind: Kind, title: impl Into<String>) -> Self {
        Self {
            kind,
            title: title.into(),
            label: None,
            uuid: None,
            size: None,
            used: None,
            state: State::Unknown,
            system: None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ntfs => "NTFS",
            Self::Ext2 => "ext2",
            Self::Ext3 => "ext3",
            Self::Ext4 => "ext4",
            Self::Fat12 => "FAT12",
            Self::Fat16 => "FAT16",
            Self::Fat32 => "FAT32",
            Self::ExFat => "exFAT",
            Self::Xfs => "XFS",
            Self::Btrfs => "btrfs",
            Self::Swap => "swap",
            Self::Lvm2 => "LVM2",
            Self::Luks => "LUKS",
            Self::BitLocker => "BitLocker",
            Self::LinuxRaid => "Linux RAID",
            Self::FirmwareRaid => "firmware RAID",
            Self::Zfs => "ZFS",
            Self::Apfs => "APFS",
            Self::HfsPlus => "HFS+",
            Self::Other => "other",
            Self::Optical => "optical",
            Self::ReadOnlyImage => "read-only image",
            Self::Unknown => "unknown",
        })
    }
}

/// The used bytes of a volume, offsets from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationMap {
    /// Bytes that hold, or may hold, something. Bytes behind the end of the filesystem are added
    /// by [`crate::allocation`], not by the reader.
    pub used: ExtentSet,
    /// Bytes from the start of the volume that the filesystem covers.
    pub covered: u64,
    /// Where the map comes from, for the manifest: "ext4 block bitmaps, journal replayed".
    pub source: String,
}

/// How a volume is to be captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allocation {
    /// Only the used bytes.
    Mapped(AllocationMap),
    /// All bytes, for a reason that is one line in plain words.
    Whole(String),
}
