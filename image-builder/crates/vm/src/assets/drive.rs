//! Drives to put backups on: an MBR with one partition, as they are sold.

use std::path::Path;

use super::disk::{Loop, make_mbr};
use crate::command::sh;
use crate::error::Error;

/// The filesystem of a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriveKind {
    /// Windows' own.
    Ntfs,
    /// Sticks and cards above 32 GB.
    Exfat,
    /// Linux's own.
    Ext4,
    /// Old sticks; no file reaches 4 GiB.
    Fat32,
}

impl DriveKind {
    /// All of them.
    pub const ALL: [DriveKind; 4] =
        [DriveKind::Ntfs, DriveKind::Exfat, DriveKind::Ext4, DriveKind::Fat32];

    /// The kernel's driver, or several of which it has one, as `mount -t` takes them.
    #[must_use]
    pub fn driver(self) -> &'static str {
        match self {
            DriveKind::Ntfs => "ntfs3,ntfs",
            DriveKind::Exfat => "exfat",
            DriveKind::Ext4 => "ext4",
            DriveKind::Fat32 => "vfat",
        }
    }

    /// The partition's type in an MBR, and the command that makes the filesystem.
    fn recipe(self) -> (&'static str, &'static str) {
        match self {
            DriveKind::Ntfs => ("7", "mkntfs --quick --quiet --label BACKUPS"),
            DriveKind::Exfat => ("7", "mkfs.exfat -L BACKUPS"),
            DriveKind::Ext4 => ("83", "mke2fs -q -t ext4 -L BACKUPS"),
            DriveKind::Fat32 => ("c", "mkfs.fat -F 32 -n BACKUPS"),
        }
    }
}

/// Makes an empty drive of `mib` MiB as a sparse file; its filesystem's label is `BACKUPS`. It
/// takes a second, so drives are not kept.
///
/// # Errors
/// Those of the tools.
pub fn make_drive(path: &Path, kind: DriveKind, mib: u64) -> Result<(), Error> {
    let (partition_type, make) = kind.recipe();
    let partitions = make_mbr(path, mib, &[(mib - 1, partition_type)])?;
    for partition in partitions {
        let node = Loop::attach(path, partition)?;
        sh(&format!("{make} {}", node.node().display()))?;
    }
    Ok(())
}
