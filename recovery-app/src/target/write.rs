use std::cell::Cell;

use block::BlockError;
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

/// Does what the plan says, and makes the kernel see it.
pub fn write(
    plan: &ConfirmedPlan,
    chosen: &Chosen,
    compare: bool,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Written, Unwritten> {
    let target = chosen.open().map_err(|failure| Unwritten { failure, has_begun: false })?;
    let outcome = match run(plan, chosen, &target, compare, observer, cancel) {
        Ok(outcome) => outcome,
        Err((false, failure)) => {
            target.discard_if_new();
            return Err(Unwritten { failure: failure.before_writing(), has_begun: false });
        }
        Err((true, failure)) => {
            let failure = failure.while_writing();
            let left_behind = left_behind(chosen, &failure);
            let failure = failure.leaving(left_behind);
            return Err(Unwritten { failure, has_begun: true });
        }
    };
    Ok(Written { outcome, old_partitions_shown: target.device.reread_partition_table().err() })
}

/// Runs the restore. A failure comes with whether writing had begun.
fn run(
    plan: &ConfirmedPlan,
    chosen: &Chosen,
    target: &OpenTarget,
    compare: bool,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<RestoreOutcome, (bool, Failure)> {
    let writing = Cell::new(false);
    let identity_check = || {
        chosen.check_identity(&target.device)?;
        writing.set(true);
        Ok(())
    };
    let OpenTarget { device, structures, read_back, .. } = target;
    let job =
        RestoreJob { device, structures, read_back, identity_check: &identity_check, compare };
    restore(plan, &job, observer, cancel).map_err(|error| (writing.get(), error.into()))
}

fn left_behind(chosen: &Chosen, failure: &Failure) -> String {
    let backup = match failure.kind {
        "backup-failed" => "The backup may be damaged: verify it.",
        _ => "The backup is unharmed.",
    };
    format!(
        "{backup} {} holds a part of it only, and says so in its first sector: it does not boot \
         until the same restore is started again and comes to its end.",
        chosen.target.disk.path
    )
}
