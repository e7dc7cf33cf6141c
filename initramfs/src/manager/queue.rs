//! Which driver is searched for when: the plan, without the doing.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// A device that is announced again this soon is the same one: everything that is there at the
/// start is both found and announced.
const SAME: Duration = Duration::from_secs(10);

/// Drivers that have not come to an end after this time no longer hold up the rest.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starting a program for each device takes longer than the search itself; too many at once, and
/// the others wait behind one that is slow.
const LARGEST_BATCH: usize = 12;

/// Devices remembered; a faulty one may announce itself under new names without end.
const REMEMBERED: usize = 20_000;

/// Devices whose drivers are loaded by one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// To say which one has come to its end.
    pub number: u64,
    /// What the devices call themselves.
    pub aliases: Vec<String>,
}

#[derive(Debug)]
struct Running {
    aliases: Vec<String>,
    since: Instant,
    given_up: bool,
}

/// The devices that wait for drivers.
#[derive(Debug, Default)]
pub struct Queue {
    seen: BTreeMap<String, Instant>,
    waiting: VecDeque<String>,
    /// From batches that were given up: each alone, so that the guilty one is alone too.
    alone: VecDeque<String>,
    running: BTreeMap<u64, Running>,
    batches: u64,
}

impl Queue {
    /// Adds devices. True when there is something new among them.
    pub fn submit(&mut self, aliases: impl IntoIterator<Item = String>, now: Instant) -> bool {
        if self.seen.len() > REMEMBERED {
            self.seen.clear();
        }
        let before = self.waiting.len();
        for alias in aliases {
            let seen = self.seen.insert(alias.clone(), now);
            if seen.is_none_or(|seen| now.saturating_duration_since(seen) >= SAME) {
                self.waiting.push_back(alias);
            }
        }
        self.waiting.len() > before
    }

    /// The next devices to look after, for one of `workers`.
    pub fn take(&mut self, workers: usize, now: Instant) -> Option<Batch> {
        let share = self.waiting.len().div_ceil(workers.max(1)).min(LARGEST_BATCH);
        let mut aliases: Vec<String> = self.waiting.drain(..share).collect();
        if aliases.is_empty() {
            aliases.push(self.alone.pop_front()?);
        }
        self.batches += 1;
        let running = Running { aliases: aliases.clone(), since: now, given_up: false };
        self.running.insert(self.batches, running);
        Some(Batch { number: self.batches, aliases })
    }

    /// A batch came to its end, well or not.
    pub fn finished(&mut self, number: u64) {
        self.running.remove(&number);
    }

    /// Gives up the batches that take too long, and returns their devices. They may go on, but
    /// nobody waits for them; those of a batch of several are tried again one by one.
    pub fn give_up_overdue(&mut self, now: Instant) -> Vec<Vec<String>> {
        let overdue = self.running.values_mut().filter(|batch| {
            !batch.given_up && now.saturating_duration_since(batch.since) >= PATIENCE
        });
        let mut given_up = Vec::new();
        for batch in overdue {
            batch.given_up = true;
            if batch.aliases.len() > 1 {
                self.alone.extend(batch.aliases.iter().cloned());
            }
            given_up.push(batch.aliases.clone());
        }
        given_up
    }

    /// True when nothing waits, and nothing runs that is worth waiting for.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let waiting = !self.waiting.is_empty() || !self.alone.is_empty();
        !waiting && self.running.values().all(|batch| batch.given_up)
    }
}
