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

impl Batch {
    fn is_for_screens(&self) -> bool {
        self.aliases.iter().any(|alias| is_screen(alias))
    }
}

/// PCI's class of displays, in the way that the kernel writes it.
fn is_screen(alias: &str) -> bool {
    alias.starts_with("pci:") && alias.contains("bc03")
}

#[derive(Debug)]
struct Running {
    batch: Batch,
    since: Instant,
    given_up: bool,
}

/// The devices that wait for drivers.
#[derive(Debug, Default)]
pub struct Queue {
    seen: BTreeMap<String, Instant>,
    /// Before all others: their drivers change the screen, which should be done with before
    /// anything is drawn on it.
    screens: VecDeque<String>,
    /// Nothing else is begun until these are done with.
    screens_have_priority: bool,
    waiting: VecDeque<String>,
    /// From batches that were given up: each alone, so that the guilty one is alone too.
    alone: VecDeque<String>,
    running: BTreeMap<u64, Running>,
    batches: u64,
}

impl Queue {
    /// A queue that begins nothing else while the driver of a screen is being loaded, until
    /// [`Self::end_priority`].
    #[must_use]
    pub fn with_priority_for_screens() -> Self {
        Self { screens_have_priority: true, ..Self::default() }
    }

    /// Everything is loaded from now on, whatever the screens' drivers do.
    pub fn end_priority(&mut self) {
        self.screens_have_priority = false;
    }

    /// Adds devices. True when there is something new among them.
    pub fn submit(&mut self, aliases: impl IntoIterator<Item = String>, now: Instant) -> bool {
        if self.seen.len() > REMEMBERED {
            self.seen.clear();
        }
        let mut news = false;
        for alias in aliases {
            let seen = self.seen.insert(alias.clone(), now);
            if seen.is_none_or(|seen| now.saturating_duration_since(seen) >= SAME) {
                news = true;
                let waiting = if is_screen(&alias) { &mut self.screens } else { &mut self.waiting };
                waiting.push_back(alias);
            }
        }
        news
    }

    /// The next devices to look after, for one of `workers`.
    pub fn take(&mut self, workers: usize, now: Instant) -> Option<Batch> {
        let aliases = self.next_aliases(workers)?;
        self.batches += 1;
        let batch = Batch { number: self.batches, aliases };
        let running = Running { batch: batch.clone(), since: now, given_up: false };
        self.running.insert(self.batches, running);
        Some(batch)
    }

    fn next_aliases(&mut self, workers: usize) -> Option<Vec<String>> {
        if let Some(screen) = self.screens.pop_front() {
            return Some(vec![screen]);
        }
        if self.screens_have_priority && !self.screens_are_ready() {
            return None;
        }
        let share = self.waiting.len().div_ceil(workers.max(1)).min(LARGEST_BATCH);
        if share > 0 {
            return Some(self.waiting.drain(..share).collect());
        }
        self.alone.pop_front().map(|alias| vec![alias])
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
        for running in overdue {
            running.given_up = true;
            let aliases = &running.batch.aliases;
            if aliases.len() > 1 {
                self.alone.extend(aliases.iter().cloned());
            }
            given_up.push(aliases.clone());
        }
        given_up
    }

    /// True when nothing waits, and nothing runs that is worth waiting for.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let waiting = [&self.screens, &self.waiting, &self.alone];
        waiting.iter().all(|queue| queue.is_empty()) && self.awaited().next().is_none()
    }

    /// True when the drivers of all screens are loaded that are known by now.
    #[must_use]
    pub fn screens_are_ready(&self) -> bool {
        self.screens.is_empty() && !self.awaited().any(Batch::is_for_screens)
    }

    fn awaited(&self) -> impl Iterator<Item = &Batch> {
        self.running.values().filter(|running| !running.given_up).map(|running| &running.batch)
    }
}
