//! This computer, as the screens know it.

mod at_work;
mod back_up;
mod backups;
mod changed;
mod check;
mod disks;
mod drives;
mod facts;
mod format;
mod gate;
mod in_use;
mod journal;
mod opening;
mod places;
mod plan_backup;
mod restore;
mod speed;
mod teller;
#[cfg(test)]
mod tests;
mod tools;
mod trouble;
mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::Cancel;
use hardware::{Disk, Roots, same_disk};
use report::disk::DiskReport;
use tui::job::{BackupPlan, BackupRequest, Done, News, RestorePlan, RestoreRequest, Trouble, Work};
use tui::tool::{Facts, Tool};
use tui::{DisksSeen, End, Look, Machine, Occupation};

use self::at_work::Marker;
pub use self::drives::clear_leftovers;
use self::gate::{Claim, Gate, Use};
use self::trouble::OrTrouble;
use crate::look;
use crate::run::run;
use crate::saved;

/// How long a plan or a job waits for a disk that is being looked at.
const PATIENCE: Duration = Duration::from_secs(30);

/// The computer that this program runs on.
#[derive(Default)]
pub struct ThisComputer {
    gate: Gate,
    /// What was found last on each disk, by the kernel's name.
    known: Mutex<BTreeMap<String, (Disk, Look)>>,
    /// How often in a row a disk was looked at again only because somebody has it, by the kernel's
    /// name.
    doubted: Mutex<BTreeMap<String, u32>>,
}

impl ThisComputer {
    /// One that tells other processes of ours what its jobs have changed.
    pub fn telling_others() -> Self {
        Self { gate: Gate::telling(changed::FOLDER.into()), ..Self::default() }
    }
}

impl Machine for ThisComputer {
    fn watch(&self, seen: &mut dyn FnMut(DisksSeen) -> ControlFlow<()>) {
        disks::watch(&self.gate, seen);
    }

    /// A disk that a job uses, of this process or another one, is not looked at: what was found
    /// last is told again. The screens are told that it changed when the job has ended.
    fn look(&self, disk: &Disk) -> Look {
        if occupation_of(disk).is_some() {
            return self.known_of(disk);
        }
        let Some(_looking) = self.gate.look(&disk.name) else { return self.known_of(disk) };
        let (mut report, medium) = look::of_disk(disk);
        if !report.in_use.is_empty() {
            report.in_use = self.in_use(disk);
        }
        report.in_use.retain(|reason| !reason.contains(drives::ROOT));
        report.unfinished_restore =
            report.unfinished_restore.map(|backup| drives::without_mount_point(&backup));
        let places = places::of(disk, &report);
        let look = Look {
            report,
            places,
            is_boot_medium: medium.is_some(),
            protected: saved::is_protected(disk).then(|| saved::IN_WORDS.to_owned()),
        };
        let known = (disk.clone(), look.clone());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(disk.name.clone(), known);
        look
    }

    fn plan_backup(&self, request: &BackupRequest, cancel: &Cancel) -> Result<BackupPlan, Trouble> {
        let planned = plan_backup::plan(self, request, cancel);
        planned.inspect_err(|trouble| journal::not_planned("plan of a backup", trouble))
    }

    fn plan_restore(&self, request: &RestoreRequest) -> Result<RestorePlan, Trouble> {
        let planned = restore::plan(self, request);
        planned.inspect_err(|trouble| journal::not_planned("plan of a restore", trouble))
    }

    fn work(
        &self,
        work: &Work,
        told: &(dyn Fn(News) + Sync),
        cancel: &Cancel,
    ) -> Result<Done, Trouble> {
        let _marker = Marker::hold(Path::new(at_work::ROOT), work);
        journal::begun(work);
        let end = match work {
            Work::BackUp(request) => {
                back_up::back_up(self, request, told, cancel).map(Done::BackUp)
            }
            Work::Restore(plan) => restore::restore(self, plan, told, cancel).map(Done::Restore),
            Work::Check(backup) => check::check(self, backup, told, cancel).map(Done::Check),
            Work::Format(request) => format::format(self, request, told, cancel).map(Done::Format),
        };
        journal::ended(work, &end);
        end
    }

    fn use_tool(&self, tool: &Tool) -> Result<String, String> {
        tools::use_tool(self, tool)
    }

    fn facts(&self) -> Facts {
        facts::facts()
    }

    fn at_work_elsewhere(&self) -> Vec<String> {
        at_work::elsewhere(Path::new(at_work::ROOT))
    }

