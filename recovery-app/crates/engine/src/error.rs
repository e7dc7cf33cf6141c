use std::io;
use std::path::{Path, PathBuf};

use block::BlockError;
use image::ImageError;
use partition_table::TableError;

use crate::damage_list::DamageList;

/// Why a job was not done, or not finished.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing was written, because a rule forbids the job or it could not succeed.
    #[error("{reason}")]
    Refused {
        /// Why, in one sentence.
        reason: String,
        /// What the person can do instead.
        guidance: String,
    },
    /// A device failed.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The image cannot be written or trusted.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The partition table cannot be read or placed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// `manifest.json` is not the one that was written with the image beside it.
    #[error("{} is not what was written with the image: {what}", path.display())]
    ForeignManifest {
        /// The file.
        path: PathBuf,
        /// What tells so.
        what: String,
    },
    /// The capture that made the folder did not come to its end.
    #[error("{} is a backup that was never finished", .0.display())]
    NeverFinished(PathBuf),
    /// A file of the backup could not be read or written.
    #[error("{operation} {}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was being done, such as "writing".
        operation: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// Chunks of the image are damaged; nothing was written.
    #[error("the image is damaged in {} place(s); the first: {}", .0.totals().ranges, first_damage(.0))]
    DamagedImage(DamageList),
    /// Chunks of the image could not be read or did not decompress to what they should, after
    /// writing had begun.
    #[error("the image failed in {} place(s) while it was being used; the first: {}", .0.totals().ranges, first_damage(.0))]
    FailedImage(DamageList),
    /// Nothing of the backup can be read any more: its drive was taken out. That says nothing
    /// about the backup.
    #[error("the drive with {} was taken out, or does not answer: {reason}", backup.display())]
    BackupGone {
        /// The image.
        backup: PathBuf,
        /// What was said last.
        reason: String,
    },
    /// What was read back from the target is not what was written.
    #[error("{target} at byte {offset} ({length} bytes) does not hold what was written to it")]
    NotWritten {
        /// The target.
        target: String,
        /// First byte of the chunk.
        offset: u64,
        /// Length of the chunk in bytes.
        length: u64,
    },
    /// All was written to the target, but not proven, and its first sector could not be made to
    /// say again that the restore is not finished: the target may boot.
    #[error(transparent)]
    Unmarked(Box<EngineError>),
    /// The source stopped answering.
    #[error("{device} no longer answers: {source}")]
    Vanished {
        /// The device.
        device: String,
        /// The last thing that it said.
        source: BlockError,
    },
    /// Stopped on request.
    #[error("stopped on request")]
    Cancelled,
    /// A thread of the job panicked.
    #[error("a part of the program failed in the middle of its work")]
    Panicked,
    /// Zstandard could not be set up.
    #[error("compressing: {0}")]
    Compression(io::Error),
}

fn first_damage(damage: &DamageList) -> String {
    damage.listed().first().map_or_else(String::new, |first| {
        let (start, end) = (first.disk.start, first.disk.end());
        format!("disk bytes {start} to {end}: {}", first.reason)
    })
}

impl EngineError {
    /// A refusal.
    pub fn refused(reason: impl Into<String>, guidance: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), guidance: guidance.into() }
    }

    pub(crate) fn file(path: &Path, operation: &'static str, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), operation, source }
    }

    /// What the person at the machine can do about it, in one sentence.
    #[must_use]
    pub fn guidance(&self) -> String {
        match self {
            Self::Refused { guidance, .. } => guidance.clone(),
            Self::Block(error) => error.guidance().to_owned(),
            Self::Image(error) => error.guidance().to_owned(),
            Self::Table(error) => error.guidance().to_owned(),
            Self::ForeignManifest { .. } => {
                "The image carries its own copy: move this file away, and verify the backup.".to_owned()
            }
            Self::NeverFinished(_) => "Make the backup again.".to_owned(),
            Self::File { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "Free some space on the destination, or choose a larger one.".to_owned()
            }
            Self::File { source, .. } => block::file_guidance(source)
                .unwrap_or("Check the drive that holds the backup.")
                .to_owned(),
            Self::DamagedImage(_) => {
                "Nothing was written. Run `remetal verify` to see what is hit; use another copy of the backup if you have one.".to_owned()
            }
            Self::FailedImage(_) => {
                "Check the drive that holds the backup and this computer's memory, then start again.".to_owned()
            }
            Self::BackupGone { .. } => {
                "Nothing says that the backup is damaged. Plug the drive in and begin again.".to_owned()
            }
            Self::NotWritten { .. } => {
                "The target disk, its cable or this computer's memory is failing; use another disk.".to_owned()
            }
            Self::Unmarked(error) => error.guidance(),
            Self::Vanished { .. } => {
                "Check the cable and the power of the disk, then start again.".to_owned()
            }
            Self::Cancelled => "Start again when you are ready.".to_owned(),
            Self::Panicked => "This is a defect in the program; please report it.".to_owned(),
            Self::Compression(_) => "This computer has too little free memory.".to_owned(),
        }
    }
}
