use std::sync::Arc;

use engine::DamagedRange;
use image::text::in_lines;
use serde_json::json;

use crate::answer::{Answer, Exit};
use crate::cli::VerifyArgs;
use crate::failure::Failure;
use crate::signals;
use crate::terminal::Terminal;
use report::size::in_words;

/// `remetal verify`
pub fn run(arguments: &VerifyArgs, terminal: &Arc<Terminal>) -> Result<Answer, Failure> {
    let cancel = signals::cancel_on_signals(terminal)?;
    let found = engine::verify::verify(&arguments.backup, terminal.as_ref(), &cancel)
        .map_err(|error| Failure::from(error).leaving("The backup was only read."))?;
    let damaged = !found.damage.is_empty();
    let (exit, state) =
        if damaged { (Exit::Damaged, "damaged") } else { (Exit::Verified, "verified") };
    let mut lines: Vec<String> = found.damage.iter().flat_map(of_range).collect();
    lines.extend(if damaged {
        [
            format!(
                "damaged: {} place(s) named above; everything else agrees with its hashes.",
                found.damage.len()
            ),
            "Copy the backup again from another place if you have one.".to_owned(),
        ]
    } else {
        [
            format!(
                "verified: {} of disk content in {} of image, every hash agrees",
                in_words(found.content),
                in_words(found.stored)
            ),
            format!("fingerprint {}", found.fingerprint),
        ]
    });
    let json = json!({ "state": state, "verification": found });
    Ok(Answer::new(exit, json, in_lines(&lines)))
}

fn of_range(range: &DamagedRange) -> Vec<String> {
    let (start, end) = (range.disk.start, range.disk.end());
    let mut lines = vec![format!("disk bytes {start} to {end}: {}", range.reason)];
    lines.extend(range.volumes.iter().map(|volume| format!("  in {volume}")));
    lines.extend(range.files.iter().map(|file| format!("  hits {file}")));
    lines
}
