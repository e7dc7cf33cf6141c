//! The disks that are there, and what is known of each. Nothing here waits for one.

use std::path::Path;
use std::time::Duration;

use hardware::Disk;

use crate::machine::{DiskList, Look};
use crate::message::Command;
use crate::occupation::Occupation;

/// A disk that has not answered for this long is said not to answer. A healthy one that has been
/// asleep takes up to ten seconds to spin up, but it is seldom asleep right after a start.
pub const PATIENCE: Duration = Duration::from_secs(6);

/// What is known of a disk's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    /// It is being looked at for the first time.
    Asked,
    /// It has been asked longer ago than [`PATIENCE`].
    NotAnswering,
    /// A job on another screen has it to itself. What was found on it before, if it was.
    Occupied(Occupation, Option<&'a Look>),
    /// It was looked at.
    Told(&'a Look),
}

impl<'a> Condition<'a> {
    /// What was found on it, where that still holds as far as is known.
    #[must_use]
    pub fn look(self) -> Option<&'a Look> {
        match self {
            Self::Told(look) | Self::Occupied(_, Some(look)) => Some(look),
            Self::Asked | Self::NotAnswering | Self::Occupied(_, None) => None,
        }
    }
}

/// A disk that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What the kernel says of it.
    pub disk: Disk,
    look: Option<Look>,
    /// The look that is under way, and since when.
    asked: Option<(u64, Duration)>,
    /// The kernel says something else than when the look began.
    changed: bool,
    /// What a job on another screen does with it.
    occupied: Option<Occupation>,
}

impl Known {
    /// What is known of its content.
    #[must_use]
    pub fn condition(&self, now: Duration) -> Condition<'_> {
        if let Some(occupation) = self.occupied {
            return Condition::Occupied(occupation, self.look());
        }
        let waiting = self.asked.map(|(_, since)| now.saturating_sub(since));
        match &self.look {
            _ if waiting.is_some_and(|waiting| waiting >= PATIENCE) => Condition::NotAnswering,
            Some(look) => Condition::Told(look),
            None => Condition::Asked,
        }
    }

    /// What a job on another screen does with it.
    #[must_use]
    pub fn occupation(&self) -> Option<Occupation> {
        self.occupied
    }

    /// What was found on it, last time that it answered.
    #[must_use]
    pub fn look(&self) -> Option<&Look> {
        self.look.as_ref()
    }
}

/// A disk that came or went.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It was attached.
    Arrived(Disk),
    /// It was taken away.
    Left(Disk),
}

/// The disks that are there, in the kernel's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Disks {
    known: Vec<Known>,
    next_ticket: u64,
    /// False until the first list has come.
    pub listed: bool,
}

impl Disks {
    /// All of them.
    #[must_use]
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// Every disk has answered, or has had the time to: what is proposed from what is known will
    /// not be another one in a moment.
    #[must_use]
    pub fn are_told(&self, now: Duration) -> bool {
        self.listed && self.known.iter().all(|known| known.condition(now) != Condition::Asked)
    }

    /// Takes the list of the moment. Gives what has to be looked at, and what has changed.
    pub fn take(&mut self, seen: DiskList, now: Duration) -> (Vec<Command>, Vec<Change>) {
        let mut before = std::mem::take(&mut self.known);
        let mut changes = Vec::new();
        let mut commands = Vec::new();
        for disk in seen.disks {
            let place = before.iter().position(|known| is_same(&known.disk, &disk));
            let mut known = match place {
                Some(place) => before.remove(place),
                None => {
                    changes.push(Change::Arrived(disk.clone()));
                    Known {
                        disk: disk.clone(),
                        look: None,
                        asked: None,
                        changed: true,
                        occupied: None,
                    }
                }
            };
            known.changed |= known.disk != disk || seen.touched.contains(&disk.name);
            let occupied = seen.occupied.get(&disk.name).copied();
            // A job that has ended leaves something else than what was there before.
            known.changed |= occupied.is_none() && known.occupied.is_some();
            known.occupied = occupied;
            known.disk = disk;
            commands.extend(self.ask(&mut known, now));
            self.known.push(known);
        }
        changes.extend(before.into_iter().map(|known| Change::Left(known.disk)));
        if !std::mem::replace(&mut self.listed, true) {
            changes.clear();
        }
        (commands, changes)
    }

    /// Takes what was found. The answer to a look at a disk that has gone is forgotten.
    pub fn looked(&mut self, ticket: u64, look: Look, now: Duration) -> Vec<Command> {
        let asked = |known: &Known| known.asked.is_some_and(|(asked, _)| asked == ticket);
        let Some(place) = self.known.iter().position(asked) else {
            return Vec::new();
        };
        let mut known = self.known.remove(place);
        known.asked = None;
        if known.occupied.is_none() {
            known.look = Some(look);
        } else {
            // The job came in its way.
            known.changed = true;
        }
        let again = self.ask(&mut known, now);
        self.known.insert(place, known);
        again.into_iter().collect()
    }

    /// Asks again what is on every disk.
    pub fn look_again(&mut self, now: Duration) -> Vec<Command> {
        let mut known = std::mem::take(&mut self.known);
        known.iter_mut().for_each(|known| known.changed = true);
        let commands = known.iter_mut().filter_map(|known| self.ask(known, now)).collect();
        self.known = known;
        commands
    }

    /// This disk as it is now; `None` once it was taken out. One that was put back in is another one
    /// here: nobody can tell whether it is.
    #[must_use]
    pub fn attached(&self, disk: &Disk) -> Option<&Known> {
        self.known.iter().find(|known| is_same(&known.disk, disk))
    }

    /// The disk at this device node, or that has a partition there.
    #[must_use]
    pub fn with_device(&self, device: &Path) -> Option<&Known> {
        self.known.iter().find(|known| known.disk.nodes().iter().any(|node| node == device))
    }

    /// Asks what is on a disk that has changed, unless it still owes an answer or is not free to
    /// give one.
    fn ask(&mut self, known: &mut Known, now: Duration) -> Option<Command> {
        if !known.changed || known.asked.is_some() || known.occupied.is_some() {
            return None;
        }
        self.next_ticket += 1;
        known.changed = false;
        known.asked = Some((self.next_ticket, now));
        let disk = Box::new(known.disk.clone());
        Some(Command::Look { ticket: self.next_ticket, disk })
    }
}

/// True for the same disk at the same place, attached all the time. The place counts: a disk that
/// was moved to another port has to be looked at through its new name.
fn is_same(a: &Disk, b: &Disk) -> bool {
    a.name == b.name && a.number == b.number && a.is_still(b)
}