    fn end(&self, end: End) -> Result<(), String> {
        let program = match end {
            End::PowerOff => "poweroff",
            End::Restart => "reboot",
        };
        run(program, &[], "").map(drop).map_err(|error| error.to_string())
    }
}

impl ThisComputer {
    /// What uses a disk. Nothing tells when a use ends that nothing is known of: such a disk is
    /// looked at again, but not for ever.
    fn in_use(&self, disk: &Disk) -> Vec<String> {
        const MOST_AGAIN: u32 = 10;
        let found = in_use::of(disk);
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        if !found.is_unexplained {
            doubted.remove(&disk.name);
            return found.reasons;
        }
        let times = doubted.entry(disk.name.clone()).or_default();
        if *times < MOST_AGAIN {
            *times += 1;
            self.gate.touch(&disk.name);
        }
        found.reasons
    }

    /// What was found on a disk last.
    fn known_of(&self, disk: &Disk) -> Look {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&disk.name) {
            Some((known, look)) if disk.is_still(known) => look.clone(),
            _ => Look { report: DiskReport::listed(disk), ..Look::default() },
        }
    }

    /// Claims the disks with these device nodes. Refused at once while another process of ours (on
    /// another screen) works on one: what is on it will be another thing afterwards. A look of
    /// another process is waited for.
    fn claim(&self, devices: &[&Path], purpose: Use) -> Result<Claim<'_>, Trouble> {
        let until = Instant::now() + PATIENCE;
        let mut names = BTreeSet::new();
        for device in devices {
            let disk = hardware::disk_at(&Roots::default(), device).or_trouble()?;
            if let Some(occupation) = occupation_of(&disk) {
                let words = format!("{} {}.", disk.identity(), occupation.in_words());
                return Err(Trouble {
                    next: "Wait until that has ended, or choose another disk.".to_owned(),
                    ..trouble::refused(&words, format!("it is {}", device.display()))
                });
            }
            names.insert(disk.name);
        }
        let claim = self.gate.claim(names, purpose, PATIENCE).map_err(|disk| {
            let words = "A disk is still being looked at, and does not answer.";
            trouble::refused(words, format!("it is {disk}"))
        })?;
        for device in devices {
            while has_mounts_of_ours(device)? {
                if Instant::now() >= until {
                    let words = "Remetal is using this disk, on another screen.";
                    return Err(trouble::refused(words, format!("it is {}", device.display())));
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        Ok(claim)
    }
}

/// What work in another process does with a disk.
fn occupation_of(disk: &Disk) -> Option<Occupation> {
    let disks = std::slice::from_ref(disk);
    at_work::occupied(Path::new(at_work::ROOT), disks).into_values().next()
}

fn has_mounts_of_ours(device: &Path) -> Result<bool, Trouble> {
    let disk = hardware::disk_at(&Roots::default(), device).or_trouble()?;
    let mut points =
        disk.partitions.iter().flat_map(|partition| &partition.mounted_at).chain(&disk.mounted_at);
    Ok(points.any(|point| drives::is_ours(point)))
}

/// The disk that was chosen, as it is now; refused when another one has taken its place, or when it
/// was taken out meanwhile: what was put in then may be another one that says the same of itself.
fn still_there(disk: &Disk) -> Result<Disk, Trouble> {
    let refused = |words: &str, next: &str, detail: String| Trouble {
        next: next.to_owned(),
        ..trouble::refused(words, detail)
    };
    let gone = |detail: String| {
        let next = "Plug it in again, or go back and choose another one.";
        refused("The disk that was chosen is not there any more.", next, detail)
    };
    let now = hardware::disk_at(&Roots::default(), &disk.path)
        .map_err(|error| gone(error.to_string()))?;
    let path = disk.path.display();
    if !same_disk(&disk.identity(), &now.identity()) {
        return Err(gone(format!("{path} was {}, and is {}", disk.identity(), now.identity())));
    }
    if now.is_still(disk) {
        return Ok(now);
    }
    let number = |arrival: Option<u64>| arrival.map_or("none".to_owned(), |it| it.to_string());
    Err(refused(
        "The disk that was chosen was taken out meanwhile: what is in its place now may be another \
         one.",
        "Go back to the first screen, look at what is on it, and choose it again.",
        format!("{path} had the number {}, and has {}", number(disk.arrival), number(now.arrival)),
    ))
}
