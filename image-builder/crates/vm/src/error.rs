//! What can go wrong with a machine or with an asset.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a machine or an asset is not as it should be.
#[derive(thiserror::Error)]
pub enum Error {
    /// A program is missing or cannot be run.
    #[error("{program} cannot be run: {source} (scripts/test names the packages that are needed)")]
    Program {
        /// Its name.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A foreign tool failed.
    #[error("{command}\n{said}")]
    Command {
        /// The whole command.
        command: String,
        /// The end of what it printed.
        said: String,
    },
    /// A file or socket of ours.
    #[error("cannot {act} {}: {source}", path.display())]
    File {
        /// What was to be done with it.
        act: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Something that an asset is made from is not as expected.
    #[error("the disk {asset} cannot be made: {reason}")]
    Asset {
        /// The asset.
        asset: &'static str,
        /// What is missing or wrong.
        reason: String,
    },
    /// QEMU ended before the machine began.
    #[error("{machine}: QEMU did not start\n{said}\n(kept in {})", kept.display())]
    NotStarted {
        /// The machine.
        machine: String,
        /// What QEMU printed.
        said: String,
        /// Where the evidence lies.
        kept: PathBuf,
    },
    /// QEMU does not do what it is asked for.
    #[error("{machine}: QEMU refuses {command}: {reason}")]
    Refused {
        /// The machine.
        machine: String,
        /// The command of the QEMU Machine Protocol.
        command: String,
        /// Its answer.
        reason: String,
    },
    /// What was waited for did not come in time.
    #[error("{machine}: no {wanted:?} within {seconds} s; seen:\n{seen}\n(kept in {})", kept.display())]
    Deadline {
        /// The machine.
        machine: String,
        /// What was waited for.
        wanted: String,
        /// For how long, in seconds.
        seconds: u64,
        /// The end of what the serial line said.
        seen: String,
        /// Where the evidence lies.
        kept: PathBuf,
    },
    /// The machine went off while something was waited for.
    #[error("{machine}: went off before {wanted:?}; seen:\n{seen}\n(kept in {})", kept.display())]
    WentOff {
        /// The machine.
        machine: String,
        /// What was waited for.
        wanted: String,
        /// The end of what the serial line said.
        seen: String,
        /// Where the evidence lies.
        kept: PathBuf,
    },
    /// The answer to an unattended command is not one.
    #[error("{machine}: not a result: {line}: {reason}")]
    NoResult {
        /// The machine.
        machine: String,
        /// The line.
        line: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A character that is on no key of a US keyboard.
    #[error("no key types {0:?}")]
    NoKey(char),
}

impl Error {
    /// Wraps an error of the kernel with what was tried: `map_err(Error::file("read", path))`.
    pub(crate) fn file(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::File { act, path, source }
    }
}

/// As [`fmt::Display`]: what `unwrap` prints in a failing test holds many lines of a serial line.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
