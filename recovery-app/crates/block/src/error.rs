use std::fmt;

/// What was being done to a device when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening it or asking for its sizes.
    Open,
    /// Reading.
    Read,
    /// Writing or zeroing.
    Write,
    /// Bringing writes to stable storage.
    Flush,
    /// A control request, such as re-reading the partition table.
    Control,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Open => "opening",
            Self::Read => "reading",
            Self::Write => "writing",
            Self::Flush => "flushing",
            Self::Control => "controlling",
        })
    }
}

/// A failure of a device, with the place where it happened. Offsets and lengths are bytes.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The kernel or the device refused.
    #[error("{operation} {device} at byte {offset} ({length} bytes): {source}")]
    Io {
        /// Name of the device.
        device: String,
        /// What was being done.
        operation: Operation,
        /// First byte concerned.
        offset: u64,
        /// Number of bytes concerned.
        length: u64,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The disk was taken out, or no longer answers.
    #[error(
        "{operation} {device} at byte {offset} ({length} bytes): it was taken out, or no longer answers ({source})"
    )]
    Gone {
        /// Name of the device.
        device: String,
        /// What was being done.
        operation: Operation,
        /// First byte concerned.
        offset: u64,
        /// Number of bytes concerned.
        length: u64,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The range is not on the device.
    #[error("{operation} {device} at byte {offset} ({length} bytes): beyond its end at {size}")]
    OutOfRange {
        /// Name of the device.
        device: String,
        /// What was being done.
        operation: Operation,
        /// First byte concerned.
        offset: u64,
        /// Number of bytes concerned.
        length: u64,
        /// Size of the device.
        size: u64,
    },
    /// The device is addressed in sectors and the range or the memory is not aligned to them.
    #[error("{operation} {device} at byte {offset} ({length} bytes): not aligned to {sector}")]
    Unaligned {
        /// Name of the device.
        device: String,
        /// What was being done.
        operation: Operation,
        /// First byte concerned.
        offset: u64,
        /// Number of bytes concerned.
        length: u64,
        /// The alignment needed, in bytes.
        sector: u32,
    },
    /// The device is smaller than it was when it was opened.
    #[error("{device} was cut short while it was open: it has {found} bytes of {size}")]
    CutShort {
        /// Name of the device.
        device: String,
        /// Its size in bytes when it was opened.
        size: u64,
        /// Its size in bytes now.
        found: u64,
    },
    /// A file was written to, or grew, while it was being read.
    #[error("{device} was changed by another program while it was read")]
    Changed {
        /// Name of the device.
        device: String,
    },
    /// A write to a device that was opened for reading.
    #[error("{device} is open for reading only")]
    ReadOnly {
        /// Name of the device.
        device: String,
    },
}

impl BlockError {
    /// Wraps what the kernel said with the place where it happened.
    #[must_use]
    pub fn io(
        device: &str,
        operation: Operation,
        offset: u64,
        length: u64,
        source: std::io::Error,
    ) -> Self {
        Self::Io { device: device.to_owned(), operation, offset, length, source }
    }

    /// What the kernel said of a block device, with the place where it happened.
    ///
    /// A place on a disk has bytes and room for them. But the kernel takes the size of a disk that
    /// was taken out for zero: then it gives nothing to reads, and `ENOSPC` to writes.
    pub(crate) fn of_disk(
        device: &str,
        operation: Operation,
        offset: u64,
        length: u64,
        source: std::io::Error,
    ) -> Self {
        use std::io::ErrorKind;
        let device = device.to_owned();
        match source.kind() {
            ErrorKind::StorageFull => Self::Gone { device, operation, offset, length, source },
            ErrorKind::UnexpectedEof => {
                let source = std::io::Error::new(source.kind(), "it has no bytes there");
                Self::Gone { device, operation, offset, length, source }
            }
            _ => Self::Io { device, operation, offset, length, source },
        }
    }

    /// The name of the device that failed.
    #[must_use]
    pub fn device(&self) -> &str {
        match self {
            Self::Io { device, .. }
            | Self::Gone { device, .. }
            | Self::OutOfRange { device, .. }
            | Self::Unaligned { device, .. }
            | Self::CutShort { device, .. }
            | Self::Changed { device }
            | Self::ReadOnly { device } => device,
        }
    }

