/// What a job in another process, on another screen, does with a disk. It has the disk to itself:
/// nobody else looks at it meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occupation {
    /// It is saved: it is only read, and the kernel refuses writes to it.
    Saved,
    /// A backup is written to it, it is overwritten by one, or it is made ready for backups.
    Written,
    /// A backup on it is restored or checked.
    Read,
}

impl Occupation {
    /// What is done, as the end of a sentence that begins with the disk, without a full stop.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Saved => "is being saved on another screen",
            Self::Written => "is being written to on another screen",
            Self::Read => "is being read on another screen",
        }
    }
}
