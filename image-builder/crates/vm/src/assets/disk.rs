//! Disks in files: a GPT made by sfdisk, loop devices over its partitions, mounts. Loop devices
//! are given offset and length, since not every kernel makes nodes for partitions.

use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{sh, try_sh};
use crate::error::Error;
use crate::paths::scratch;

/// One MiB, in bytes.
pub const MIB: u64 = 1 << 20;

/// A partition to be made, and where it came to lie.
#[derive(Clone, Copy, Debug)]
pub struct Partition {
    /// First byte on the disk.
    pub start: u64,
    /// Length in bytes.
    pub size: u64,
}

/// Makes a sparse file of `mib` MiB without any content.
///
/// # Errors
/// When it cannot be written.
pub fn make_empty(path: &Path, mib: u64) -> Result<(), Error> {
    let made = File::create(path).and_then(|file| file.set_len(mib * MIB));
    made.map_err(Error::file("make", path))
}

/// Makes a sparse file of `disk_mib` MiB with a GPT; each partition is given by its size in MiB
/// and its type, as sfdisk names it. The partitions lie one after the other from 1 MiB on.
///
/// # Errors
/// When it cannot be written.
pub fn make_gpt(
    path: &Path,
    disk_mib: u64,
    partitions: &[(u64, &str)],
) -> Result<Vec<Partition>, Error> {
    make_table(path, "gpt", disk_mib, partitions)
}

/// As [`make_gpt`], with the MBR that sticks and old computers have; types are bytes in
/// hexadecimal.
///
/// # Errors
/// When it cannot be written.
pub fn make_mbr(
    path: &Path,
    disk_mib: u64,
    partitions: &[(u64, &str)],
) -> Result<Vec<Partition>, Error> {
    make_table(path, "dos", disk_mib, partitions)
}

fn make_table(
    path: &Path,
    label: &str,
    disk_mib: u64,
    partitions: &[(u64, &str)],
) -> Result<Vec<Partition>, Error> {
    make_empty(path, disk_mib)?;
    let made = places(partitions);
    let mut script = format!("label: {label}\n");
    for (place, (_, kind)) in made.iter().zip(partitions) {
        let (start, size) = (place.start / MIB, place.size / MIB);
        script.push_str(&format!("start={start}MiB, size={size}MiB, type={kind}\n"));
    }
    sh(&format!("sfdisk --quiet {} <<'END'\n{script}END", path.display()))?;
    Ok(made)
}

/// Where partitions of these sizes come to lie: one after the other, from 1 MiB on.
pub(super) fn places(partitions: &[(u64, &str)]) -> Vec<Partition> {
    let mut start = MIB;
    let mut place = |&(mib, _): &(u64, &str)| {
        let partition = Partition { start, size: mib * MIB };
        start += partition.size;
        partition
    };
    partitions.iter().map(&mut place).collect()
}

/// A loop device over one partition of a disk file; gone when dropped.
pub struct Loop {
    node: PathBuf,
}

impl Loop {
    /// Attaches the partition.
    ///
    /// # Errors
    /// Those of `losetup`.
    pub fn attach(disk: &Path, partition: Partition) -> Result<Loop, Error> {
        let node = sh(&format!(
            "losetup --find --show --offset {} --sizelimit {} {}",
            partition.start,
            partition.size,
            disk.display()
        ))?;
        Ok(Loop { node: PathBuf::from(node.trim()) })
    }

    /// The device node.
    #[must_use]
    pub fn node(&self) -> &Path {
        &self.node
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // A loop device that stays is seen by the next test that counts them, not here.
        let _ = try_sh(&format!("losetup --detach {}", self.node.display()));
    }
}

/// A mounted volume; unmounted when dropped.
pub struct Mount {
    directory: TempDir,
}

impl Mount {
    /// Runs `command` (such as `mount -t xfs -o ro`) with the node and a fresh directory.
    ///
    /// # Errors
    /// Those of the command.
    pub fn new(command: &str, node: &Path) -> Result<Mount, Error> {
        let directory = scratch()?;
        sh(&format!("{command} {} {}", node.display(), directory.path().display()))?;
        Ok(Mount { directory })
    }

    /// Where the volume is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A FUSE helper may still be busy with the last request for a moment.
        let directory = self.directory.path().display();
        let done = try_sh(&format!(
            "for i in {{1..20}}; do umount {directory} && exit 0; sleep 0.1; done; exit 1"
        ));
        let done = done.is_ok_and(|done| done.status.success());
        assert!(done || std::thread::panicking(), "cannot unmount {directory}");
    }
}
