//! `/proc/self/mountinfo` and `/proc/swaps`.
//!
//! Hand-written: procfs-core refuses lines that are not UTF-8 and leaves the octal escapes in
//! the paths. Format: proc_pid_mountinfo(5); the kernel escapes blank, tab, line end and
//! backslash as three octal digits (`fs/proc_namespace.c`).

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::content::Content;
use crate::topology::{Node, Topology};
use crate::{DeviceNumber, FileId, HardwareError, Roots, sysfs};

/// One mounted filesystem.
#[derive(Debug, Clone)]
pub(crate) struct Mount {
    pub(crate) id: u64,
    pub(crate) number: DeviceNumber,
    pub(crate) mount_point: PathBuf,
    pub(crate) fs_type: String,
    pub(crate) source: PathBuf,
    /// The filesystem's own options, with commas.
    pub(crate) options: Vec<u8>,
}

impl Mount {
    /// True when the files are kept in memory, or made up by the kernel.
    pub(crate) fn is_memory(&self) -> bool {
        const MEMORY: [&str; 8] =
            ["tmpfs", "ramfs", "rootfs", "devtmpfs", "proc", "sysfs", "cgroup", "cgroup2"];
        MEMORY.contains(&self.fs_type.as_str())
    }

    /// True when the files are on another machine, or on the host of this virtual one.
    pub(crate) fn is_network(&self) -> bool {
        const NETWORK: [&str; 12] = [
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "9p",
            "virtiofs",
            "ceph",
            "afs",
            "vboxsf",
            "fuse.sshfs",
            "fuse.rclone",
            "fuse.vmhgfs-fuse",
        ];
        NETWORK.contains(&self.fs_type.as_str())
    }
}

/// All mounts of this process, in the order they were made.
pub(crate) fn read_mounts(roots: &Roots) -> Result<Vec<Mount>, HardwareError> {
    let path = roots.proc.join("self/mountinfo");
    let raw = fs::read(&path).map_err(|source| HardwareError::read(&path, source))?;
    Ok(raw.split(|&byte| byte == b'\n').filter_map(parse_mount).collect())
}

/// `ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE SUPEROPTIONS`
fn parse_mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let text = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
    let id = text(fields.next()?).parse().ok()?;
    let number = DeviceNumber::parse(&text(fields.nth(1)?))?;
    let mount_point = unescaped(fields.nth(1)?);
    fields.find(|&field| field == b"-")?;
    let fs_type = text(fields.next()?);
    let source = unescaped(fields.next()?);
    let options = fields.next().unwrap_or_default().to_vec();
    Some(Mount { id, number, mount_point, fs_type, source, options })
}

/// What is swapped to: devices and files.
pub(crate) fn read_swaps(roots: &Roots) -> Vec<PathBuf> {
    // A kernel without swap has no such file.
    let raw = fs::read(roots.proc.join("swaps")).unwrap_or_default();
    raw.split(|&byte| byte == b'\n')
        .skip(1)
        .filter_map(|line| line.split(|byte| byte.is_ascii_whitespace()).next())
        .filter(|name| !name.is_empty())
        .map(unescaped)
        .collect()
}

/// A path with the kernel's octal escapes undone.
pub(crate) fn unescaped(raw: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|_| byte == b'\\').and_then(octal_byte);
        plain.push(octal.unwrap_or(byte));
        rest = if octal.is_some() { &tail[3..] } else { tail };
    }
    PathBuf::from(OsString::from_vec(plain))
}

fn octal_byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

/// What every block device and file is mounted as or swapped to.
pub(crate) struct InUse {
    mounts: Vec<(BTreeSet<String>, Mount)>,
    /// Devices.
    swaps: BTreeSet<String>,
    swap_files: Vec<PathBuf>,
}

impl InUse {
    pub(crate) fn read(roots: &Roots, topology: &Topology) -> Result<Self, HardwareError> {
        let mounts = read_mounts(roots)?
            .into_iter()
            .map(|mount| (devices_of(roots, topology, &mount), mount))
            .collect();
        let (mut swaps, mut swap_files) = (BTreeSet::new(), Vec::new());
        for path in read_swaps(roots) {
            match topology.by_path(roots, &path) {
                Some(node) => drop(swaps.insert(node.name.clone())),
                None => swap_files.push(path),
            }
        }
        Ok(Self { mounts, swaps, swap_files })
    }

