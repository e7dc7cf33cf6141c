use engine::{DamageTotals, DamagedRange};
use image::text::in_lines;
use serde_json::json;

use crate::answer::{Answer, Exit};
use crate::cli::VerifyArgs;
use crate::failure::Failure;
use crate::signals;
use crate::terminal::Terminal;
use report::size::in_words;

/// `remetal verify`
pub fn run(arguments: &VerifyArgs, terminal: &Terminal) -> Result<Answer, Failure> {
    let cancel = signals::cancel_on_signals(terminal)?;
    let found = engine::verify::verify(&arguments.backup, terminal, &cancel)
        .map_err(|error| Failure::from(error).leaving("The backup was only read."))?;
    let damaged = !found.damage.is_empty();
    let (exit, state) =
        if damaged { (Exit::Damaged, "damaged") } else { (Exit::Verified, "verified") };
    let mut lines: Vec<String> = found.damage.iter().flat_map(of_range).collect();
    lines.extend(if damaged {
        damage_in_words(found.damaged)
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

fn damage_in_words(damaged: DamageTotals) -> [String; 2] {
    let DamageTotals { ranges, lost, unlisted, .. } = damaged;
    let named = match unlisted {
        0 => "named above".to_owned(),
        unlisted => format!("the first {} named above, {unlisted} not listed", ranges - unlisted),
    };
    [
        format!(
            "damaged: {ranges} place(s), {named}; {lost} bytes of the disk are lost by them, \
             everything else agrees with its hashes."
        ),
        "Copy the backup again from another place if you have one.".to_owned(),
    ]
}

fn of_range(range: &DamagedRange) -> Vec<String> {
    let (start, end) = (range.disk.start, range.disk.end());
    let mut lines = vec![format!("disk bytes {start} to {end}: {}", range.reason)];
    lines.extend(range.volumes.iter().map(|volume| format!("  in {volume}")));
    lines.extend(range.files.iter().map(|file| format!("  hits {file}")));
    lines
}
