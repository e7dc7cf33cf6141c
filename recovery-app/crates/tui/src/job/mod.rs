//! What the program can be asked to do, and what comes of it: plain values that cross between the
//! screens and the computer behind [`Machine`](crate::Machine).
//!
//! A job that only reads a person's disk begins with a request. One that overwrites a disk takes a
//! value that only its confirming screen makes: [`ConfirmedRestore`], [`ConfirmedFormat`].

mod backup;
mod check;
mod format;
mod restore;
mod trouble;

pub use backup::{
    AtTheEnd, BackupDone, BackupPlan, BackupRequest, Compression, DiskPlan, Remark, Severity,
    Source, VolumePlan,
};
pub use check::{CheckDone, Damaged};
pub use format::{ConfirmedFormat, FormatDone, FormatRequest, NewFilesystem};
pub use restore::{ConfirmedRestore, RestoreDone, RestorePlan, RestoreRequest};
pub use trouble::{Ending, Trouble};

use engine::Progress;

/// Work that takes its time. One at a time is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Saves disks.
    BackUp(Box<BackupRequest>),
    /// Puts a backup back.
    Restore(Box<ConfirmedRestore>),
    /// Proves a backup.
    Check(Box<BackupId>),
    /// Makes a drive ready for backups.
    Format(Box<ConfirmedFormat>),
}

/// A backup on an attached drive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BackupId {
    /// The device node of the volume that it lies on, such as `/dev/sdb1`.
    pub device: std::path::PathBuf,
    /// Its folder on that volume, without a leading slash.
    pub folder: std::path::PathBuf,
}

/// What comes of work while it goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Which of several disks is being saved: the first is 0.
    Disk(usize),
    /// How far it is.
    Progress(Progress),
    /// Something the person should know, in one sentence.
    Note(String),
}

/// How work ended when it came to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// The backups that were made, in the order of the request.
    BackUp(Vec<BackupDone>),
    /// The disk was written.
    Restore(RestoreDone),
    /// The backup was read.
    Check(CheckDone),
    /// The drive can be used.
    Format(FormatDone),
}
