use hardware::Disk;
use report::content::Content;

use super::BackupId;
use crate::Holdings;

/// Which backup is to be put back onto which disk.
#[derive(Debug, Clone, PartialEq)]
pub struct RestoreRequest {
    /// The backup.
    pub backup: BackupId,
    /// The disk that is overwritten.
    pub target: Disk,
    /// Read everything back and compare.
    pub compare: bool,
}

/// What a restore would do. Nothing is written yet. Sizes are bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct RestorePlan {
    /// What was asked for.
    pub request: RestoreRequest,
    /// SHA-256 over the image's index, hexadecimal.
    pub fingerprint: String,
    /// The disk that the backup is of, in one phrase.
    pub source: String,
    /// When it was made, as `2026-11-23 21:04`.
    pub made: String,
    /// Size of the disk that was captured.
    pub source_size: u64,
    /// What is on the target now, in the order of the disk. All of it is lost, but for what
    /// `stays` names.
    pub before: Vec<Content>,
    /// The same, exactly, with the backups on it.
    pub held: Holdings,
    /// What will be on it.
    pub after: Vec<Content>,
    /// What is on the target and stays, because it was left out of the backup, a line each.
    pub stays: Vec<String>,
    /// What is unusual, in sentences.
    pub warnings: Vec<String>,
    /// Why it cannot be done, in sentences; empty when it can.
    pub refusals: Vec<String>,
    /// Bytes that will be written.
    pub content: u64,
    /// Bytes of the backup.
    pub stored: u64,
    /// Files that the backup consists of; all of them are there with the right length.
    pub files: usize,
    /// What the person types to go on: see [`Disk::confirmation_word`].
    pub word: String,
}

impl RestorePlan {
    /// The plan, agreed to by typing its word (in any case); `None` for another word, and for a
    /// plan that cannot be done.
    #[must_use]
    pub fn confirm(&self, typed: &str) -> Option<ConfirmedRestore> {
        let agreed = typed.trim().eq_ignore_ascii_case(&self.word) && !self.word.is_empty();
        (agreed && self.refusals.is_empty())
            .then(|| ConfirmedRestore { plan: self.clone(), word: typed.trim().to_owned() })
    }
}

/// A plan that a person has agreed to. Only [`RestorePlan::confirm`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfirmedRestore {
    plan: RestorePlan,
    word: String,
}

impl ConfirmedRestore {
    /// What was agreed to.
    #[must_use]
    pub fn plan(&self) -> &RestorePlan {
        &self.plan
    }

    /// The word as it was typed.
    #[must_use]
    pub fn word(&self) -> &str {
        &self.word
    }
}

/// A disk that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct RestoreDone {
    /// The disk.
    pub target: Disk,
    /// Bytes written, whose hashes agreed with the backup.
    pub written: u64,
    /// Seconds that it took.
    pub seconds: u64,
    /// All of it was read back from the disk and agrees.
    pub compared: bool,
    /// SHA-256 over the image's index, hexadecimal.
    pub fingerprint: String,
    /// What the backup never had, because the old disk could not be read, a line each.
    pub lost: Vec<String>,
    /// The kernel still shows the disk as it was before: the computer must be restarted before
    /// anything else is done with it.
    pub restart_needed: bool,
}