    /// Where the device itself is mounted.
    pub(crate) fn mount_points(&self, device: &str) -> Vec<PathBuf> {
        let mut points: Vec<PathBuf> = self
            .mounts
            .iter()
            .filter(|(devices, _)| devices.contains(device))
            .map(|(_, mount)| mount.mount_point.clone())
            .collect();
        points.dedup();
        points
    }

    /// Where the filesystem in the file is mounted by a driver that needs no device for it, as
    /// those of FUSE do.
    pub(crate) fn mount_points_of_file(&self, file: FileId) -> impl Iterator<Item = &Path> {
        let is_source = move |mount: &Mount| {
            mount.source.is_absolute() && Content::at(&mount.source) == Some(Content::File(file))
        };
        let without_device = self.mounts.iter().filter(|(devices, _)| devices.is_empty());
        without_device
            .filter(move |(_, mount)| is_source(mount))
            .map(|(_, mount)| mount.mount_point.as_path())
    }

    pub(crate) fn is_swap_file(&self, file: FileId) -> bool {
        self.swap_files.iter().any(|swap| Content::at(swap) == Some(Content::File(file)))
    }

    pub(crate) fn is_swap(&self, device: &str) -> bool {
        self.swaps.contains(device)
    }
}

/// The kernel names of the devices that a mounted filesystem lies on.
pub(crate) fn devices_of(roots: &Roots, topology: &Topology, mount: &Mount) -> BTreeSet<String> {
    if let Some(node) = topology.by_number(mount.number) {
        return BTreeSet::from([node.name.clone()]);
    }
    // btrfs, and others that span devices, have a number of their own.
    let source = topology.by_path(roots, &mount.source);
    if mount.fs_type == "btrfs" {
        return btrfs_devices(roots, source);
    }
    source.map(|node| node.name.clone()).into_iter().collect()
}

/// All devices of the btrfs that `member` belongs to. Without a known member (the kernel calls
/// its own root `/dev/root`), the devices of all of them: rather a disk too many.
fn btrfs_devices(roots: &Roots, member: Option<&Node>) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = member.map(|node| node.name.clone()).into_iter().collect();
    for uuid in sysfs::names(&roots.sys, "fs/btrfs") {
        let devices = sysfs::names(&roots.sys.join("fs/btrfs").join(uuid), "devices");
        if member.is_none_or(|node| devices.contains(&node.name)) {
            found.extend(devices);
        }
    }
    found
}

/// The mount that holds `path` (absolute): the one with this id, or else the one that is
/// mounted nearest above it.
pub(crate) fn mount_of<'a>(mounts: &'a [Mount], id: Option<u64>, path: &Path) -> Option<&'a Mount> {
    let by_id = id.and_then(|id| mounts.iter().find(|mount| mount.id == id));
    // Of several on one mount point the last one is seen; `max_by_key` returns the last.
    by_id.or_else(|| {
        mounts
            .iter()
            .filter(|mount| path.starts_with(&mount.mount_point))
            .max_by_key(|mount| mount.mount_point.as_os_str().len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_and_unescaped() {
        let line = b"36 35 98:0 /mnt1 /mnt/a\\040b\\134c rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue";
        let mount = parse_mount(line).unwrap();
        assert_eq!(mount.id, 36);
        assert_eq!(mount.number, DeviceNumber { major: 98, minor: 0 });
        assert_eq!(mount.mount_point, Path::new("/mnt/a b\\c"));
        assert_eq!(mount.fs_type, "ext3");
        assert_eq!(mount.source, Path::new("/dev/root"));
        assert_eq!(mount.options, b"rw,errors=continue");
    }

    #[test]
    fn nonsense_is_left_out() {
        for line in [&b""[..], b"36", b"36 35 98 / / rw - a b c", b"36 35 98:0 / / rw ext3 a b"] {
            assert!(parse_mount(line).is_none());
        }
        assert_eq!(unescaped(b"a\\04"), Path::new("a\\04"));
        assert_eq!(unescaped(b"a\\999"), Path::new("a\\999"));
        assert_eq!(unescaped(b"\\012\xff").into_os_string().into_vec(), b"\n\xff");
    }
}
