use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::EngineError;

/// What a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reading the source and writing the image.
    Capture,
    /// Checking every hash of the image.
    Verify,
    /// Checking the stored bytes of the image before anything is written.
    Check,
    /// Writing the target.
    Restore,
    /// Reading the target back.
    Compare,
}

/// What holds a job back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bottleneck {
    /// Reading the source disk.
    Source,
    /// This computer's processor.
    Processor,
    /// Writing the destination.
    Destination,
    /// Reading the backup.
    Backup,
    /// The target disk.
    Target,
}

/// How far a phase is. Bytes are bytes of the disk in use, so that holes do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// Bytes done.
    pub done: u64,
    /// Bytes to do.
    pub total: u64,
    /// Bytes of image written or read.
    pub stored: u64,
    /// Places found so far that are lost or damaged: ranges of the source that cannot be read, or
    /// frames of the image that are not what they should be.
    pub errors: u64,
    /// What holds it back at the moment, when that is known.
    pub bottleneck: Option<Bottleneck>,
    /// Zstandard level at the moment, when compressing.
    pub level: Option<i32>,
}

/// Something that happens during a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A phase begins or goes on; sent at least at its begin and its end.
    Progress(Progress),
    /// Something the person should know, in one sentence.
    Note {
        /// The sentence.
        text: String,
    },
}

/// Is told what happens. Called from the threads of a job, at most some ten times a second.
pub trait Observer: Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}

/// An observer that ignores everything.
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: &Event) {}
}

/// Asks a job to stop; clones ask the same job.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the job to stop after the chunk at hand.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once the job was asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error once the job was asked to stop.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        if self.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }
}
