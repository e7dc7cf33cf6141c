use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;
use serde::{Deserialize, Serialize};

use crate::location::{mount_id, nearest_existing};
use crate::mounts::{Mount, mount_of, read_mounts};
use crate::{HardwareError, Roots};

/// What a destination can hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationFilesystem {
    /// The filesystem's name, as mount(8) knows it: `ext4`, `vfat`, `ntfs3`, `nfs4`.
    pub kind: String,
    /// Bytes that can still be written.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
    /// The largest file it can hold, in bytes, where that is less than a disk may need.
    pub largest_file: Option<u64>,
    /// True when it is mounted read-only.
    pub read_only: bool,
    /// True when its files are in memory and gone at power-off.
    pub in_memory: bool,
    /// True when its files are on another machine.
    pub on_network: bool,
}

/// `MSDOS_SUPER_MAGIC` of Linux `include/uapi/linux/magic.h`: FAT12, FAT16 and FAT32.
const FAT_MAGIC: u64 = 0x4d44;

/// FAT keeps file sizes in 32 bits.
const FAT_LARGEST_FILE: u64 = u32::MAX as u64;

/// The filesystem that holds `path`, or that would: of a path that does not exist yet, the
/// nearest folder that does is taken.
pub fn filesystem_of(roots: &Roots, path: &Path) -> Result<DestinationFilesystem, HardwareError> {
    let existing = nearest_existing(path)?;
    let fail = |error| HardwareError::read(&existing, error);
    let sizes = rustix::fs::statvfs(&existing).map_err(fail)?;
    let magic = rustix::fs::statfs(&existing).map_err(fail)?.f_type;
    let mounts = read_mounts(roots)?;
    let mount = mount_of(&mounts, mount_id(&existing), &existing);
    let kind = mount.map_or_else(|| "unknown".to_owned(), kind_of);
    let is_fat = u64::try_from(magic).is_ok_and(|magic| magic == FAT_MAGIC) || is_fat(&kind);
    Ok(DestinationFilesystem {
        kind,
        free: sizes.f_bavail.saturating_mul(sizes.f_frsize),
        total: sizes.f_blocks.saturating_mul(sizes.f_frsize),
        largest_file: is_fat.then_some(FAT_LARGEST_FILE),
        read_only: sizes.f_flag.contains(StatVfsMountFlags::RDONLY),
        in_memory: mount.is_some_and(Mount::is_memory),
        on_network: mount.is_some_and(Mount::is_network),
    })
}

fn is_fat(kind: &str) -> bool {
    ["vfat", "msdos", "fuse.fusefat"].contains(&kind)
}

/// The mount's type; for a FUSE driver on a block device, which does not tell, what the boot
/// sector says.
fn kind_of(mount: &Mount) -> String {
    if mount.fs_type == "fuseblk" {
        return boot_sector_kind(&mount.source).unwrap_or("fuseblk").to_owned();
    }
    mount.fs_type.clone()
}

fn boot_sector_kind(device: &PathBuf) -> Option<&'static str> {
    let mut sector = [0; 512];
    File::open(device).ok()?.read_exact_at(&mut sector, 0).ok()?;
    match &sector[3..11] {
        b"NTFS    " => Some("ntfs"),
        b"EXFAT   " => Some("exfat"),
        _ if sector[54..].starts_with(b"FAT") || sector[82..].starts_with(b"FAT32") => Some("vfat"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_filesystems_are_told() {
        let roots = Roots::default();
        let folder = tempfile::tempdir().unwrap();
        let here = filesystem_of(&roots, &folder.path().join("not/yet/there")).unwrap();
        assert!(here.total > 0 && here.free <= here.total);
        assert!(!here.read_only);
        assert_eq!(here.largest_file, None);
        let sys = filesystem_of(&roots, Path::new("/sys/block")).unwrap();
        assert_eq!(sys.kind, "sysfs");
        assert!(sys.in_memory);
    }

    #[test]
    fn fuse_drivers_are_told_by_the_boot_sector() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut sector = [0; 512];
        let path = file.path().to_owned();
        assert_eq!(boot_sector_kind(&path), None);
        sector[3..11].copy_from_slice(b"NTFS    ");
        file.as_file().write_all_at(&sector, 0).unwrap();
        assert_eq!(boot_sector_kind(&path), Some("ntfs"));
        sector[3..11].copy_from_slice(b"MSDOS5.0");
        sector[82..90].copy_from_slice(b"FAT32   ");
        file.as_file().write_all_at(&sector, 0).unwrap();
        assert_eq!(boot_sector_kind(&path), Some("vfat"));
    }
}