    /// True for what the kernel says of nothing but a device that was taken out.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        const ENXIO: i32 = 6;
        const ENODEV: i32 = 19;
        match self {
            Self::Gone { .. } => true,
            Self::Io { source, .. } => matches!(source.raw_os_error(), Some(ENXIO | ENODEV)),
            _ => false,
        }
    }

    /// True for what the kernel says of a device that was taken out, and of a file on it. It says
    /// the same of a place that cannot be read: whether others can be read tells the two apart.
    #[must_use]
    pub fn may_be_gone(&self) -> bool {
        const EIO: i32 = 5;
        let is_unreadable =
            matches!(self, Self::Io { source, .. } if source.raw_os_error() == Some(EIO));
        is_unreadable || self.is_gone()
    }

    /// True when the device has no more room (a file on a full filesystem).
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull)
    }

    /// What the person at the machine can do about it, in one sentence.
    #[must_use]
    pub fn guidance(&self) -> &'static str {
        match self {
            Self::Io { source, .. } => guidance_for(source),
            Self::Gone { .. } => "Check the cable and the power of the disk, then start again.",
            Self::OutOfRange { .. } => {
                "The disk is smaller than its own tables say; check that it is detected with its full size."
            }
            Self::Unaligned { .. } => "This is a defect in the program; please report it.",
            Self::CutShort { .. } => "Find out which program changes it, and start again.",
            Self::Changed { .. } => {
                "Stop what uses the file, such as a virtual machine, and start again."
            }
            Self::ReadOnly { .. } => "Choose a disk that can be written.",
        }
    }
}

/// What can be done where the kernel refuses a file for a reason that says nothing about the
/// drive: its size, its name, a right. `None` for every other reason.
#[must_use]
pub fn file_guidance(source: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind;
    const EPERM: i32 = 1;
    Some(match source.kind() {
        ErrorKind::FileTooLarge => {
            "A file there cannot be so large: cut the image into smaller files (--part-size), or choose another place."
        }
        ErrorKind::InvalidFilename => "Choose a shorter name, or a folder that is not so deep.",
        ErrorKind::QuotaExceeded => {
            "The quota there is used up: free some space, or choose another place."
        }
        ErrorKind::NotADirectory => "Check the name: a part of it is a file and no folder.",
        ErrorKind::PermissionDenied if source.raw_os_error() == Some(EPERM) => {
            "Run the program as root; root itself is refused where a file was made immutable (`lsattr` tells, `chattr -i` undoes it)."
        }
        ErrorKind::PermissionDenied => "Run the program as root.",
        _ => return None,
    })
}

fn guidance_for(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    if let Some(guidance) = file_guidance(source) {
        return guidance;
    }
    match source.kind() {
        ErrorKind::NotFound => "Check the name, and that the disk is plugged in.",
        ErrorKind::StorageFull => "Free some space there, or choose another destination.",
        ErrorKind::ResourceBusy => "Something uses the disk: unmount it and try again.",
        ErrorKind::ReadOnlyFilesystem => "The disk is write-protected; look for a lock switch.",
        _ => "Check the cable and the power of the disk, and look at its SMART health.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_never_full() {
        let no_space = || std::io::Error::from_raw_os_error(28);
        let file = BlockError::io("target.img", Operation::Write, 0, 512, no_space());
        assert!(file.is_full() && !file.may_be_gone());
        let disk = BlockError::of_disk("/dev/sdx", Operation::Write, 0, 512, no_space());
        assert!(!disk.is_full() && disk.may_be_gone(), "{disk}");
        assert!(!disk.guidance().contains("space"), "{}", disk.guidance());
    }

    #[test]
    fn a_disk_without_bytes_is_gone_and_a_file_is_cut_short() {
        let nothing = || std::io::ErrorKind::UnexpectedEof.into();
        let file = BlockError::io("source.img", Operation::Read, 0, 512, nothing());
        assert!(!file.is_gone() && !file.may_be_gone());
        let disk = BlockError::of_disk("/dev/sdx", Operation::Read, 0, 512, nothing());
        assert!(disk.is_gone() && disk.may_be_gone(), "{disk}");
        for (errno, is_gone) in [(5, false), (6, true), (19, true)] {
            let source = std::io::Error::from_raw_os_error(errno);
            let error = BlockError::io("/dev/sdx", Operation::Read, 0, 512, source);
            assert!(error.is_gone() == is_gone && error.may_be_gone(), "{error}");
        }
    }

    #[test]
    fn no_drive_is_blamed_for_what_the_kernel_refuses() {
        let guidance = |code| {
            let said = std::io::Error::from_raw_os_error(code);
            BlockError::io("target.img", Operation::Write, 0, 512, said).guidance()
        };
        const CODES: [(i32, &str); 5] = [
            (1, "chattr -i"),
            (13, "as root"),
            (27, "--part-size"),
            (36, "shorter name"),
            (122, "quota"),
        ];
        for (code, words) in CODES {
            let guidance = guidance(code);
            assert!(guidance.contains(words) && !guidance.contains("cable"), "{code}: {guidance}");
        }
        assert!(guidance(5).contains("cable"));
    }
}
