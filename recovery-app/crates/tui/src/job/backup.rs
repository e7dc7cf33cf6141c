use std::path::PathBuf;

use hardware::Disk;

use super::Trouble;

/// Which disks are to be saved, where to, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct BackupRequest {
    /// The disks. Each becomes a backup of its own.
    pub sources: Vec<Source>,
    /// The device node of the volume that takes the backups, such as `/dev/sdb1`.
    pub destination: PathBuf,
    /// The drive that it lies on.
    pub drive: Disk,
    /// Name of the backup; with several disks each name gets a number: `name-1`, `name-2`.
    pub name: String,
    /// How hard to compress.
    pub compression: Compression,
    /// Read the backup back and prove it.
    pub verify: bool,
    /// What follows.
    pub at_the_end: AtTheEnd,
}

/// A disk that is to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Which.
    pub disk: Disk,
    /// The numbers of the partitions to keep; all of the disk when `None`.
    pub partitions: Option<Vec<u32>>,
}

/// How hard to compress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// As hard as costs no time.
    #[default]
    Auto,
    /// Quick, larger.
    Fast,
    /// Slow, smaller.
    Small,
}

/// What follows a backup that came to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AtTheEnd {
    /// The result stays on the screen.
    #[default]
    Stay,
    /// The computer is powered off.
    PowerOff,
}

/// What a backup will do. Nothing is written yet. Sizes are bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct BackupPlan {
    /// One for each disk, in the order of the request.
    pub disks: Vec<DiskPlan>,
    /// Bytes that can still be written at the destination.
    pub free: u64,
    /// Seconds that it is estimated to take, by how fast source and destination were just now;
    /// `None` when that could not be told.
    pub seconds: Option<u64>,
    /// Everything unusual, the gravest first.
    pub remarks: Vec<Remark>,
}

/// What is read of a disk.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskPlan {
    /// The disk that it is about.
    pub disk: Disk,
    /// The name that its backup gets.
    pub name: String,
    /// Bytes in use that are read.
    pub read: u64,
    /// Bytes that are skipped because nothing lies there.
    pub skipped: u64,
    /// Bytes that were not chosen.
    pub left_out: u64,
    /// At least so large, as far as a sample tells.
    pub least: u64,
    /// Never larger.
    pub most: u64,
    /// What fills it, in the order of the disk.
    pub volumes: Vec<VolumePlan>,
}

/// What is read of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumePlan {
    /// What is on it, in the words of its owner.
    pub words: String,
    /// Bytes read of it; `None` where it was not chosen.
    pub read: Option<u64>,
    /// Why free space is read as well, for those captured whole.
    pub whole_because: Option<String>,
}

/// How grave a remark is; the order is that in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot be done.
    Refusal,
    /// Data is in danger.
    Danger,
    /// Something to be read before going on.
    Warning,
    /// Good to know.
    Hint,
}

/// Something unusual, with its consequence, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// How grave it is.
    pub severity: Severity,
    /// What is the matter and what follows from it, in sentences.
    pub words: String,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct BackupDone {
    /// The disk that was saved.
    pub disk: Disk,
    /// The backup's name.
    pub name: String,
    /// Its files are here, as the drive's owner would say: `Backups/name`.
    pub folder: String,
    /// SHA-256 over the image's index, hexadecimal.
    pub fingerprint: String,
    /// Bytes of the disk's content.
    pub content: u64,
    /// Bytes of the backup.
    pub stored: u64,
    /// Seconds that it took.
    pub seconds: u64,
    /// It was read back from the drive and proven.
    pub verified: bool,
    /// What the disk could not give, a line each.
    pub lost: Vec<String>,
    /// What was not in order at the end with the drive that it lies on, in a sentence.
    pub drive_trouble: Option<String>,
}

impl BackupRequest {
    /// The name of the backup of the disk number `index` (the first is 0).
    #[must_use]
    pub fn name_of(&self, index: usize) -> String {
        match self.sources.len() {
            0 | 1 => self.name.clone(),
            _ => format!("{}-{}", self.name, index + 1),
        }
    }
}

impl BackupPlan {
    /// The first reason why it cannot be done, as an error screen tells it.
    #[must_use]
    pub fn refusal(&self) -> Option<Trouble> {
        let refusal = self.remarks.iter().find(|remark| remark.severity == Severity::Refusal)?;
        Some(Trouble::refused(&refusal.words))
    }
}
