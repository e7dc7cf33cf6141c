use block::BlockError;

/// Why a volume has no allocation map that can be trusted. It is then captured whole.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// A feature that the reader does not know, in words: "ext4 feature 0x80000 is unknown".
    #[error("{0}")]
    Unsupported(String),
    /// The structures contradict themselves or point outside, in words with the place.
    #[error("{0}")]
    Damaged(String),
    /// There is more to read than is read, in words. It need not be damaged.
    #[error("{0}")]
    TooLarge(String),
    /// The device could not be read.
    #[error(transparent)]
    Device(#[from] BlockError),
}

impl MapError {
    /// An unknown feature.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }

    /// Damage.
    pub fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    /// More than is read.
    pub fn too_large(reason: impl Into<String>) -> Self {
        Self::TooLarge(reason.into())
    }
}
