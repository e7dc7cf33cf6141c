use hardware::Disk;

use crate::Holdings;

/// The filesystem that a fresh drive gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NewFilesystem {
    /// Every computer reads it.
    #[default]
    ExFat,
    /// For Linux; it takes less harm from a pulled plug.
    Ext4,
}

/// A drive that is to be made ready for backups. Everything on it is lost.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatRequest {
    /// The drive.
    pub disk: Disk,
    /// What it gets.
    pub filesystem: NewFilesystem,
    /// What is on it now, a line each.
    pub before: Vec<String>,
    /// The same, exactly.
    pub held: Holdings,
}

impl FormatRequest {
    /// What the person types to go on.
    #[must_use]
    pub fn word(&self) -> String {
        self.disk.confirmation_word()
    }

    /// The request, agreed to by typing its word (in any case); `None` for another word.
    #[must_use]
    pub fn confirm(&self, typed: &str) -> Option<ConfirmedFormat> {
        let word = self.word();
        let agreed = typed.trim().eq_ignore_ascii_case(&word) && !word.is_empty();
        agreed.then(|| ConfirmedFormat(self.clone()))
    }
}

/// A request that a person has agreed to. Only [`FormatRequest::confirm`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfirmedFormat(FormatRequest);

impl ConfirmedFormat {
    /// What was agreed to.
    #[must_use]
    pub fn request(&self) -> &FormatRequest {
        &self.0
    }
}

/// A drive that is ready for backups.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatDone {
    /// The drive.
    pub disk: Disk,
    /// What it has got.
    pub filesystem: NewFilesystem,
}
