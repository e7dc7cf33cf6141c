//! A disk with NTFS, exFAT, FAT32, XFS and btrfs full of real files: captured, restored over
//! noise, and judged by each filesystem's own checker and by the hashes of all files. The image
//! itself is read by zstd alone, and by an independent reader of the seekable format.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use support::bytes::{hash, noise_file};
use support::disk::{Loop, MIB, Mount, Partition, make_gpt};
use support::image::{Decompressed, check_with_zeekstd, check_with_zstd, compare_with_disk, parts};
use support::remetal::{capture, restore};
use support::shell::sh;

const MICROSOFT: &str = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";
const LINUX: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/// The disk in MiB; what no partition takes is free.
const DISK: u64 = 2200;
/// Real files, in bytes from each source directory. About as much is written once more and
/// deleted again, so that free space is not blank.
const FILES: u64 = 16 << 20;

/// A filesystem and the tools that deal with it. Each command is followed by the device node, and
/// `mount` by the directory too.
struct Kind {
    name: &'static str,
    mib: u64,
    partition_type: &'static str,
    make: &'static str,
    /// How to mount it for writing; nothing for FAT, which mtools handle without a mount.
    mount: &'static str,
    mount_read_only: &'static str,
    /// Commands that must all find nothing.
    check: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "NTFS",
        mib: 400,
        partition_type: MICROSOFT,
        make: "mkntfs --quick --quiet --force",
        mount: "ntfs-3g",
        mount_read_only: "ntfs-3g -o ro",
        check: &["ntfsfix --no-action", "ntfsresize --info --force"],
    },
    Kind {
        name: "exFAT",
        mib: 400,
        partition_type: MICROSOFT,
        make: "mkfs.exfat -c 4K",
        mount: "mount.exfat-fuse",
        mount_read_only: "mount.exfat-fuse -o ro",
        check: &["fsck.exfat -n"],
    },
    Kind {
        name: "FAT32",
        mib: 300,
        partition_type: MICROSOFT,
        make: "mkfs.fat -F 32",
        mount: "",
        mount_read_only: "",
        check: &["fsck.fat -n"],
    },
    Kind {
        name: "XFS",
        mib: 400,
        partition_type: LINUX,
        make: "mkfs.xfs -q -f",
        mount: "mount -t xfs",
        mount_read_only: "mount -t xfs -o ro,norecovery,nouuid",
        check: &["xfs_repair -n"],
    },
    Kind {
        name: "btrfs",
        mib: 500,
        partition_type: LINUX,
        make: "mkfs.btrfs -q -f",
        mount: "mount -t btrfs",
        mount_read_only: "mount -t btrfs -o ro",
        check: &["btrfs check --check-data-csum"],
    },
];

/// What is known of the disk that the tests capture.
struct Sample {
    work: tempfile::TempDir,
    disk: PathBuf,
    partitions: Vec<Partition>,
    files: BTreeMap<PathBuf, String>,
}

impl Sample {
    /// Makes the disk and fills it.
    fn new() -> Sample {
        let work = support::scratch();
        let disk = work.path().join("disk.img");
        let layout: Vec<_> = KINDS.iter().map(|kind| (kind.mib, kind.partition_type)).collect();
        let partitions = make_gpt(&disk, DISK, &layout);
        let tree = work.path().join("tree");
        support::files::collect(&tree, FILES);
        for (kind, partition) in KINDS.iter().zip(&partitions) {
            let node = Loop::attach(&disk, *partition);
            fill(kind, node.node(), &tree);
        }
        let files = support::files::hashes(&tree);
        Sample { work, disk, partitions, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// Every checker is content with the disk, and every file is as it was.
    fn assert_whole(&self, disk: &Path) {
        for (kind, partition) in KINDS.iter().zip(&self.partitions) {
            let node = Loop::attach(disk, *partition);
            let node = node.node();
            for check in kind.check {
                sh(&format!("{check} {}", node.display()));
            }
            let found = read_back(kind, node);
            assert_eq!(found.len(), self.files.len(), "{}: the number of files", kind.name);
            for (path, sum) in &self.files {
                assert_eq!(found.get(path), Some(sum), "{}: {}", kind.name, path.display());
            }
        }
    }
}

/// Makes a filesystem, fills it with the tree twice and deletes one of the copies.
fn fill(kind: &Kind, node: &Path, tree: &Path) {
    let (node_text, tree) = (node.display(), tree.display());
    sh(&format!("{} {node_text} > /dev/null", kind.make));
    if kind.mount.is_empty() {
        sh(&format!("mmd -i {node_text} ::/old && mcopy -s -i {node_text} {tree}/* ::/old/"));
        sh(&format!("mcopy -s -i {node_text} {tree}/* ::/ && mdeltree -i {node_text} ::/old"));
        return;
    }
    let mount = Mount::new(kind.mount, node);
    let to = mount.path().display();
    sh(&format!("mkdir {to}/old && cp -r {tree}/. {to}/old/ && cp -r {tree}/. {to}/"));
    sh(&format!("rm -r {to}/old && sync -f {to}"));
}

/// The hashes of all files on a volume.
fn read_back(kind: &Kind, node: &Path) -> BTreeMap<PathBuf, String> {
    if kind.mount_read_only.is_empty() {
        let copy = support::scratch();
        sh(&format!("mcopy -s -i {} '::/*' {}", node.display(), copy.path().display()));
        return support::files::hashes(copy.path());
    }
    let mount = Mount::new(kind.mount_read_only, node);
    support::files::hashes(mount.path())
}

#[test]
fn all_files_of_all_filesystems_come_back() {
    let sample = Sample::new();
    let before = hash(&sample.disk);
    capture(&sample.disk, sample.work.path(), "backup", &[]);
    assert_eq!(before, hash(&sample.disk), "the capture changed its source");
    let target = sample.path("target.disk");
    noise_file(&target, DISK * MIB);

    restore(&sample.path("backup"), &target);

    sample.assert_whole(&target);
}

#[test]
fn the_image_is_a_plain_zstandard_file_that_others_read() {
    let sample = Sample::new();
    capture(&sample.disk, sample.work.path(), "one", &["--no-verify"]);
    capture(&sample.disk, sample.work.path(), "parts", &["--no-verify", "--part-size", "50MiB"]);
    let (one, several) = (sample.path("one"), sample.path("parts"));
    assert_eq!(parts(&one).len(), 1);
    assert!(parts(&several).len() > 2, "no parts: {:?}", parts(&several));
    for part in parts(&several) {
        assert!(part.metadata().unwrap().len() <= 50 * MIB, "{} is too long", part.display());
    }

    for backup in [&one, &several] {
        let found = compare_with_disk(backup, &sample.disk);
        assert_eq!(found.wrong, 0, "{found:?}: bytes that are not on the disk");
        assert!(found.zeroed > 0, "{found:?}: deleted files are still in the image");
    }
    let plain = sample.path("plain.img");
    decompress(&one, &plain);
    sample.assert_whole(&plain);
    check_with_zstd(&parts(&one)[0], DISK * MIB);
    check_with_zeekstd(&parts(&one)[0], &plain);
}

/// The disk from its image, without Remetal.
fn decompress(backup: &Path, to: &Path) {
    let mut image = Decompressed::start(backup);
    std::io::copy(image.reader(), &mut File::create(to).unwrap()).unwrap();
    image.finish();
}
