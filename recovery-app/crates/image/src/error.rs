use std::io;
use std::path::{Path, PathBuf};

use block::{BlockError, Extent};

use crate::{FrameKind, MOST_CONTENT_FRAMES, MOST_PARTS};

/// Why an image cannot be written, opened or trusted.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file of the image could not be read or written.
    #[error("{operation} {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was being done, such as "writing".
        operation: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// A part could not be read.
    #[error(transparent)]
    Part(#[from] BlockError),
    /// No image has this name.
    #[error("no image at {}", .0.display())]
    NotFound(PathBuf),
    /// The file is not one of ours.
    #[error("{} is not a Remetal image: {reason}", path.display())]
    NotAnImage {
        /// The file.
        path: PathBuf,
        /// What was expected and not found.
        reason: String,
    },
    /// Written by a newer program.
    #[error(
        "{} was made by a newer version of Remetal: its format has version {found}, this program \
         reads up to {supported}",
        path.display()
    )]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that is read.
        supported: u32,
    },
    /// The capture did not come to its end, or the end of the file is lost.
    #[error("{} has no end: the capture was never finished, or the file was cut short", .0.display())]
    Unfinished(PathBuf),
    /// The image needs more parts than there are numbers for.
    #[error("{} does not fit into {MOST_PARTS} parts of that size", .0.display())]
    TooManyParts(PathBuf),
    /// The image needs more frames than the seekable format has room for.
    #[error("{} does not fit into {MOST_CONTENT_FRAMES} frames, the most of an image", .0.display())]
    TooManyFrames(PathBuf),
    /// What the image would have to say of itself is more than a reader takes.
    #[error("{} cannot be finished: its {structure} would have {size} bytes", path.display())]
    TooLarge {
        /// The image.
        path: PathBuf,
        /// Which structure: "manifest", "index root".
        structure: &'static str,
        /// How large it would be, in bytes.
        size: u64,
    },
    /// A part is missing, too short, or in another's place.
    #[error("{}: {reason}", path.display())]
    WrongPart {
        /// The part.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The index, the manifest or another structure of the image is damaged.
    #[error("{}: {structure} at byte {offset} is damaged: {reason}", path.display())]
    Structure {
        /// The image.
        path: PathBuf,
        /// Which structure: "seek table", "index root", "index segment 3".
        structure: String,
        /// Where it starts in the image stream, in bytes.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
}

impl ImageError {
    pub(crate) fn file(path: &Path, operation: &'static str, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), operation, source }
    }

    /// True for what the kernel says of a drive that was taken out, or that fails at this place.
    #[must_use]
    pub fn may_be_gone(&self) -> bool {
        matches!(self, Self::Part(error) if error.may_be_gone())
    }

    /// True when the destination has no more room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }

    /// What the person at the machine can do about it, in one sentence.
    #[must_use]
    pub fn guidance(&self) -> &'static str {
        match self {
            Self::File { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "Free some space on the destination, or choose a larger one, and start again."
            }
            Self::File { source, .. } => block::file_guidance(source)
                .unwrap_or("Check the drive that holds the backup, its cable and its health."),
            Self::Part(error) => error.guidance(),
            Self::NotFound(_) => "Check the name, and that the drive with the backup is mounted.",
            Self::NotAnImage { .. } => "Name the folder of a backup, or its disk0.img.zst file.",
            Self::NewerVersion { .. } => "Use a newer Remetal for this backup.",
            Self::Unfinished(_) => {
                "Make the backup again; what is there can still be read with zstd -d as far as it goes."
            }
            Self::TooManyParts(_) => "Choose larger parts (--part-size), and start again.",
            Self::TooManyFrames(_) => "Capture fewer partitions: an image holds about 512 TiB.",
            Self::TooLarge { .. } => {
                "The disk describes itself with more than a backup can hold; please report it."
            }
            Self::WrongPart { .. } => "Put all parts of the image, unrenamed, into one folder.",
            Self::Structure { .. } => {
                "Copy the backup again from another place if you have one; zstd -d may still read its data."
            }
        }
    }
}

/// A frame whose bytes are not what the index says. Everything else in the image is unharmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What the frame stands for.
    pub kind: FrameKind,
    /// The bytes of the disk that the frame holds.
    pub disk: Extent,
    /// Where the frame lies in the image stream, in bytes.
    pub stored: Extent,
    /// What is wrong, in words.
    pub reason: String,
    /// Nothing is known of the bytes themselves: the kernel could not read them. So it says of a
    /// bad place, and of a drive that was taken out; see [`ImageReader::answers`].
    ///
    /// [`ImageReader::answers`]: crate::ImageReader::answers
    pub is_unread: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_drive_is_blamed_for_what_the_kernel_refuses() {
        let guidance = |code| {
            let said = io::Error::from_raw_os_error(code);
            ImageError::file(Path::new("disk0.img.zst"), "writing", said).guidance()
        };
        for (code, words) in [(27, "--part-size"), (36, "shorter name"), (122, "quota")] {
            let guidance = guidance(code);
            assert!(guidance.contains(words) && !guidance.contains("cable"), "{code}: {guidance}");
        }
        assert!(guidance(5).contains("cable"));
        assert!(guidance(28).contains("space"));
    }
}
