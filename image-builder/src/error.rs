use std::io;
use std::path::{Path, PathBuf};

use crate::report::mebibytes;

/// Why an ISO could not be built or written.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file or folder could not be read or written.
    #[error("{action} {}: {source}", path.display())]
    File {
        /// What was being done, such as `reading`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("starting {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("{program} failed:\n{output}")]
    Program {
        /// The program.
        program: String,
        /// The end of what it printed.
        output: String,
    },
    /// A line of a list in `initramfs/lists` cannot be followed.
    #[error("{list}, line {line}: {problem}")]
    List {
        /// The list's name.
        list: String,
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The machine's apt knows no Debian archive.
    #[error("apt on this machine knows no Debian archive")]
    NoArchive,
    /// There is not enough room for the cache.
    #[error(
        "no room for the build: {} are free where {} lies, and {} are needed",
        mebibytes(*free), path.display(), mebibytes(*needed)
    )]
    NoRoom {
        /// The cache.
        path: PathBuf,
        /// Bytes.
        free: u64,
        /// Bytes.
        needed: u64,
    },
    /// The machine's filesystems cannot be looked at.
    #[error(transparent)]
    Hardware(#[from] hardware::HardwareError),
    /// The package lists could not be fetched, and there are none from before.
    #[error("the package archive cannot be reached:\n{output}")]
    NoNetwork {
        /// The end of what apt printed.
        output: String,
    },
    /// Packages that the archive does not have.
    #[error("the package archive does not have: {}", names.join(", "))]
    UnknownPackages {
        /// Their names.
        names: Vec<String>,
    },
    /// Something in a package is not as expected.
    #[error("{package}: {problem}")]
    Package {
        /// The package.
        package: String,
        /// What is wrong.
        problem: String,
    },
    /// Shared libraries that programs ask for and no package brought.
    #[error("libraries are missing: {}", missing.join(", "))]
    MissingLibraries {
        /// `library (program)` each.
        missing: Vec<String>,
    },
}

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, BuildError>;

impl BuildError {
    /// What to do about it, in one sentence; empty where the message says it all.
    #[must_use]
    pub fn guidance(&self) -> String {
        match self {
            _ if self.is_full_disk() => {
                "The disk is full: free some room, or choose another disk with --cache.".to_owned()
            }
            Self::Start { .. } => "Install the program; apt-get and cargo are needed.".to_owned(),
            Self::NoArchive => "Check /etc/apt/sources.list.".to_owned(),
            Self::NoNetwork { .. } => "Check the network, then build again.".to_owned(),
            Self::UnknownPackages { .. } => {
                "Check the names in initramfs/lists; a name followed by ? may be missing."
                    .to_owned()
            }
            _ => String::new(),
        }
    }
}

impl BuildError {
    /// True when there was no room for what was to be written.
    pub(crate) fn is_full_disk(&self) -> bool {
        match self {
            Self::File { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            Self::Program { output, .. } => output.contains("No space left on device"),
            Self::NoRoom { .. } => true,
            _ => false,
        }
    }
}

/// Adds what was being done, and where, to an error of the kernel.
pub(crate) trait Doing<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| BuildError::File { action, path: path.to_owned(), source })
    }
}
