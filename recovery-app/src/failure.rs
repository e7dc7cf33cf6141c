//! Why a command was not done, for people and for programs.

use std::path::Path;
use std::{fmt, io};

use block::{BlockError, Operation};
use engine::EngineError;
use hardware::HardwareError;
use image::ImageError;
use image::text::one_line;
use serde::Serialize;
use tui::TuiError;

use crate::answer::Exit;

/// Why a command was not done.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// One word for programs.
    pub kind: &'static str,
    /// What happened.
    pub message: String,
    /// What is unharmed, and what is left behind.
    pub unharmed: Option<String>,
    /// What to do next.
    pub guidance: String,
    #[serde(skip)]
    pub exit: Exit,
    /// A drive had no more room.
    #[serde(skip)]
    pub is_full: bool,
    /// The name of the device or file that failed.
    #[serde(skip)]
    pub device: Option<Box<str>>,
}

impl Failure {
    /// Something that is forbidden or cannot succeed; nothing was written.
    pub fn refused(message: impl Into<String>, guidance: impl Into<String>) -> Self {
        EngineError::refused(message, guidance).into()
    }

    /// The command line is wrong, as clap says.
    pub fn usage(message: String) -> Self {
        Self { exit: Exit::Usage, ..Self::new("usage", message, "Look at remetal --help.") }
    }

    /// Something that failed, of which nothing else is known.
    pub fn new(kind: &'static str, message: String, guidance: &str) -> Self {
        Self {
            kind,
            message,
            unharmed: None,
            guidance: guidance.to_owned(),
            exit: Exit::Failed,
            is_full: false,
            device: None,
        }
    }

    /// The kernel refuses a path.
    pub fn opening(path: &Path, error: io::Error) -> Self {
        BlockError::io(&path.display().to_string(), Operation::Open, 0, 0, error).into()
    }

    /// A file that a capture reads or a restore writes.
    pub fn in_other_job(path: &Path) -> Self {
        Self::refused(
            format!("{} is in use by another job", path.display()),
            "Wait until that one is done.",
        )
    }

    /// The same failure, with what is unharmed and what is left behind. A refusal has left
    /// nothing behind.
    pub fn leaving(self, unharmed: impl Into<String>) -> Self {
        if self.exit == Exit::Refused {
            return self;
        }
        Self { unharmed: Some(unharmed.into()), ..self }
    }

    /// The same failure of a job that has begun to write: the backup was whole when it was checked.
    pub fn while_writing(self) -> Self {
        let kind = if self.kind == "backup" { "backup-failed" } else { self.kind };
        Self { kind, ..self }
    }

    /// The same failure of a job that must not begin with a backup that is not whole: what is
    /// wrong with the backup becomes a refusal.
    pub fn before_writing(self) -> Self {
        if self.kind == "backup" {
            return Self { exit: Exit::Refused, unharmed: nothing_written(), ..self };
        }
        Self { unharmed: nothing_written(), ..self }
    }
}

fn nothing_written() -> Option<String> {
    Some("Nothing was written.".to_owned())
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let (kind, exit) = match &error {
            EngineError::Refused { .. } | EngineError::ForeignManifest { .. } => {
                ("refused", Exit::Refused)
            }
            EngineError::Cancelled => ("stopped", Exit::Failed),
            EngineError::Table(_) => ("partition-table", Exit::Failed),
            EngineError::Image(error) => (kind_of_image_error(error), Exit::Failed),
            EngineError::Block(_) | EngineError::Vanished { .. } => ("device", Exit::Failed),
            EngineError::NotWritten { .. } => ("not-written", Exit::Failed),
            EngineError::File { .. } => ("file", Exit::Failed),
            EngineError::Compression(_) => ("memory", Exit::Failed),
            EngineError::Panicked => ("defect", Exit::Failed),
            EngineError::DamagedImage(_) => ("backup", Exit::Refused),
            EngineError::FailedImage(_) => ("backup-failed", Exit::Failed),
            EngineError::BackupGone { .. } => ("backup-gone", Exit::Failed),
        };
        let unharmed = if exit == Exit::Refused { nothing_written() } else { None };
        let is_full = is_full(&error);
        let device = device(&error).map(Box::from);
        Self {
            unharmed,
            exit,
            is_full,
            device,
            ..Self::new(kind, error.to_string(), &error.guidance())
        }
    }
}

fn is_full(error: &EngineError) -> bool {
    let is_full = |error: &io::Error| error.kind() == io::ErrorKind::StorageFull;
    match error {
        EngineError::File { source, .. } => is_full(source),
        EngineError::Image(ImageError::File { source, .. }) => is_full(source),
        EngineError::Image(ImageError::Part(error)) | EngineError::Block(error) => error.is_full(),
        _ => false,
    }
}

/// The name of the device or file that failed.
fn device(error: &EngineError) -> Option<&str> {
    match error {
        EngineError::Image(ImageError::Part(error)) | EngineError::Block(error) => {
            Some(error.device())
        }
        EngineError::Vanished { device, .. } => Some(device),
        _ => None,
    }
}

fn kind_of_image_error(error: &ImageError) -> &'static str {
    match error {
        ImageError::File { .. } | ImageError::TooManyParts(_) | ImageError::TooLarge { .. } => {
            "file"
        }
        ImageError::Part(_) => "device",
        ImageError::NotFound(_) => "not-found",
        ImageError::NotAnImage { .. }
        | ImageError::NewerVersion { .. }
        | ImageError::Unfinished(_)
        | ImageError::WrongPart { .. }
        | ImageError::Structure { .. } => "backup",
    }
}

impl From<BlockError> for Failure {
    fn from(error: BlockError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<HardwareError> for Failure {
    fn from(error: HardwareError) -> Self {
        Self::new("hardware", error.to_string(), error.guidance())
    }
}

impl From<TuiError> for Failure {
    fn from(error: TuiError) -> Self {
        Self::new("terminal", error.to_string(), error.guidance())
    }
}

/// One line for the message and one for each advice, whatever names they hold.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.exit == Exit::Refused { "refused" } else { "failed" };
        write!(formatter, "remetal: {verdict}: {}", one_line(&self.message))?;
        let unharmed = self.unharmed.iter().filter(|text| !self.guidance.contains(text.as_str()));
        for line in unharmed.chain([&self.guidance]).filter(|line| !line.is_empty()) {
            write!(formatter, "\n  {}", one_line(line))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_that_was_taken_out_is_a_failure_and_no_damage() {
        let (backup, reason) = ("/a/disk0.img.zst".into(), "reading".to_owned());
        let failure = Failure::from(EngineError::BackupGone { backup, reason }).before_writing();
        assert_eq!((failure.kind, failure.exit), ("backup-gone", Exit::Failed));
        assert_eq!(failure.unharmed.as_deref(), Some("Nothing was written."));
        assert_eq!(failure.while_writing().kind, "backup-gone");
    }

    #[test]
    fn a_name_in_a_failure_makes_no_line() {
        let failure = Failure::refused("a\n  forged\u{1b}[2J is no disk", "Look at b\nforged.");
        let expected = "remetal: refused: a?  forged?[2J is no disk\n  Nothing was written.\n  \
                        Look at b?forged.";
        assert_eq!(failure.to_string(), expected);
    }
}
