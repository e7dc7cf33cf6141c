use std::sync::atomic::{AtomicBool, Ordering};

use block::{BlockDevice, BlockError, Extent, FileDevice, Geometry};
use engine::restore::{ConfirmedPlan, RestoreJob, RestoreOutcome, restore};
use engine::{Cancel, Observer};

use super::{Chosen, OpenTarget};
use crate::failure::Failure;

/// A target that was written.
pub struct Written {
    /// What the engine says of it.
    pub outcome: RestoreOutcome,
    /// Why the kernel goes on showing the old partitions, if it does.
    pub old_partitions_shown: Option<BlockError>,
}

/// Why a target was not written, or not to its end.
pub struct Unwritten {
    /// Why, and what is left behind.
    pub failure: Failure,
    /// The target is not what it was before.
    pub has_begun: bool,
}

/// What is done beside the writing.
#[derive(Debug, Clone, Copy)]
pub struct Extras {
    /// Read everything back and compare.
    pub compare: bool,
    /// Save the target's old partition table beside the image.
    pub saves_old_table: bool,
}

/// Does what the plan says, and makes the kernel see it.
pub fn write(
    plan: &ConfirmedPlan,
    chosen: &Chosen,
    extras: Extras,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Written, Unwritten> {
    let target = chosen
        .open()
        .map_err(|failure| Unwritten { failure: failure.before_writing(), has_begun: false })?;
    let outcome = match run(plan, chosen, &target, extras, observer, cancel) {
        Ok(outcome) => outcome,
        Err((false, failure)) => {
            target.discard_if_new();
            return Err(Unwritten { failure: failure.before_writing(), has_begun: false });
        }
        Err((true, failure)) => {
            let failure = failure.while_writing();
            let left_behind = left_behind(&chosen.target.disk.path, &failure);
            let failure = failure.leaving(left_behind);
            return Err(Unwritten { failure, has_begun: true });
        }
    };
    Ok(Written { outcome, old_partitions_shown: target.device.reread_partition_table().err() })
}

/// Runs the restore. A failure comes with whether anything was written.
fn run(
    plan: &ConfirmedPlan,
    chosen: &Chosen,
    target: &OpenTarget,
    extras: Extras,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<RestoreOutcome, (bool, Failure)> {
    let OpenTarget { device, structures, read_back, .. } = target;
    let identity_check = || chosen.check_identity(device);
    let device = &Watched { device, was_written: AtomicBool::new(false) };
    let Extras { compare, saves_old_table } = extras;
    let identity_check = &identity_check;
    let job =
        RestoreJob { device, structures, read_back, identity_check, compare, saves_old_table };
    restore(plan, &job, observer, cancel)
        .map_err(|error| (device.was_written.load(Ordering::Relaxed), error.into()))
}

/// A target that knows whether something was written to it.
struct Watched<'a> {
    device: &'a FileDevice,
    was_written: AtomicBool,
}

impl Watched<'_> {
    fn watch(&self, result: Result<(), BlockError>) -> Result<(), BlockError> {
        self.was_written.fetch_or(result.is_ok(), Ordering::Relaxed);
        result
    }
}

impl BlockDevice for Watched<'_> {
    fn geometry(&self) -> Geometry {
        self.device.geometry()
    }

    fn name(&self) -> &str {
        self.device.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.device.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        self.watch(self.device.write_at(data, offset))
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.device.flush()
    }

    fn zero(&self, extent: Extent) -> Result<(), BlockError> {
        self.watch(self.device.zero(extent))
    }
}

/// What a restore leaves on the target at `path` that did not come to its end.
fn left_behind(path: &str, failure: &Failure) -> String {
    let backup = match failure.kind {
        "backup-failed" => "The backup may be damaged: verify it.",
        "backup-gone" => "Nothing says that the backup is damaged.",
        _ => "The backup is unharmed.",
    };
    if failure.may_boot {
        return format!(
            "{backup} All of it was written to {path}, but that is not proven, and it could not be \
             undone: {path} may boot. Do not rely on it before the same restore is started again \
             and comes to its end."
        );
    }
    format!(
        "{backup} {path} holds a part of it only, and says so in its first sector: it does not boot \
         until the same restore is started again and comes to its end."
    )
}

#[cfg(test)]
mod tests {
    use block::{Access, Caching};
    use engine::EngineError;

    use super::*;

    #[test]
    fn a_target_that_may_boot_is_not_said_to_be_marked() {
        let failure = Failure { may_boot: true, ..EngineError::Cancelled.into() };
        let told = left_behind("/dev/sdx", &failure);
        assert!(told.contains("/dev/sdx may boot") && !told.contains("first sector"), "{told}");
        let told = left_behind("/dev/sdx", &EngineError::Cancelled.into());
        assert!(told.contains("does not boot"), "{told}");
    }

    #[test]
    fn only_a_write_that_went_through_counts() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(8192).unwrap();
        for (access, written) in [(Access::Read, false), (Access::ReadWrite, true)] {
            let device = &FileDevice::open(file.path(), access, Caching::Cached).unwrap();
            let watched = Watched { device, was_written: AtomicBool::new(false) };
            assert_eq!(watched.write_at(b"x", 0).is_ok(), written);
            let _ = watched.write_at(b"x", 8192);
            assert_eq!(watched.was_written.into_inner(), written);
        }
    }
}
