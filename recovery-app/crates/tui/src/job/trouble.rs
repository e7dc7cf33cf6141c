/// Why something was not done, for a screen of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// How it ended.
    pub end: Ending,
    /// What happened, in one sentence.
    pub what: String,
    /// What is unharmed, and what is left behind.
    pub unharmed: String,
    /// What to do next.
    pub next: String,
    /// For those who want to know exactly, a line each.
    pub details: Vec<String>,
}

/// The named states in which a job can end before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was not begun: a rule forbids it.
    Refused,
    /// It was stopped on request.
    Stopped,
    /// It failed.
    Failed,
}

impl Trouble {
    /// Something that was not begun.
    #[must_use]
    pub fn refused(words: &str) -> Self {
        Self {
            end: Ending::Refused,
            what: words.to_owned(),
            unharmed: "Nothing was written.".to_owned(),
            next: "Go back and choose something else.".to_owned(),
            details: Vec::new(),
        }
    }

    /// A defect of this program.
    #[must_use]
    pub fn defect(reason: &str) -> Self {
        Self {
            end: Ending::Failed,
            what: "Remetal has a defect, and this did not come to its end.".to_owned(),
            unharmed: "Nothing more is being written. A disk that was being saved was only read."
                .to_owned(),
            next: "Start again. If it happens again, copy the logs to a drive (Tools) and report \
                   it."
            .to_owned(),
            details: vec![reason.to_owned()],
        }
    }
}
