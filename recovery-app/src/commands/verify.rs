use std::sync::Arc;

use engine::verify::Verification;
use engine::{DamageTotals, DamagedRange};
use image::text::in_lines;
use serde_json::json;

use crate::answer::{Answer, Exit};
use crate::cli::VerifyArgs;
use crate::failure::Failure;
use crate::signals;
use crate::terminal::Terminal;
use report::backup::{bytes_lost, losses};
use report::size::in_words;

/// `remetal verify`
pub fn run(arguments: &VerifyArgs, terminal: &Arc<Terminal>) -> Result<Answer, Failure> {
    let cancel = signals::cancel_on_signals(terminal)?;
    let found = engine::verify::verify(&arguments.backup, terminal.as_ref(), &cancel)
        .map_err(|error| Failure::from(error).leaving("The backup was only read."))?;
    let (exit, state) = if found.damage.is_empty() {
        (Exit::Verified, "verified")
    } else {
        (Exit::Damaged, "damaged")
    };
    let text = in_lines(&in_words_for_people(&found));
    Ok(Answer::new(exit, json!({ "state": state, "verification": found }), text))
}

fn in_words_for_people(found: &Verification) -> Vec<String> {
    let is_sound = found.damage.is_empty();
    let lost = losses(&found.lost);
    let mut lines: Vec<String> = lost.iter().map(|loss| format!("lost: {loss}")).collect();
    lines.extend(found.damage.iter().flat_map(of_range));
    lines.extend(if is_sound { proof_in_words(found) } else { damage_in_words(found.damaged) });
    // The backup is what was made at the time, and lacks what the disk could not give then.
    let sound = if is_sound { "; the image itself is verified" } else { "" };
    lines.extend((!lost.is_empty()).then(|| {
        format!(
            "parts of the disk could not be read when it was saved: {} bytes, named above as \
             lost{sound}",
            bytes_lost(&found.lost)
        )
    }));
    lines
}

fn proof_in_words(found: &Verification) -> [String; 2] {
    [
        format!(
            "verified: {} of disk content in {} of image, every hash agrees",
            in_words(found.content),
            in_words(found.stored)
        ),
        format!("fingerprint {}", found.fingerprint),
    ]
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
    let mut lines = vec![match range.disk.is_empty() {
        true => range.reason.clone(),
        false => format!("disk bytes {start} to {end}: {}", range.reason),
    }];
    lines.extend(range.volumes.iter().map(|volume| format!("  in {volume}")));
    lines.extend(range.files.iter().map(|file| format!("  hits {file}")));
    lines
}

#[cfg(test)]
mod tests {
    use block::Extent;
    use image::manifest::UnreadableRecord;

    use super::*;

    fn found() -> Verification {
        Verification {
            fingerprint: "ab".to_owned(),
            content: 1_000_000,
            stored: 1_000,
            damage: Vec::new(),
            damaged: DamageTotals::default(),
            lost: Vec::new(),
        }
    }

    #[test]
    fn what_the_old_disk_could_not_give_is_named() {
        let lost = UnreadableRecord {
            extent: Extent::new(8192, 4096),
            intact: 1024,
            volume: Some("partition 2".to_owned()),
            files: vec!["/letter".to_owned()],
            reason: String::new(),
        };
        let lines = in_words_for_people(&Verification { lost: vec![lost], ..found() });
        let expected = [
            "lost: 3072 of the 4096 bytes from byte 8192, partition 2, in /letter",
            "verified: 1.00 MB of disk content in 1.00 kB of image, every hash agrees",
            "fingerprint ab",
            "parts of the disk could not be read when it was saved: 3072 bytes, named above as \
             lost; the image itself is verified",
        ];
        assert_eq!(lines, expected);
        assert_eq!(in_words_for_people(&found()).len(), 2);
    }

    #[test]
    fn damage_that_is_not_listed_is_counted() {
        let damaged = DamageTotals { ranges: 5000, frames: 9000, lost: 7, unlisted: 4000 };
        let [said, _] = damage_in_words(damaged);
        assert!(
            said.starts_with("damaged: 5000 place(s), the first 1000 named above, 4000 not listed"),
            "{said}"
        );
    }
}
