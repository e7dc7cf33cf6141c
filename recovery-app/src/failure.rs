//! Why a command was not done, for people and for programs.

use std::path::Path;
use std::{fmt, io};

use block::{BlockError, Operation};
use engine::EngineError;
use hardware::HardwareError;
use image::ImageError;
use image::text::one_line;
use rustix::io::Errno;
use serde::Serialize;
use tui::TuiError;

use crate::answer::Exit;
use crate::culprit::{Used, culprit};

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
    /// The name of the device that did not do its work, or of the file on it.
    #[serde(skip)]
    pub device: Option<Box<str>>,
    /// A target was written to its end and not proven, and does not say so: it may boot.
    #[serde(skip)]
    pub may_boot: bool,
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
            may_boot: false,
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

    /// The same failure, with the disk that did not do its work before what the kernel said.
    pub fn naming(self, used: &[Used<'_>]) -> Self {
        let message = match culprit(&self, used) {
            Some(disk) => format!("{disk}: {}", self.message),
            None => return self,
        };
        Self { message, ..self }
    }

    /// The same failure of a job that has begun to write: the backup was whole when it was checked.
    pub fn while_writing(self) -> Self {
        let kind = if self.kind == "backup" { "backup-failed" } else { self.kind };
        Self { kind, ..self }
    }

    /// The same failure of a job that makes a backup in `folder`: what it says of the backup is about
    /// the drive.
    pub fn while_backing_up(self, folder: &Path) -> Self {
        match self.kind {
            "backup-gone" => {
                let guidance = "Plug the drive in and begin again.".to_owned();
                Self { kind: "device", guidance, ..self }
            }
            "backup" | "backup-failed" => {
                let device = Some(folder.display().to_string().into_boxed_str());
                let guidance = "The drive, its cable or this computer's memory is failing; use \
                                another drive.";
                Self { kind: "not-written", device, guidance: guidance.to_owned(), ..self }
            }
            _ => self,
        }
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
        let (kind, exit) = kind_and_exit(&error);
        let unharmed = if exit == Exit::Refused { nothing_written() } else { None };
        let is_full = is_full(&error);
        let device = device(&error).map(String::into_boxed_str);
        let may_boot = matches!(error, EngineError::Unmarked(_));
        Self {
            unharmed,
            exit,
            is_full,
            device,
            may_boot,
            ..Self::new(kind, error.to_string(), &error.guidance())
        }
    }
}

fn kind_and_exit(error: &EngineError) -> (&'static str, Exit) {
    match error {
        EngineError::Refused { .. } => ("refused", Exit::Refused),
        EngineError::ForeignManifest { .. } | EngineError::NeverFinished(_) => {
            ("backup", Exit::Failed)
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
        EngineError::Unmarked(error) => kind_and_exit(error),
    }
}

fn is_full(error: &EngineError) -> bool {
    let is_full = |error: &io::Error| error.kind() == io::ErrorKind::StorageFull;
    match error {
        EngineError::File { source, .. } => is_full(source),
        EngineError::Image(ImageError::File { source, .. }) => is_full(source),
        EngineError::Image(ImageError::Part(error)) | EngineError::Block(error) => error.is_full(),
        EngineError::Unmarked(error) => self::is_full(error),
        _ => false,
    }
}

/// The name of the device that did not do its work, or of the file on it.
fn device(error: &EngineError) -> Option<String> {
    match error {
        EngineError::Image(ImageError::Part(error)) | EngineError::Block(error) => {
            is_of_hardware(error).then(|| error.device().to_owned())
        }
        EngineError::Vanished { device, .. } | EngineError::NotWritten { target: device, .. } => {
            Some(device.clone())
        }
        EngineError::BackupGone { backup, .. } => Some(backup.display().to_string()),
        EngineError::File { path, source, .. }
        | EngineError::Image(ImageError::File { path, source, .. })
            if is_of_drive(source) =>
        {
            Some(path.display().to_string())
        }
        EngineError::Unmarked(error) => self::device(error),
        _ => None,
    }
}

/// True unless it is said that somebody else has the device, or that this program may not have it.
fn is_of_hardware(error: &BlockError) -> bool {
    use io::ErrorKind::{PermissionDenied, ResourceBusy};
    match error {
        BlockError::Io { source, .. } => !matches!(source.kind(), PermissionDenied | ResourceBusy),
        _ => true,
    }
}

/// True for what the kernel says of a file when the drive below it fails or is gone. A filesystem
/// that meets such a failure may go on for reading only.
fn is_of_drive(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::IO
                | Errno::NXIO
                | Errno::NODEV
                | Errno::ROFS
                | Errno::SHUTDOWN
                | Errno::TIMEDOUT
                | Errno::REMOTEIO
                | Errno::NODATA
                | Errno::NOLINK
        )
    )
}

fn kind_of_image_error(error: &ImageError) -> &'static str {
    match error {
        ImageError::File { .. }
        | ImageError::TooManyParts(_)
        | ImageError::TooManyFrames(_)
        | ImageError::TooLarge { .. } => "file",
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
    fn a_failure_of_a_new_backup_is_one_of_its_drive() {
        let (backup, reason) = ("/a/b.partial/disk0.img.zst".into(), "reading".to_owned());
        let of_file = |number| EngineError::File {
            path: "/a/b.partial/README.txt".into(),
            operation: "writing",
            source: io::Error::from_raw_os_error(number),
        };
        let structure = ImageError::Structure {
            path: "/a/b.partial/disk0.img.zst".into(),
            structure: "index root".to_owned(),
            offset: 0,
            reason: "its hash is wrong".to_owned(),
        };
        for (error, kind, accuses) in [
            (EngineError::BackupGone { backup, reason }, "device", true),
            (EngineError::FailedImage(engine::DamageList::default()), "not-written", true),
            (EngineError::Image(structure), "not-written", true),
            (of_file(5), "file", true),
            (of_file(30), "file", true),
            (of_file(13), "file", false),
            (of_file(27), "file", false),
        ] {
            let failure = Failure::from(error).while_backing_up(Path::new("/a"));
            assert_eq!((failure.kind, failure.exit), (kind, Exit::Failed));
            assert_eq!(failure.device.is_some(), accuses, "{failure}");
        }
    }

    #[test]
    fn who_may_not_have_a_disk_is_not_told_that_it_failed() {
        let error =
            |number| Failure::opening(Path::new("/dev/sda"), io::Error::from_raw_os_error(number));
        assert!(error(13).device.is_none() && error(16).device.is_none());
        assert!(error(2).device.is_some() && error(6).device.is_some());
    }

    #[test]
    fn a_target_that_may_boot_is_known_beside_what_went_wrong() {
        let error = EngineError::NotWritten { target: "sdx".into(), offset: 0, length: 512 };
        let told = Failure::from(EngineError::Unmarked(Box::new(error)));
        assert_eq!((told.kind, told.exit, told.may_boot), ("not-written", Exit::Failed, true));
        assert!(told.message.starts_with("sdx at byte 0") && !told.guidance.is_empty());
        assert!(!Failure::from(EngineError::Cancelled).may_boot);
    }

    #[test]
    fn a_name_in_a_failure_makes_no_line() {
        let failure = Failure::refused("a\n  forged\u{1b}[2J is no disk", "Look at b\nforged.");
        let expected = "remetal: refused: a?  forged?[2J is no disk\n  Nothing was written.\n  \
                        Look at b?forged.";
        assert_eq!(failure.to_string(), expected);
    }
}
