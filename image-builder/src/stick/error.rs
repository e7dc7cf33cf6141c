use std::io;
use std::path::{Path, PathBuf};

use block::BlockError;
use hardware::HardwareError;

/// Why the ISO is not on the stick.
#[derive(Debug, thiserror::Error)]
pub enum StickError {
    /// A safety rule forbids it; nothing was written.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to do instead.
        guidance: String,
    },
    /// The ISO cannot be read.
    #[error("reading {}: {source}", path.display())]
    Iso {
        /// The ISO.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The machine's disks cannot be looked at.
    #[error(transparent)]
    Hardware(#[from] HardwareError),
    /// The stick cannot be read or written.
    #[error(transparent)]
    Stick(#[from] BlockError),
    /// What was read back is not what was written.
    #[error("{} does not hold what was written to it, at byte {offset}", path.display())]
    Different {
        /// The stick.
        path: PathBuf,
        /// The first byte that differs.
        offset: u64,
    },
}

impl StickError {
    pub(super) fn refused(message: impl Into<String>, guidance: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), guidance: guidance.into() }
    }

    pub(super) fn iso(path: &Path, source: io::Error) -> Self {
        Self::Iso { path: path.to_owned(), source }
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub fn guidance(&self) -> String {
        match self {
            Self::Refused { guidance, .. } => guidance.clone(),
            Self::Iso { .. } => "Build the ISO with `remetal-iso build`, or name it.".to_owned(),
            Self::Hardware(error) => error.guidance().to_owned(),
            Self::Stick(_) => "Plug the stick in again, or take another one.".to_owned(),
            Self::Different { .. } => "Do not use this stick: it loses data.".to_owned(),
        }
    }
}
