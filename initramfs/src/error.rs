use std::io;
use std::path::{Path, PathBuf};

/// A step on the way to a working screen that failed. None of them ends PID 1.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A filesystem could not be mounted.
    #[error("mounting {what} at {}: {source}", at.display())]
    Mount {
        /// What was to be mounted.
        what: String,
        /// Where.
        at: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file, folder or device could not be used.
    #[error("{doing} {}: {source}", path.display())]
    File {
        /// What was being done, such as `reading`.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("starting {program}: {source}")]
    Start {
        /// Its name.
        program: String,
        /// What the kernel said.
        source: io::Error,
    },
}

impl InitError {
    pub(crate) fn mount(what: &str, at: &Path, source: impl Into<io::Error>) -> Self {
        Self::Mount { what: what.to_owned(), at: at.to_owned(), source: source.into() }
    }

    pub(crate) fn file(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::File { doing, path: path.to_owned(), source: source.into() }
    }

    pub(crate) fn start(program: &str, source: impl Into<io::Error>) -> Self {
        Self::Start { program: program.to_owned(), source: source.into() }
    }
}
