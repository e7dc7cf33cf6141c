//! What several steps say in the same words.

use std::time::Duration;

use report::content::{self, Content, Role};

use crate::disks::{Condition, Known};
use crate::machine::Look;

/// Things told of a disk in one line.
const TOLD: usize = 4;

/// Why nothing can be done with a disk, source or drive; `None` when it can.
pub fn refusal(known: &Known, now: Duration) -> Option<String> {
    let words = match known.condition(now) {
        Condition::Occupied(occupation, _) => {
            return Some(format!("it {}.", occupation.in_words()));
        }
        _ if known.look().is_some_and(|look| look.is_boot_medium) => "Remetal was started from it.",
        _ if known.disk.size == 0 => "there is no medium in it.",
        Condition::NotAnswering => "it does not answer. It may be failing, or its cable is loose.",
        Condition::Asked => "it is still being looked at. Wait a moment.",
        Condition::Told(_) => return None,
    };
    Some(words.to_owned())
}

/// What is on a disk, the most important first. What serves nothing but the system is told only
/// where there is nothing else.
pub fn contents(look: &Look) -> String {
    let mut contents = sorted(look);
    let serves = |content: &Content| matches!(content.role, Role::Startup | Role::Swap);
    if !contents.iter().all(serves) {
        contents.retain(|content| !serves(content));
    }
    let mut words: Vec<String> =
        contents.iter().take(TOLD).map(|content| content.words.clone()).collect();
    if contents.len() > TOLD {
        words.push(format!("{} more", contents.len() - TOLD));
    }
    if let Some(count) = look.backups().filter(|count| *count > 0) {
        words.insert(0, counted(count, "backup"));
    }
    if words.is_empty() { "nothing that Remetal knows".to_owned() } else { words.join(" · ") }
}

/// Three start-up partitions are one thing to a person.
fn sorted(look: &Look) -> Vec<Content> {
    let mut contents = content::of_disk(&look.report);
    contents.sort_by_key(|content| content.role);
    contents.dedup_by(|a, b| {
        a.role == b.role && matches!(a.role, Role::Startup | Role::Swap) && a.words == b.words
    });
    contents
}

/// `1 backup`, `2 backups`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A time that is only estimated.
pub fn about(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    if seconds < MINUTE {
        return "less than a minute".to_owned();
    }
    let minutes = match seconds.div_ceil(MINUTE) {
        few @ 0..10 => few,
        // No estimate is better than to five minutes.
        many => many.div_ceil(5).saturating_mul(5),
    };
    let some = |count: u64, what: &str| counted(usize::try_from(count).unwrap_or(usize::MAX), what);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("about {}", some(minutes, "minute")),
        (hours, 0) => format!("about {}", some(hours, "hour")),
        (hours, minutes) => format!("about {} {minutes} minutes", some(hours, "hour")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_round() {
        let times = [
            (0, "less than a minute"),
            (60, "about 1 minute"),
            (61, "about 2 minutes"),
            (9 * 60, "about 9 minutes"),
            (11 * 60, "about 15 minutes"),
            (3599, "about 1 hour"),
            (3600, "about 1 hour"),
            (3601, "about 1 hour 5 minutes"),
            (7200 + 600, "about 2 hours 10 minutes"),
        ];
        for (seconds, expected) in times {
            assert_eq!(about(seconds), expected, "{seconds}");
        }
        about(u64::MAX);
    }
}
