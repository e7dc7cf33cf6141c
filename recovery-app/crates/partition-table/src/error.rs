use block::BlockError;

/// Why a table could not be read, or cannot be put on a disk. Sizes and offsets are bytes.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The first sector, which decides everything else, could not be read.
    #[error("the partition table of {device} at byte {offset} cannot be read: {source}")]
    Device {
        /// Name of the device.
        device: String,
        /// First byte that was asked for.
        offset: u64,
        /// What the device said.
        source: BlockError,
    },
    /// The target counts in other sectors than the disk that was captured.
    #[error(
        "{device}: the table is written for sectors of {source_sector} bytes, the target has {target_sector}"
    )]
    SectorSize {
        /// Name of the captured disk.
        device: String,
        /// Sector size of the table.
        source_sector: u32,
        /// Logical sector size of the target.
        target_sector: u32,
    },
    /// The target is smaller than the disk that was captured.
    #[error("{device}: {needed} bytes are needed, the target has {available}")]
    TooSmall {
        /// Name of the captured disk.
        device: String,
        /// Size of the captured disk.
        needed: u64,
        /// Size of the target.
        available: u64,
    },
}

impl TableError {
    /// Wraps what the device said with the place where it happened.
    pub(crate) fn device(device: &str, offset: u64, source: BlockError) -> Self {
        Self::Device { device: device.to_owned(), offset, source }
    }

    /// What the person at the machine can do about it, in one sentence.
    #[must_use]
    pub fn guidance(&self) -> &'static str {
        match self {
            Self::Device { source, .. } => source.guidance(),
            Self::SectorSize { .. } => {
                "Choose a disk with the same logical sector size, or attach this one without an adapter that changes it."
            }
            Self::TooSmall { .. } => "Choose a disk of at least that size.",
        }
    }
}
