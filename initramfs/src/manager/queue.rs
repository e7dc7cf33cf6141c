//! Which driver is searched for when: the plan, without the doing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A device that is announced again this soon is the same one: everything that is there at the
/// start is both found and announced.
const SAME: Duration = Duration::from_secs(10);

/// Drivers that have not come to an end after this time no longer hold up the rest.
const PATIENCE: Duration = Duration::from_secs(15);

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

/// What a device is for, in the order in which drivers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    /// Its driver changes the screen, which should be done with before anything is drawn on it.
    Screen,
    /// Disks, and what they and keyboards are attached to.
    Disk,
    Other,
    /// Faster ways to compute checksums and the like: much work for little, so not now.
    Processor,
    /// From a batch that was given up: each alone, so that the guilty one is alone too.
    SecondTry,
}

impl Purpose {
    /// By the classes of PCI and the kinds of buses, as the kernel writes them.
    fn of(alias: &str) -> Self {
        const ATTACHED: [&str; 6] = ["usb:", "scsi:", "virtio:", "vmbus:", "mmc:", "hid:"];
        const CLASSES: [&str; 3] = ["bc01", "bc0Csc03", "bc08sc05"];
        let pci = alias.strip_prefix("pci:");
        if pci.is_some_and(|alias| alias.contains("bc03")) {
            Self::Screen
        } else if pci.is_some_and(|alias| CLASSES.iter().any(|class| alias.contains(class)))
            || ATTACHED.iter().any(|bus| alias.starts_with(bus))
        {
            Self::Disk
        } else if alias.starts_with("cpu:") {
            Self::Processor
        } else {
            Self::Other
        }
    }
}

#[derive(Debug)]
struct Running {
    batch: Batch,
    purpose: Purpose,
    since: Instant,
    given_up: bool,
}

/// The devices that wait for drivers.
#[derive(Debug, Default)]
pub struct Queue {
    seen: BTreeMap<String, Instant>,
    /// By purpose, then by age.
    waiting: BTreeMap<(Purpose, u64), String>,
    submitted: u64,
    screens_have_priority: bool,
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
        let before = self.waiting.len();
        for alias in aliases {
            let seen = self.seen.insert(alias.clone(), now);
            if seen.is_none_or(|seen| now.saturating_duration_since(seen) >= SAME) {
                self.add(Purpose::of(&alias), alias);
            }
        }
        self.waiting.len() > before
    }

    fn add(&mut self, purpose: Purpose, alias: String) {
        self.submitted += 1;
        self.waiting.insert((purpose, self.submitted), alias);
    }

    /// The next devices to look after, for one of `workers`.
    pub fn take(&mut self, workers: usize, now: Instant) -> Option<Batch> {
        let purpose = self.waiting.keys().next()?.0;
        if self.screens_have_priority && purpose != Purpose::Screen && !self.screens_are_ready() {
            return None;
        }
        let count = self.waiting.keys().take_while(|(other, _)| *other == purpose).count();
        let share = match purpose {
            Purpose::Screen | Purpose::SecondTry => 1,
            _ => count.div_ceil(workers.max(1)).min(LARGEST_BATCH),
        };
        let aliases = std::iter::from_fn(|| self.waiting.pop_first()).take(share);
        let aliases: Vec<String> = aliases.map(|(_, alias)| alias).collect();
        self.batches += 1;
        let batch = Batch { number: self.batches, aliases };
        let running = Running { batch: batch.clone(), purpose, since: now, given_up: false };
        self.running.insert(self.batches, running);
        Some(batch)
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
        let given_up: Vec<Vec<String>> = overdue
            .map(|running| {
                running.given_up = true;
                running.batch.aliases.clone()
            })
            .collect();
        for alias in given_up.iter().filter(|aliases| aliases.len() > 1).flatten() {
            self.add(Purpose::SecondTry, alias.clone());
        }
        given_up
    }

    /// True when nothing waits, and nothing runs that is worth waiting for.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.values().all(|running| running.given_up)
    }

    /// True when the drivers of all screens are loaded that are known by now.
    #[must_use]
    pub fn screens_are_ready(&self) -> bool {
        let waits = self.waiting.keys().any(|(purpose, _)| *purpose == Purpose::Screen);
        let loading = |running: &Running| running.purpose == Purpose::Screen && !running.given_up;
        !waits && !self.running.values().any(loading)
    }
}
