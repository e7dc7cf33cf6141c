//! Who uses which disk: a job has its disks to itself, and a short look waits for nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::changed;

/// How disks are going to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A plan is made: they are only read.
    Plan,
    /// Work is done: what is on them is another thing afterwards.
    Work,
}

/// Knows by the kernel's names who uses which disk.
#[derive(Default)]
pub struct Gate {
    users: Mutex<Users>,
    changed: Condvar,
    /// Where other processes are told of work that has ended, see [`changed`].
    others: Option<PathBuf>,
}

#[derive(Default)]
struct Users {
    /// Disks that are being looked at, and by how many.
    looked_at: BTreeMap<String, usize>,
    /// Disks that a plan or a job has to itself.
    claimed: BTreeSet<String>,
    /// Claimed disks that somebody wanted to look at meanwhile.
    turned_away: BTreeSet<String>,
    /// Disks that are worth another look.
    touched: BTreeSet<String>,
}

/// A disk is being looked at until this is dropped.
pub struct Looking<'a> {
    gate: &'a Gate,
    disk: String,
}

/// Disks are claimed until this is dropped.
pub struct Claim<'a> {
    gate: &'a Gate,
    disks: BTreeSet<String>,
    purpose: Use,
}

impl Gate {
    /// One that tells other processes of the end of work, in this folder.
    pub fn telling(folder: PathBuf) -> Self {
        Self { others: Some(folder), ..Self::default() }
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leave to look at a disk; `None` while it is claimed.
    pub fn look(&self, disk: &str) -> Option<Looking<'_>> {
        let mut users = self.users();
        if users.claimed.contains(disk) {
            users.turned_away.insert(disk.to_owned());
            return None;
        }
        *users.looked_at.entry(disk.to_owned()).or_default() += 1;
        Some(Looking { gate: self, disk: disk.to_owned() })
    }

    /// Claims disks. Waits until nobody looks at them any more; gives the disk that is still
    /// being used when patience ends.
    pub fn claim(
        &self,
        disks: BTreeSet<String>,
        purpose: Use,
        patience: Duration,
    ) -> Result<Claim<'_>, String> {
        let until = Instant::now() + patience;
        let mut users = self.users();
        users = self.wait(users, until, |users| {
            disks.iter().find(|disk| users.claimed.contains(*disk)).cloned()
        })?;
        users.claimed.extend(disks.iter().cloned());
        let claim = Claim { gate: self, disks: disks.clone(), purpose };
        let waited = self.wait(users, until, |users| {
            disks.iter().find(|disk| users.looked_at.contains_key(*disk)).cloned()
        });
        // The lock must be free when the claim is dropped.
        waited.map(drop)?;
        Ok(claim)
    }

    /// Waits until `blocked_by` names no disk.
    fn wait<'a>(
        &self,
        mut users: MutexGuard<'a, Users>,
        until: Instant,
        blocked_by: impl Fn(&Users) -> Option<String>,
    ) -> Result<MutexGuard<'a, Users>, String> {
        while let Some(disk) = blocked_by(&users) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(disk);
            }
            users =
                self.changed.wait_timeout(users, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(users)
    }

    /// The disk is worth another look.
    pub fn touch(&self, disk: &str) {
        self.users().touched.insert(disk.to_owned());
    }

    /// The disks that have become worth another look since this was asked last.
    pub fn take_touched(&self) -> Vec<String> {
        std::mem::take(&mut self.users().touched).into_iter().collect()
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        let mut users = self.gate.users();
        if let Some(count) = users.looked_at.get_mut(&self.disk) {
            *count -= 1;
            if *count == 0 {
                users.looked_at.remove(&self.disk);
            }
        }
        self.gate.changed.notify_all();
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // Only now: a look of another process must not take from work what it is about to open.
        if let (Some(folder), Use::Work) = (&self.gate.others, self.purpose) {
            self.disks.iter().for_each(|disk| changed::tell(folder, disk));
        }
        let mut users = self.gate.users();
        for disk in &self.disks {
            users.claimed.remove(disk);
            if users.turned_away.remove(disk) || self.purpose == Use::Work {
                users.touched.insert(disk.clone());
            }
        }
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    fn disks(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_claimed_disk_is_looked_at_again_afterwards() {
        let gate = Gate::default();
        let claim = gate.claim(disks(&["sda", "sdb"]), Use::Plan, SOON).unwrap();
        assert!(gate.look("sda").is_none() && gate.look("sdc").is_some());
        assert!(gate.take_touched().is_empty());
        drop(claim);
        assert_eq!(gate.take_touched(), ["sda"]);
        assert!(gate.look("sda").is_some());
        drop(gate.claim(disks(&["sdb"]), Use::Work, SOON).unwrap());
        assert_eq!(gate.take_touched(), ["sdb"]);
    }

    #[test]
    fn others_are_told_when_work_ends() {
        let folder = tempfile::tempdir().unwrap();
        let told = |name: &str| folder.path().join(name).exists();
        let gate = Gate::telling(folder.path().to_owned());
        drop(gate.claim(disks(&["sda"]), Use::Plan, SOON).unwrap());
        let claim = gate.claim(disks(&["sdb"]), Use::Work, SOON).unwrap();
        assert!(!told("sda") && !told("sdb"));
        drop(claim);
        assert!(!told("sda") && told("sdb"));
    }

    #[test]
    fn a_claim_waits_for_a_look_but_not_for_ever() {
        let gate = Gate::default();
        let looking = gate.look("sda").unwrap();
        assert_eq!(gate.claim(disks(&["sda"]), Use::Work, SOON).err().unwrap(), "sda");
        assert!(gate.look("sda").is_some(), "the failed claim is given up");
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(SOON);
                drop(looking);
            });
            assert!(gate.claim(disks(&["sda"]), Use::Work, 500 * SOON).is_ok());
        });
    }
}
