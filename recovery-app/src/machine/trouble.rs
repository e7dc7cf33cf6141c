//! Why something was not done, for a screen of its own.

use tui::job::{Ending, Trouble};

use crate::answer::Exit;
use crate::culprit::{Used, culprit};
use crate::failure::Failure;
use report::words::sentence;

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let end = match failure.kind {
            "stopped" => Ending::Stopped,
            _ if failure.exit == Exit::Refused => Ending::Refused,
            _ => Ending::Failed,
        };
        Self {
            end,
            what: what(&failure),
            unharmed: failure.unharmed.clone().unwrap_or_default(),
            next: next(&failure),
            details: vec![failure.message, format!("kind of failure: {}", failure.kind)],
        }
    }
}

/// What happened, without names of devices.
fn what(failure: &Failure) -> String {
    let words = match failure.kind {
        _ if failure.is_full => "The drive for the backup is full.",
        "stopped" => "It was stopped, as you asked.",
        "device" => "A disk did not answer, or could not be read or written.",
        "not-written" => "The disk does not hold what was written to it.",
        "backup" => "The backup is damaged, or not all of it is there.",
        "backup-failed" => "The backup gave other data while it was being used than before.",
        "backup-gone" => {
            "The drive with the backup was taken out, or does not answer. Nothing says that the \
             backup is damaged."
        }
        "not-found" => "The backup is not there any more.",
        "file" => "A file on the drive with the backup could not be read or written.",
        "partition-table" => "The disk's table of partitions cannot be read or placed.",
        "hardware" => "A disk that was chosen cannot be found any more.",
        "memory" => "This computer has too little free memory.",
        _ => return sentence(&failure.message),
    };
    words.to_owned()
}

/// What to do. What speaks of the command line is for people who use that.
fn next(failure: &Failure) -> String {
    let guidance = &failure.guidance;
    if failure.is_full {
        return "Take a larger drive, or delete old backups from this one.".to_owned();
    }
    match failure.kind {
        "backup-gone" => "Plug it in and begin again.".to_owned(),
        "backup" => {
            "Use another copy of the backup if there is one. D shows what is wrong with this \
                     one."
                .to_owned()
        }
        _ if guidance.contains("--") || guidance.contains("remetal ") || guidance.is_empty() => {
            "Go back and choose something else.".to_owned()
        }
        _ => sentence(guidance),
    }
}

/// The failure in words; where a disk did not do its work, with the disk that it is.
pub fn by_disk(failure: Failure, used: &[Used<'_>]) -> Trouble {
    let Some(disk) = culprit(&failure, used) else { return failure.into() };
    let doubt = match failure.kind {
        "backup-gone" => " Nothing says that the backup is damaged.",
        _ => "",
    };
    Trouble { what: format!("{}{doubt}", sentence(&disk)), ..failure.into() }
}

/// Anything that a library says, before something was written.
pub fn before_writing(error: impl Into<Failure>) -> Trouble {
    error.into().before_writing().into()
}

/// A refusal with what a technician wants to know of it.
pub fn refused(words: &str, detail: impl Into<String>) -> Trouble {
    Trouble { details: vec![detail.into()], ..Trouble::refused(words) }
}

/// The same with what is unharmed and what is left behind.
pub fn leaving(trouble: Trouble, unharmed: impl Into<String>) -> Trouble {
    if trouble.end == Ending::Refused {
        return trouble;
    }
    Trouble { unharmed: unharmed.into(), ..trouble }
}

/// For `?` on what is asked before anything is written.
pub trait OrTrouble<T> {
    /// The value, or why there is none and that nothing was written.
    fn or_trouble(self) -> Result<T, Trouble>;
}

impl<T, E: Into<Failure>> OrTrouble<T> for Result<T, E> {
    fn or_trouble(self) -> Result<T, Trouble> {
        self.map_err(before_writing)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use block::{BlockError, Operation};
    use engine::EngineError;

    use super::*;

    fn io_error(number: i32) -> BlockError {
        let error = io::Error::from_raw_os_error(number);
        BlockError::io("/dev/sdx", Operation::Write, 4096, 512, error)
    }

    #[test]
    fn devices_are_named_in_the_details_only() {
        let errors = [
            EngineError::Block(io_error(5)),
            EngineError::Block(io_error(28)),
            EngineError::NotWritten { target: "/dev/sdx".to_owned(), offset: 0, length: 1 },
            EngineError::Image(image::ImageError::NotFound(PathBuf::from("/dev/sdx"))),
            EngineError::Vanished { device: "/dev/sdx".to_owned(), source: io_error(6) },
        ];
        for error in errors {
            let message = error.to_string();
            let trouble = before_writing(error);
            let told = [&trouble.what, &trouble.unharmed, &trouble.next];
            assert!(told.iter().all(|words| !words.contains("/dev/") && !words.is_empty()));
            assert_eq!(trouble.details[0], message);
        }
    }

    #[test]
    fn endings_have_their_names() {
        let full = before_writing(EngineError::Block(io_error(28)));
        assert_eq!(
            (full.end, full.what.as_str()),
            (Ending::Failed, "The drive for the backup is full.")
        );
        assert_eq!(before_writing(EngineError::Cancelled).end, Ending::Stopped);
        let cut = before_writing(EngineError::Image(image::ImageError::Unfinished("/a".into())));
        assert!(cut.next.starts_with("Use another copy") && !cut.next.contains("Check a backup"));
        let refused = before_writing(EngineError::refused("the name is taken", "Use --name."));
        assert_eq!(refused.end, Ending::Refused);
        assert_eq!(refused.what, "The name is taken.");
        assert_eq!(refused.next, "Go back and choose something else.");
    }
}
