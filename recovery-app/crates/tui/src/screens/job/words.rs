//! Work in words.

use std::time::Duration;

use engine::{Bottleneck, Phase, Progress};
use hardware::{Bus, Disk};
use report::size;
use report::words::capitalised;

use crate::job::Work;
use crate::running::Running;
use crate::widgets::card;

/// What is done, in a line or two.
pub fn subject(running: &Running) -> Vec<String> {
    match &running.work {
        Work::BackUp(request) => {
            let Some(source) = request.sources.get(running.disk) else { return Vec::new() };
            let count = request.sources.len();
            let which = if count > 1 {
                format!(" ({} of {count})", running.disk + 1)
            } else {
                String::new()
            };
            vec![
                format!("Saving {}{which}", card::identity(&source.disk)),
                format!("as '{}'", request.name_of(running.disk)),
            ]
        }
        Work::Restore(confirmed) => {
            let plan = confirmed.plan();
            vec![
                format!("Restoring {}, saved {}", plan.source, plan.made),
                format!("onto {}", card::identity(&plan.request.target)),
            ]
        }
        Work::Check(id) => vec![format!("Checking the backup '{}'", name_of(&id.folder))],
        Work::Format(confirmed) => {
            vec![format!("Making {} ready for backups", card::identity(&confirmed.request().disk))]
        }
    }
}

fn name_of(folder: &std::path::Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The steps of a piece of work, in their order.
pub fn steps(work: &Work) -> Vec<Phase> {
    match work {
        Work::BackUp(request) if request.verify => vec![Phase::Capture, Phase::Verify],
        Work::BackUp(_) => vec![Phase::Capture],
        Work::Restore(confirmed) if confirmed.plan().request.compare => {
            vec![Phase::Check, Phase::Restore, Phase::Compare]
        }
        Work::Restore(_) => vec![Phase::Check, Phase::Restore],
        Work::Check(_) => vec![Phase::Verify],
        Work::Format(_) => Vec::new(),
    }
}

/// A step.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Capture => "Reading the disk and writing the backup",
        Phase::Verify => "Reading the backup and proving every piece",
        Phase::Check => "Checking the backup before anything is written",
        Phase::Restore => "Writing the disk",
        Phase::Compare => "Reading the disk back and comparing",
    }
}

/// How far a step is.
pub fn done(progress: &Progress) -> String {
    let done = format!("{} of {}", size::in_words(progress.done), size::in_words(progress.total));
    match progress.phase {
        Phase::Capture => format!("{done}; backup so far {}", size::in_words(progress.stored)),
        _ => done,
    }
}

/// Bytes of disk and of backup a second.
pub fn rates(progress: &Progress, (disk, stored): (u64, u64)) -> String {
    let (disk, stored) = (size::in_words(disk), size::in_words(stored));
    match progress.phase {
        Phase::Capture => format!("reading {disk}/s, writing {stored}/s"),
        Phase::Restore => format!("reading {stored}/s, writing {disk}/s"),
        Phase::Verify | Phase::Check | Phase::Compare => format!("reading {disk}/s"),
    }
}

/// A time in words, no more exact than it is known.
pub fn about(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=9 => "a few seconds in this step".to_owned(),
        10..=99 => format!("about {} seconds in this step", seconds / 10 * 10),
        100..=5399 => format!("about {} minutes in this step", (seconds + 30) / 60),
        _ => format!(
            "about {} hours {} minutes in this step",
            seconds / 3600,
            seconds % 3600 / 600 * 10
        ),
    }
}

/// A time as `1:02:03`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// What all the rest waits for.
pub fn slow_part(running: &Running) -> Option<String> {
    let bottleneck = running.progress?.bottleneck?;
    let (disk, stored) = running.rates()?;
    let rate = match bottleneck {
        Bottleneck::Destination | Bottleneck::Backup => stored,
        Bottleneck::Source | Bottleneck::Target => disk,
        Bottleneck::Processor => {
            return Some("This computer's processor is the slow part.".to_owned());
        }
    };
    Some(format!(
        "{} is the slow part: {}/s.",
        capitalised(&part(running, bottleneck)),
        size::in_words(rate)
    ))
}

/// When a stop that was asked for comes.
pub fn stopping(running: &Running) -> &'static str {
    match (&running.work, running.progress) {
        (Work::Format(_), _) => "! This comes to its end first ...",
        (Work::BackUp(_), None) => "! Stopping as soon as the disk has answered ...",
        (_, None) => "! Stopping as soon as the look at the disk has come to its end ...",
        (_, Some(_)) => "! Stopping at the next piece ...",
    }
}

/// What silence means.
pub fn stalled(running: &Running, silent: Duration) -> String {
    let waits = running.progress.and_then(|progress| progress.bottleneck);
    let part = waits.map_or_else(|| "a disk or drive".to_owned(), |waits| part(running, waits));
    format!(
        "! Nothing has moved for {}. It waits for {part}. A failing disk may go on after some \
         minutes; a loose cable does not.",
        clock(silent)
    )
}

fn part(running: &Running, bottleneck: Bottleneck) -> String {
    match (bottleneck, &running.work) {
        (Bottleneck::Processor, _) => "this computer's processor".to_owned(),
        (Bottleneck::Source, Work::BackUp(request)) => {
            request.sources.get(running.disk).map_or_else(
                || "the disk that is saved".to_owned(),
                |source| format!("the disk that is saved ({})", kind(&source.disk)),
            )
        }
        (Bottleneck::Target, Work::Restore(confirmed)) => {
            format!("the disk that is written ({})", kind(&confirmed.plan().request.target))
        }
        (Bottleneck::Source | Bottleneck::Target, _) => "the disk".to_owned(),
        (Bottleneck::Destination | Bottleneck::Backup, _) => "the drive with the backup".to_owned(),
    }
}

fn kind(disk: &Disk) -> String {
    match disk.bus {
        Bus::Usb => "USB".to_owned(),
        _ => card::name(disk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let told = [(3, "a few seconds"), (47, "about 40 seconds"), (119, "about 2 minutes")];
        for (seconds, words) in told {
            let words = format!("{words} in this step");
            assert_eq!(about(Duration::from_secs(seconds)), words);
        }
        assert_eq!(about(Duration::from_secs(9000)), "about 2 hours 30 minutes in this step");
        assert_eq!(clock(Duration::from_secs(59)), "0:59");
        assert_eq!(clock(Duration::from_secs(3723)), "1:02:03");
    }
}
