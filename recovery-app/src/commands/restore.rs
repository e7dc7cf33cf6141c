use std::cell::Cell;

use engine::restore::{ConfirmedPlan, RestoreJob, RestoreOutcome};
use serde_json::json;

use super::plan;
use crate::answer::{Answer, Exit};
use crate::cli::RestoreArgs;
use crate::failure::Failure;
use crate::signals;
use crate::target::{Chosen, OpenTarget};
use crate::terminal::Terminal;
use report::backup;
use report::size::in_words;

/// `remetal restore`
pub fn run(arguments: &RestoreArgs, terminal: &Terminal) -> Result<Answer, Failure> {
    let cancel = signals::cancel_on_signals()?;
    let (plan, chosen) = plan::make(&arguments.plan)?;
    let words = plan::in_words_for_people(&plan);
    let shown = json!({ "plan": plan });
    let confirmed = plan.confirm(&arguments.confirm)?;
    terminal.announce("plan", &shown, &words);
    let target = chosen.open()?;
    let outcome = write(&confirmed, &chosen, &target, !arguments.no_verify, terminal, &cancel);
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err((false, failure)) => {
            target.discard_if_new();
            return Err(failure.before_writing());
        }
        Err((true, failure)) => return Err(failure.leaving(left_behind(&chosen))),
    };
    if let Err(error) = target.device.reread_partition_table() {
        terminal.note(format!(
            "the kernel did not read the new partition table ({error}); unplug the disk or restart"
        ));
    }
    Ok(answer(&outcome, &chosen))
}

/// Runs the restore. A failure comes with whether writing had begun.
fn write(
    plan: &ConfirmedPlan,
    chosen: &Chosen,
    target: &OpenTarget,
    compare: bool,
    terminal: &Terminal,
    cancel: &engine::Cancel,
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
    engine::restore::restore(plan, &job, terminal, cancel)
        .map_err(|error| (writing.get(), error.into()))
}

fn left_behind(chosen: &Chosen) -> String {
    format!(
        "The backup is unharmed. {} holds a part of it only, and says so in its first sector: \
         it does not boot until the same restore is started again and comes to its end.",
        chosen.target.disk.path
    )
}

fn answer(outcome: &RestoreOutcome, chosen: &Chosen) -> Answer {
    let (exit, state) = match (outcome.lost.is_empty(), outcome.compared) {
        (false, _) => (Exit::Damaged, "damaged"),
        (true, true) => (Exit::Verified, "verified"),
        (true, false) => (Exit::Verified, "not-verified"),
    };
    let mut lines = backup::losses(&outcome.lost);
    lines.push(format!("{} onto {}", in_words(outcome.written), chosen.target.disk.path));
    lines.extend(
        outcome
            .old_table
            .iter()
            .map(|path| format!("its old partition table was saved as {}", path.display())),
    );
    lines.push(outcome.in_words().to_owned());
    Answer::new(exit, json!({ "state": state, "outcome": outcome }), lines.join("\n"))
}
