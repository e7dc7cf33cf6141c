use std::sync::Arc;

use engine::restore::RestoreOutcome;
use image::text::in_lines;
use serde_json::json;

use super::plan;
use crate::answer::{Answer, Exit};
use crate::cli::RestoreArgs;
use crate::failure::Failure;
use crate::signals;
use crate::target::{self, Chosen, Extras};
use crate::terminal::Terminal;
use report::backup;
use report::size::in_words;

/// `remetal restore`
pub fn run(arguments: &RestoreArgs, terminal: &Arc<Terminal>) -> Result<Answer, Failure> {
    let cancel = signals::cancel_on_signals(terminal)?;
    let (plan, chosen) = plan::make(&arguments.plan)?;
    let words = plan::in_words_for_people(&plan);
    let shown = json!({ "plan": plan });
    let is_end = chosen.is_end_of_name(&arguments.confirm);
    let word = if is_end { plan.target.word.clone() } else { arguments.confirm.clone() };
    let confirmed = plan.confirm(&word)?;
    terminal.announce("plan", &shown, &words);
    let extras = Extras { compare: !arguments.no_verify, saves_old_table: true };
    let written = target::write(&confirmed, &chosen, extras, terminal.as_ref(), &cancel)
        .map_err(|unwritten| unwritten.failure)?;
    if let Some(error) = &written.old_partitions_shown {
        terminal.note(format!(
            "the kernel did not read the new partition table ({error}); unplug the disk or restart"
        ));
    }
    Ok(answer(&written.outcome, &chosen))
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
    Answer::new(exit, json!({ "state": state, "outcome": outcome }), in_lines(&lines))
}
