//! The backups on the attached drives, and the drives whose backups cannot be told.

use hardware::{Disk, same_disk};
use report::size;

use super::contents;
use crate::disks::{Condition, Known};
use crate::job::BackupId;
use crate::machine::{BackupEntry, Place};
use crate::state::Shared;
use crate::widgets::card;
use crate::widgets::list::Row;

/// A backup and the drive that it lies on.
#[derive(Debug, Clone, PartialEq)]
pub struct Backup {
    pub entry: BackupEntry,
    pub drive: Disk,
    /// Why the drive cannot be read now, without a full stop.
    obstacle: Option<String>,
}

/// All backups, newest first.
pub fn all(shared: &Shared) -> Vec<Backup> {
    let mut backups: Vec<Backup> =
        shared.disks.known().iter().flat_map(|known| on_drive(known, shared)).collect();
    backups.sort_by(|a, b| b.entry.made.cmp(&a.entry.made));
    backups
}

fn on_drive(known: &Known, shared: &Shared) -> Vec<Backup> {
    let obstacle = match known.condition(shared.now) {
        Condition::NotAnswering => Some("its drive does not answer".to_owned()),
        Condition::Occupied(occupation, _) => Some(format!("its drive {}", occupation.in_words())),
        Condition::Asked | Condition::Told(_) => None,
    };
    let places = known.look().into_iter().flat_map(|look| &look.places);
    places
        .filter(|place| place.problem.is_none())
        .flat_map(|place| &place.backups)
        .map(|entry| Backup {
            entry: entry.clone(),
            drive: known.disk.clone(),
            obstacle: obstacle.clone(),
        })
        .collect()
}

impl Backup {
    pub fn id(&self) -> &BackupId {
        &self.entry.id
    }

    /// It is still there: the same one, on the same drive. Another drive in the same place may
    /// have a backup in a folder of the same name.
    pub fn is_there(&self, shared: &Shared) -> bool {
        all(shared).iter().any(|backup| {
            backup.entry == self.entry
                && same_disk(&backup.drive.identity(), &self.drive.identity())
        })
    }

    /// Its name and, if that is known, when it was made.
    pub fn headline(&self) -> String {
        if self.entry.made.is_empty() {
            return self.entry.name.clone();
        }
        format!("{}, made {} (UTC)", self.entry.name, self.entry.made)
    }

    pub fn row(&self) -> Row {
        let entry = &self.entry;
        let refusal = entry.problem.clone().or_else(|| self.obstacle.clone());
        if entry.source.is_empty() {
            let more = vec![format!("on {}", card::identity(&self.drive))];
            return Row { more, refusal, ..Row::new(self.headline()) };
        }
        let sizes = format!(
            "{} of content, takes {} on {}",
            size::in_words(entry.content),
            size::in_words(entry.stored),
            card::identity(&self.drive)
        );
        Row {
            more: vec![format!("of {}", entry.source), contents::in_a_row(&entry.contents), sizes],
            warnings: self.lost_places().into_iter().collect(),
            refusal,
            ..Row::new(self.headline())
        }
    }

    fn lost_places(&self) -> Option<String> {
        match self.entry.lost {
            0 => None,
            1 => Some("The old disk could not be read in 1 place: that is missing.".to_owned()),
            places => Some(format!(
                "The old disk could not be read in {places} places: those are missing."
            )),
        }
    }
}

/// Why there may be more backups than are shown, a sentence each.
pub fn unseen(shared: &Shared) -> Vec<String> {
    let trouble = shared.trouble.iter().cloned();
    trouble.chain(shared.disks.known().iter().flat_map(|known| unseen_on(known, shared))).collect()
}

fn unseen_on(known: &Known, shared: &Shared) -> Vec<String> {
    let name = card::identity(&known.disk);
    let look = match known.condition(shared.now) {
        Condition::Asked => return vec![format!("Still looking at {name} ...")],
        Condition::NotAnswering => return vec![format!("{name} does not answer.")],
        Condition::Occupied(occupation, None) => {
            return vec![format!("{name} {}.", occupation.in_words())];
        }
        Condition::Told(look) | Condition::Occupied(_, Some(look)) => look,
    };
    if look.report.problem.is_some() {
        return vec![format!("{name} cannot be read.")];
    }
    look.places.iter().filter_map(|place| unseen_in(place, &name)).collect()
}

fn unseen_in(place: &Place, drive: &str) -> Option<String> {
    let label = place.label.as_ref().map(|label| format!("\"{label}\" on ")).unwrap_or_default();
    match &place.problem {
        Some(problem) => Some(format!("The files of {label}{drive} cannot be seen: {problem}")),
        None if place.is_cut => Some(format!(
            "Not all folders of {label}{drive} were looked through: there are too many."
        )),
        None => None,
    }
}
