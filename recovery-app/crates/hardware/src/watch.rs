//! When disks come, go and change.
//!
//! ```no_run
//! # fn main() -> Result<(), hardware::HardwareError> {
//! let mut watch = hardware::watch::DiskWatch::start()?;
//! let disks = hardware::disks(&hardware::Roots::default())?;
//! loop {
//!     if let Some(changes) = watch.next(std::time::Duration::from_secs(1))? {
//!         // Show a new list of disks.
//!     }
//! }
//! # }
//! ```

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::HardwareError;
use crate::scan::is_never_shown;
use crate::uevent::{Action, Received, Uevent, UeventSocket};

/// A disk comes with all its partitions: their messages follow each other within this time.
const QUIET: Duration = Duration::from_millis(120);

/// Even if messages never end, what has come is told after this time.
const LONGEST: Duration = Duration::from_millis(500);

/// What happened to disks, gathered over a moment. Names are the kernel's, such as `sda`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskChanges {
    /// Disks that were not there before, or are there again.
    pub arrived: BTreeSet<String>,
    /// Disks that are gone. One that came back in the same moment is in both sets.
    pub left: BTreeSet<String>,
    /// Disks with another medium, size, partition table or write protection.
    pub changed: BTreeSet<String>,
    /// Messages were lost: anything may have happened.
    pub rescan: bool,
}

impl DiskChanges {
    /// True when nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes one message into account; most are not about disks. A partition that comes or goes
    /// is a change of its disk.
    pub fn note(&mut self, event: &Uevent) {
        let Some((disk, is_whole)) = disk_of(event) else { return };
        let name = disk.to_owned();
        match event.action {
            Action::Add if is_whole => {
                self.changed.remove(&name);
                self.arrived.insert(name);
            }
            Action::Remove if is_whole => {
                self.changed.remove(&name);
                self.arrived.remove(&name);
                self.left.insert(name);
            }
            Action::Bind | Action::Unbind => {}
            // A new disk's partitions are part of its arrival, a lost one's of its leaving.
            _ if self.arrived.contains(&name) || self.left.contains(&name) => {}
            _ => drop(self.changed.insert(name)),
        }
    }
}

/// The disk that a message is about, and whether it is about the disk as a whole.
fn disk_of(event: &Uevent) -> Option<(&str, bool)> {
    if event.subsystem != "block" {
        return None;
    }
    let is_whole = event.property("DEVTYPE") != Some("partition");
    let mut parts = event.devpath.rsplit('/');
    let disk = parts.nth(usize::from(!is_whole))?;
    (!disk.is_empty() && !is_never_shown(disk)).then_some((disk, is_whole))
}

/// Watches the disks of this machine. Start it before the first look at them, and nothing is
/// missed in between.
#[derive(Debug)]
pub struct DiskWatch {
    socket: UeventSocket,
}

impl DiskWatch {
    /// Starts to watch.
    pub fn start() -> Result<Self, HardwareError> {
        Ok(Self { socket: UeventSocket::open()? })
    }

    /// What happened next, or `None` when nothing did for `patience`. Once something happens, it
    /// is told within half a second.
    pub fn next(&mut self, patience: Duration) -> Result<Option<DiskChanges>, HardwareError> {
        let mut changes = DiskChanges::default();
        let mut until = Instant::now() + patience;
        let mut latest = None;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.socket.receive(left)? {
                Some(Received::Event(event)) => changes.note(&event),
                Some(Received::Overrun) => changes.rescan = true,
                None => {}
            }
            let now = Instant::now();
            if !changes.is_empty() {
                let latest = *latest.get_or_insert(now + LONGEST);
                until = latest.min(if until <= now { now } else { now + QUIET });
            }
            if now >= until {
                return Ok((!changes.is_empty()).then_some(changes));
            }
        }
    }
}
