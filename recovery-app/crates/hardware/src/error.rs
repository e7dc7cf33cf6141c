use std::io;
use std::path::{Path, PathBuf};

/// A failure to learn something about the machine.
#[derive(Debug, thiserror::Error)]
pub enum HardwareError {
    /// A file of `/sys` or `/proc`, a device node or a destination could not be read.
    #[error("reading {}: {source}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The path is not a disk, or the disk is gone.
    #[error("{} is not a disk", path.display())]
    NotADisk {
        /// The path that was asked about.
        path: PathBuf,
    },
    /// The kernel's messages about devices cannot be heard.
    #[error("listening for devices that come and go: {source}")]
    Listen {
        /// What the kernel said.
        source: io::Error,
    },
}

impl HardwareError {
    pub(crate) fn read(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Read { path: path.to_owned(), source: source.into() }
    }

    /// What the person at the machine can do about it, in one sentence.
    #[must_use]
    pub fn guidance(&self) -> &'static str {
        match self {
            Self::NotADisk { .. } => "Check the name; the list of disks shows what can be chosen.",
            Self::Listen { .. } => "Disks that are plugged in are seen after a new look only.",
            Self::Read { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "Check the name, and that the disk is plugged in.",
                io::ErrorKind::PermissionDenied => "Run the program as root.",
                _ => "Check that /sys and /proc are mounted, and the cable of the disk.",
            },
        }
    }
}
