/// What a check of a backup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckDone {
    /// The backup's name.
    pub name: String,
    /// SHA-256 over the image's index, hexadecimal.
    pub fingerprint: String,
    /// Bytes of the disk whose hashes were checked.
    pub content: u64,
    /// Bytes of the backup that were read.
    pub stored: u64,
    /// Seconds that it took.
    pub seconds: u64,
    /// What is damaged, the first of it where there is very much; empty when the backup is good.
    pub damage: Vec<Damaged>,
    /// Damaged places that are not in the list.
    pub unlisted: u64,
    /// What the backup never had, because the old disk could not be read, a line each.
    pub lost: Vec<String>,
}

/// A damaged place in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Where on the disk that was saved, and what is wrong, in one line.
    pub place: String,
    /// The volumes that it hits.
    pub volumes: Vec<String>,
    /// The files that it hits, where that can be told.
    pub files: Vec<String>,
}
