//! What uses a disk, when it is more than a passing look.

use std::thread;
use std::time::Duration;

use hardware::{Disk, Roots, UseReason};

/// A look of the other console, or of the kernel at a new partition table, is over by then.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(250);

/// What uses a disk, in words, and whether nothing more is known than that somebody does.
pub struct InUse {
    /// As in [`report::disk::DiskReport::in_use`].
    pub reasons: Vec<String>,
    /// Nobody can tell when this ends: the kernel does not say that it has.
    pub is_unexplained: bool,
}

/// What uses the disk for longer than a moment.
///
/// On a computer with a screen and a serial line, two processes of ours look at a disk at once
/// when it has changed: each has it to itself for a moment, and is somebody else to the other.
pub fn of(disk: &Disk) -> InUse {
    let mut found = now(disk);
    for _ in 0..TRIES {
        if !found.is_unexplained {
            break;
        }
        thread::sleep(PAUSE);
        found = now(disk);
    }
    found
}

fn now(disk: &Disk) -> InUse {
    let usage = hardware::usage(&Roots::default(), &disk.path);
    let reasons = usage.map(|usage| usage.reasons).unwrap_or_default();
    InUse {
        is_unexplained: reasons.iter().any(|reason| matches!(reason, UseReason::Busy { .. })),
        reasons: reasons.iter().map(ToString::to_string).collect(),
    }
}
