//! Disks in files: a GPT made by sfdisk, loop devices over its partitions, mounts. Loop devices
//! are given offset and length, since not every kernel makes nodes for partitions.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::shell::{sh, try_sh};

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

/// Makes a sparse file of `disk_mib` MiB with a GPT; each partition is given by its size in MiB
/// and its type, as sfdisk names it. The partitions lie one after the other from 1 MiB on.
pub fn make_gpt(path: &Path, disk_mib: u64, partitions: &[(u64, &str)]) -> Vec<Partition> {
    File::create(path).unwrap().set_len(disk_mib * MIB).unwrap();
    let mut start = 1;
    let mut script = String::from("label: gpt\nunit: sectors\n");
    let mut made = Vec::new();
    for (size, kind) in partitions {
        script.push_str(&format!("start={start}MiB, size={size}MiB, type={kind}\n"));
        made.push(Partition { start: start * MIB, size: size * MIB });
        start += size;
    }
    sh(&format!("sfdisk --quiet {} <<'END'\n{script}END", path.display()));
    made
}

/// A loop device over one partition of a disk file; gone when dropped.
pub struct Loop {
    node: PathBuf,
}

impl Loop {
    /// Attaches the partition.
    pub fn attach(disk: &Path, partition: Partition) -> Loop {
        let node = sh(&format!(
            "losetup --find --show --offset {} --sizelimit {} {}",
            partition.start,
            partition.size,
            disk.display()
        ));
        Loop { node: PathBuf::from(node.trim()) }
    }

    /// The device node.
    pub fn node(&self) -> &Path {
        &self.node
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        try_sh(&format!("losetup --detach {}", self.node.display()));
    }
}

/// A mounted volume; unmounted when dropped.
pub struct Mount {
    directory: tempfile::TempDir,
}

impl Mount {
    /// Runs `command` (such as `mount -t xfs -o ro`) with the node and a fresh directory.
    pub fn new(command: &str, node: &Path) -> Mount {
        let directory = super::scratch();
        sh(&format!("{command} {} {}", node.display(), directory.path().display()));
        Mount { directory }
    }

    /// Where the volume is mounted.
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
        assert!(done.status.success() || std::thread::panicking(), "cannot unmount {directory}");
    }
}
