//! A disk with NTFS, exFAT, FAT32, XFS and btrfs full of real files: captured, restored over
//! noise, and judged by each filesystem's own checker and by the hashes of all files. The image
//! itself is read by zstd alone, and by an independent reader of the seekable format.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use support::bytes::{hash, noise_file};
use support::image::{Decompressed, check_with_zeekstd, check_with_zstd, compare_with_disk, parts};
use support::remetal::{capture, restore};
use support::shell::sh;
use vm::assets::disk::{Loop, MIB, Mount};
use vm::assets::files::hashes;
use vm::assets::filesystems::{Filesystems, KINDS, Kind, filesystems};

/// The disk that the tests capture, and their folder.
struct Sample {
    work: tempfile::TempDir,
    known: Filesystems,
}

impl Sample {
    fn new() -> Sample {
        Sample { work: support::scratch(), known: filesystems().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// Every checker is content with the disk, and every file is as it was.
    fn assert_whole(&self, disk: &Path) {
        for (kind, partition) in KINDS.iter().zip(&self.known.partitions) {
            let node = Loop::attach(disk, *partition).unwrap();
            let node = node.node();
            for check in kind.check {
                sh(&format!("{check} {}", node.display()));
            }
            let found = read_back(kind, node);
            assert_eq!(found.len(), self.known.files.len(), "{}: the number of files", kind.name);
            for (path, sum) in &self.known.files {
                assert_eq!(found.get(path), Some(sum), "{}: {}", kind.name, path.display());
            }
        }
    }
}

/// The hashes of all files on a volume.
fn read_back(kind: &Kind, node: &Path) -> BTreeMap<PathBuf, String> {
    if kind.mount_read_only.is_empty() {
        let copy = support::scratch();
        sh(&format!("mcopy -s -i {} '::/*' {}", node.display(), copy.path().display()));
        return hashes(copy.path()).unwrap();
    }
    let mount = Mount::new(kind.mount_read_only, node).unwrap();
    hashes(mount.path()).unwrap()
}

#[test]
fn all_files_of_all_filesystems_come_back() {
    let sample = Sample::new();
    let before = hash(&sample.known.disk);
    capture(&sample.known.disk, sample.work.path(), "backup", &[]);
    assert_eq!(before, hash(&sample.known.disk), "the capture changed its source");
    let target = sample.path("target.disk");
    noise_file(&target, sample.known.size);

    restore(&sample.path("backup"), &target);

    sample.assert_whole(&target);
}

#[test]
fn the_image_is_a_plain_zstandard_file_that_others_read() {
    let sample = Sample::new();
    capture(&sample.known.disk, sample.work.path(), "one", &["--no-verify"]);
    capture(
        &sample.known.disk,
        sample.work.path(),
        "parts",
        &["--no-verify", "--part-size", "50MiB"],
    );
    let (one, several) = (sample.path("one"), sample.path("parts"));
    assert_eq!(parts(&one).len(), 1);
    assert!(parts(&several).len() > 2, "no parts: {:?}", parts(&several));
    for part in parts(&several) {
        assert!(part.metadata().unwrap().len() <= 50 * MIB, "{} is too long", part.display());
    }

    for backup in [&one, &several] {
        let found = compare_with_disk(backup, &sample.known.disk);
        assert_eq!(found.wrong, 0, "{found:?}: bytes that are not on the disk");
        assert!(found.zeroed > 0, "{found:?}: deleted files are still in the image");
    }
    let plain = sample.path("plain.img");
    decompress(&one, &plain);
    sample.assert_whole(&plain);
    check_with_zstd(&parts(&one)[0], sample.known.size);
    check_with_zeekstd(&parts(&one)[0], &plain);
}

/// The disk from its image, without Remetal.
fn decompress(backup: &Path, to: &Path) {
    let mut image = Decompressed::start(backup);
    std::io::copy(image.reader(), &mut File::create(to).unwrap()).unwrap();
    image.finish();
}
