//! A small disk, loop devices, and full or read-only places.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use vm::assets::disk::{Partition, make_gpt};

use crate::support::remetal::{remetal, text};
use crate::support::shell::{said, sh, try_sh};

/// Done and proven.
pub const VERIFIED: i32 = 0;
/// Not finished.
pub const FAILED: i32 = 1;
/// Wrong command line.
pub const USAGE: i32 = 2;
/// Nothing was written.
pub const REFUSED: i32 = 3;
/// Finished, and what is damaged is named.
pub const DAMAGED: i32 = 4;

/// The word for targets of these tests, whose names end in `.disk`.
pub const WORD: &str = "disk";

/// A folder with a small disk that two filesystems lie on, and room for backups.
pub struct Bench {
    folder: tempfile::TempDir,
    /// FAT16 and ext4.
    pub partitions: Vec<Partition>,
}

impl Bench {
    /// A GPT disk of 48 MiB: FAT16 (16 MiB) and ext4 (24 MiB), with files on both.
    pub fn new() -> Self {
        let folder = crate::support::scratch();
        let place = folder.path().display();
        let disk = folder.path().join("source.disk");
        let partitions = make_gpt(&disk, 48, &[(16, "uefi"), (24, "linux")]).unwrap();
        sh(&format!(
            "cd {place}; mkdir tree backups
             head -c 3000000 /dev/urandom >tree/noise; seq 200000 >tree/numbers
             truncate -s 16M fat; mkfs.vfat -F 16 -n EFI fat >/dev/null
             mcopy -i fat tree/numbers ::numbers
             truncate -s 24M ext; mkfs.ext4 -q -L root -d tree ext
             dd if=fat of={0} bs=1M seek={1} conv=notrunc,sparse status=none
             dd if=ext of={0} bs=1M seek={2} conv=notrunc,sparse status=none",
            disk.display(),
            partitions[0].start >> 20,
            partitions[1].start >> 20
        ));
        Self { folder, partitions }
    }

    /// A file or folder of the test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The disk.
    pub fn source(&self) -> PathBuf {
        self.path("source.disk")
    }

    /// The folder for backups.
    pub fn backups(&self) -> PathBuf {
        self.path("backups")
    }

    /// A backup of the disk under that name.
    pub fn backup(&self, name: &str, options: &[&str]) -> PathBuf {
        let (source, backups) = (self.source(), self.backups());
        let mut arguments = vec!["capture", text(&source), text(&backups), "--name", name];
        arguments.extend(options);
        expect(VERIFIED, &arguments);
        backups.join(name)
    }

    /// A copy of one of the disk's volumes after a restore, for a checker.
    pub fn cut_out(&self, disk: &Path, partition: usize) -> PathBuf {
        let Partition { start, size } = self.partitions[partition];
        let volume = self.path(&format!("volume{partition}"));
        sh(&format!(
            "dd if={} of={} bs=1M skip={} count={} status=none",
            disk.display(),
            volume.display(),
            start >> 20,
            size >> 20
        ));
        volume
    }
}

/// Runs `remetal`, which must end with `code`; returns all that it printed.
pub fn expect(code: i32, arguments: &[&str]) -> String {
    let output = remetal(arguments);
    check(code, &output, arguments);
    said(&output)
}

/// Runs `remetal --json`, which must end with `code`; returns its one document.
pub fn expect_json(code: i32, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.push("--json");
    let output = remetal(&all);
    check(code, &output, &all);
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("remetal {all:?}: {error}\n{}", said(&output)));
    assert_eq!(document["exit_code"], code);
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(event["event"].is_string(), "{line}");
    }
    document
}

/// Runs `remetal`, which must refuse with these words in its message; as text and as JSON.
pub fn expect_refusal(words: &str, arguments: &[&str]) {
    let document = expect_json(REFUSED, arguments);
    let message = document["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains(words), "{document:#}");
    assert!(!document["error"]["guidance"].as_str().unwrap().is_empty(), "{document:#}");
    let text = expect(REFUSED, arguments);
    assert!(text.contains(words) && text.contains("remetal: refused: "), "{text}");
    assert!(text.contains("Nothing was written."), "{text}");
}

fn check(code: i32, output: &Output, arguments: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "remetal {arguments:?}\n{}", said(output));
}

/// A file shown as a disk; taken down at the end.
pub struct LoopDisk(PathBuf);

impl LoopDisk {
    /// With the options of losetup(8).
    pub fn new(file: &Path, options: &str) -> Self {
        let command = format!("losetup {options} --find --show {}", file.display());
        Self(sh(&command).trim().into())
    }

    /// The node.
    pub fn node(&self) -> &str {
        text(&self.0)
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        // The kernel keeps the flag for the next file on this loop device.
        try_sh(&format!("blockdev --setrw {0}; losetup --detach {0}", self.node()));
    }
}

/// A place in memory of a given size, unmounted at the end.
pub struct Small(tempfile::TempDir);

impl Small {
    /// With the options of tmpfs, such as `size=8m`.
    pub fn new(options: &str) -> Self {
        let folder = crate::support::scratch();
        sh(&format!("mount -t tmpfs -o {options} tmpfs {}", folder.path().display()));
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        try_sh(&format!("umount {}", self.0.path().display()));
    }
}

/// The names in a folder.
pub fn names(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<OsString> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}
