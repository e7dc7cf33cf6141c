//! A disk with NTFS, exFAT, FAT32, XFS and btrfs, full of real files of this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::disk::{Loop, MIB, Mount, Partition, make_gpt, places};
use super::{digest, files, hex, kept};
use crate::command::sh;
use crate::error::Error;
use crate::paths::scratch;

const MICROSOFT: &str = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";
const LINUX: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/// The disk in MiB; what no partition takes is free.
const DISK: u64 = 2200;
/// Real files, in bytes from each source directory. About as much is written once more and
/// deleted again, so that free space is not blank.
const FILES: u64 = 16 << 20;

/// A filesystem and the tools that deal with it. Each command is followed by the device node, and
/// `mount` by the directory too.
pub struct Kind {
    /// Its name, for people.
    pub name: &'static str,
    /// The kernel's driver, or several of which it has one, as `mount -t` takes them.
    pub driver: &'static str,
    mib: u64,
    partition_type: &'static str,
    make: &'static str,
    /// How to mount it for writing; nothing for FAT, which mtools handle without a mount.
    mount: &'static str,
    /// How to mount it for reading, on a kernel without these drivers; nothing for FAT.
    pub mount_read_only: &'static str,
    /// Commands that must all find nothing.
    pub check: &'static [&'static str],
}

/// The filesystems, in the order of the partitions.
pub const KINDS: [Kind; 5] = [
    Kind {
        name: "NTFS",
        driver: "ntfs3,ntfs",
        mib: 400,
        partition_type: MICROSOFT,
        make: "mkntfs --quick --quiet --force",
        mount: "ntfs-3g",
        mount_read_only: "ntfs-3g -o ro",
        check: &["ntfsfix --no-action", "ntfsresize --info --force"],
    },
    Kind {
        name: "exFAT",
        driver: "exfat",
        mib: 400,
        partition_type: MICROSOFT,
        make: "mkfs.exfat -c 4K",
        mount: "mount.exfat-fuse",
        mount_read_only: "mount.exfat-fuse -o ro",
        check: &["fsck.exfat -n"],
    },
    Kind {
        name: "FAT32",
        driver: "vfat",
        mib: 300,
        partition_type: MICROSOFT,
        make: "mkfs.fat -F 32",
        mount: "",
        mount_read_only: "",
        check: &["fsck.fat -n"],
    },
    Kind {
        name: "XFS",
        driver: "xfs",
        mib: 400,
        partition_type: LINUX,
        make: "mkfs.xfs -q -f",
        mount: "mount -t xfs",
        mount_read_only: "mount -t xfs -o ro,norecovery,nouuid",
        check: &["xfs_repair -n"],
    },
    Kind {
        name: "btrfs",
        driver: "btrfs",
        mib: 500,
        partition_type: LINUX,
        make: "mkfs.btrfs -q -f",
        mount: "mount -t btrfs",
        mount_read_only: "mount -t btrfs -o ro",
        check: &["btrfs check --check-data-csum"],
    },
];

/// The disk, and what is known of it.
pub struct Filesystems {
    /// The raw disk file; not to be changed.
    pub disk: PathBuf,
    /// Length in bytes.
    pub size: u64,
    /// One for each of [`KINDS`].
    pub partitions: Vec<Partition>,
    /// SHA-256 of each file, the same on all filesystems.
    pub files: BTreeMap<PathBuf, String>,
}

impl Filesystems {
    /// One SHA-256 over all files: what a shell in the root of a volume finds with
    /// `find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    #[must_use]
    pub fn tree_hash(&self) -> String {
        let mut lines: Vec<_> =
            self.files.iter().map(|(path, sum)| (format!("./{}", path.display()), sum)).collect();
        // A path is sorted by its parts, a shell sorts whole lines.
        lines.sort();
        let list: String = lines.iter().map(|(path, sum)| format!("{sum}  {path}\n")).collect();
        hex(&digest(&[&list]))
    }
}

/// The disk, made now if this is the first time.
///
/// # Errors
/// Those of the tools that make it.
pub fn filesystems() -> Result<Filesystems, Error> {
    let kept =
        kept("filesystems", &[include_str!("filesystems.rs"), include_str!("files.rs")], make)?;
    let line = |line: &str| line.split_once(' ').map(|(sum, path)| (path.into(), sum.to_owned()));
    let files = kept.facts.lines().filter_map(line).collect();
    Ok(Filesystems { disk: kept.disk, size: DISK * MIB, partitions: places(&layout()), files })
}

/// Sizes in MiB and types of the partitions.
fn layout() -> Vec<(u64, &'static str)> {
    KINDS.iter().map(|kind| (kind.mib, kind.partition_type)).collect()
}

/// Makes the disk and fills it. Returns a line for each file: its hash and its path.
fn make(disk: &Path) -> Result<String, Error> {
    let work = scratch()?;
    let partitions = make_gpt(disk, DISK, &layout())?;
    let tree = work.path().join("tree");
    files::collect(&tree, FILES)?;
    for (kind, partition) in KINDS.iter().zip(partitions) {
        fill(kind, Loop::attach(disk, partition)?.node(), &tree)?;
    }
    let line = |(path, sum): (PathBuf, String)| format!("{sum} {}\n", path.display());
    Ok(files::hashes(&tree)?.into_iter().map(line).collect())
}

/// Makes a filesystem, fills it with the tree twice and deletes one of the copies.
fn fill(kind: &Kind, node: &Path, tree: &Path) -> Result<(), Error> {
    let (node_text, tree) = (node.display(), tree.display());
    sh(&format!("{} {node_text} > /dev/null", kind.make))?;
    if kind.mount.is_empty() {
        sh(&format!("mmd -i {node_text} ::/old && mcopy -s -i {node_text} {tree}/* ::/old/"))?;
        sh(&format!("mcopy -s -i {node_text} {tree}/* ::/ && mdeltree -i {node_text} ::/old"))?;
        return Ok(());
    }
    let mount = Mount::new(kind.mount, node)?;
    let to = mount.path().display();
    sh(&format!("mkdir {to}/old && cp -r {tree}/. {to}/old/ && cp -r {tree}/. {to}/"))?;
    sh(&format!("rm -r {to}/old && sync -f {to}"))?;
    Ok(())
}
