//! What the tests share: disks partitioned by the usual tools, on sparse files.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use block::{Access, Caching, FileDevice};
use partition_table::{Layout, read};

pub const KIB: u64 = 1 << 10;
pub const MIB: u64 = 1 << 20;
pub const GIB: u64 = 1 << 30;
pub const TIB: u64 = 1 << 40;

/// Runs a shell command that must succeed; fails the test with all it printed otherwise.
pub fn sh(command: &str) -> String {
    let output = try_sh(command);
    assert!(
        output.status.success(),
        "{command}\n{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a shell command and returns how it ended.
pub fn try_sh(command: &str) -> Output {
    Command::new("bash").args(["-euo", "pipefail", "-c", command]).output().unwrap()
}

/// A sparse file that stands for a disk, in a folder of its own. With sectors other than 512
/// bytes it is also a loop device, because the tools cannot be told the size for a file.
pub struct Disk {
    folder: tempfile::TempDir,
    pub sector: u32,
    loop_device: Option<String>,
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(device) = &self.loop_device {
            try_sh(&format!("losetup -d {device}"));
        }
    }
}

impl Disk {
    pub fn new(size: u64) -> Self {
        Self::with_sectors(size, 512)
    }

    pub fn with_sectors(size: u64, sector: u32) -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap(), sector, loop_device: None };
        disk.grow(size);
        disk.attached()
    }

    /// A disk of `size` bytes that starts with all bytes of `other`.
    pub fn copy_of(other: &Self, size: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self { folder, sector: other.sector, loop_device: None };
        other.settle();
        sh(&format!("cp --sparse=always {} {}", other.path().display(), disk.path().display()));
        disk.grow(size);
        disk.attached()
    }

    fn attached(self) -> Self {
        let (sector, mut disk) = (self.sector, self);
        if sector != 512 {
            let path = disk.path();
            let attach = format!("losetup --sector-size {sector} -f --show {}", path.display());
            disk.loop_device = Some(sh(&attach).trim().to_owned());
        }
        disk
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// What the tools are given.
    pub fn node(&self) -> String {
        self.loop_device.clone().unwrap_or_else(|| self.path().display().to_string())
    }

    pub fn sgdisk(&self, arguments: &str) -> String {
        sh(&format!("sgdisk {arguments} {}", self.node()))
    }

    /// Partitions it with an sfdisk script.
    pub fn sfdisk(&self, script: &str) {
        let node = self.node();
        let command =
            format!("sfdisk --no-reread --no-tell-kernel {node} 2>&1 <<'END'\n{script}\nEND");
        // On a busy machine, writing to a loop device sometimes fails without a word.
        if !try_sh(&command).status.success() {
            std::thread::sleep(std::time::Duration::from_millis(200));
            sh(&command);
        }
        self.settle();
    }

    /// Brings what was written through the loop device to the file.
    fn settle(&self) {
        if let Some(device) = &self.loop_device {
            sh(&format!("blockdev --flushbufs {device}"));
        }
    }

    pub fn size(&self) -> u64 {
        self.path().metadata().unwrap().len()
    }

    pub fn grow(&self, size: u64) {
        let mut options = std::fs::OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path())
            .unwrap()
            .set_len(size)
            .unwrap();
        if let Some(device) = &self.loop_device {
            sh(&format!("losetup -c {device}"));
        }
    }

    pub fn open(&self) -> FileDevice {
        self.settle();
        open_as(&self.path(), self.sector)
    }

    pub fn layout(&self) -> Layout {
        read(&self.open()).unwrap()
    }

    pub fn write(&self, offset: u64, bytes: &[u8]) {
        use std::os::unix::fs::FileExt;
        let file = std::fs::OpenOptions::new().write(true).open(self.path()).unwrap();
        file.write_all_at(bytes, offset).unwrap();
    }

    pub fn bytes(&self, offset: u64, length: u64) -> Vec<u8> {
        use std::os::unix::fs::FileExt;
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        std::fs::File::open(self.path()).unwrap().read_exact_at(&mut bytes, offset).unwrap();
        bytes
    }
}

pub fn open_as(path: &Path, sector: u32) -> FileDevice {
    let device = FileDevice::open(path, Access::ReadWrite, Caching::Cached).unwrap();
    device.with_logical_sector(sector)
}

/// A partition as sfdisk sees it: number, first byte, bytes, type, GUID, name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub number: u32,
    pub start: u64,
    pub length: u64,
    pub type_id: String,
    pub guid: String,
    pub name: String,
}

/// What `sfdisk --json` says, by number.
pub fn seen_by_sfdisk(disk: &Disk) -> Vec<Seen> {
    let (node, sector) = (disk.node(), disk.sector);
    let json = sh(&format!("sfdisk --json {node}"));
    // It remarks on empty entries in front of the document.
    let json: serde_json::Value = serde_json::from_str(&json[json.find('{').unwrap()..]).unwrap();
    let table = &json["partitiontable"];
    let gpt = table["label"] == "gpt";
    let mut seen: Vec<_> = table["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|partition| {
            let text = |key: &str| partition[key].as_str().unwrap_or_default().to_owned();
            let number = text("node")[node.len()..].trim_start_matches('p').parse().unwrap();
            let id = table["id"].as_str().unwrap().trim_start_matches("0x").to_owned();
            let short = u8::from_str_radix(&text("type"), 16);
            Seen {
                number,
                start: partition["start"].as_u64().unwrap() * u64::from(sector),
                length: partition["size"].as_u64().unwrap() * u64::from(sector),
                type_id: if gpt { text("type") } else { format!("0x{:02x}", short.unwrap()) },
                guid: if gpt { text("uuid") } else { format!("{id}-{number:02x}") },
                name: text("name"),
            }
        })
        .collect();
    seen.sort();
    seen
}

/// The same from a layout.
pub fn seen_by_us(layout: &Layout) -> Vec<Seen> {
    layout
        .partitions
        .iter()
        .map(|partition| Seen {
            number: partition.number,
            start: partition.extent.start,
            length: partition.extent.length,
            type_id: partition.type_id.clone(),
            guid: partition.guid.clone().unwrap(),
            name: partition.name.clone().unwrap_or_default(),
        })
        .collect()
}
