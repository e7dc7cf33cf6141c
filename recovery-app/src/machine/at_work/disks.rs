//! The disks that work has to itself, as other processes are told of them.

use std::collections::BTreeMap;
use std::path::Path;

use hardware::{Disk, Identity, Roots, same_disk};
use serde::{Deserialize, Serialize};
use tui::Occupation;
use tui::job::Work;

use super::told_by_others;

/// A disk that work has to itself.
#[derive(Serialize, Deserialize)]
pub struct UsedDisk {
    disk: Identity,
    #[serde(with = "OccupationName")]
    occupation: Occupation,
}

/// How an [`Occupation`] is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Occupation", rename_all = "kebab-case")]
enum OccupationName {
    Saved,
    Written,
    Read,
}

/// The disks that a piece of work is about to use. One that is not there any more is left out.
pub fn of(work: &Work) -> Vec<UsedDisk> {
    let used = |disk: &Disk, occupation| UsedDisk { disk: disk.identity(), occupation };
    let lies_on = |device: &Path, occupation| {
        let disk = hardware::disk_at(&Roots::default(), device).ok()?;
        Some(used(&disk, occupation))
    };
    match work {
        Work::BackUp(request) => {
            let sources = request.sources.iter();
            let saved = sources.map(|source| used(&source.disk, Occupation::Saved));
            saved.chain([used(&request.drive, Occupation::Written)]).collect()
        }
        Work::Check(backup) => lies_on(&backup.device, Occupation::Read).into_iter().collect(),
        Work::Restore(confirmed) => {
            let request = &confirmed.plan().request;
            let target = used(&request.target, Occupation::Written);
            let drive = lies_on(&request.backup.device, Occupation::Read);
            [target].into_iter().chain(drive).collect()
        }
        Work::Format(confirmed) => vec![used(&confirmed.request().disk, Occupation::Written)],
    }
}

/// Those of these disks that work in other processes has to itself, by the kernel's name.
pub fn occupied(root: &Path, disks: &[Disk]) -> BTreeMap<String, Occupation> {
    let used: Vec<UsedDisk> =
        told_by_others(root).into_iter().flat_map(|told| told.disks).collect();
    let by = |disk: &Disk| {
        let identity = disk.identity();
        // Two disks may look alike: the name tells them apart as long as they stay where they are.
        let is_it =
            |used: &&UsedDisk| used.disk.name == identity.name && same_disk(&used.disk, &identity);
        used.iter().find(is_it).map(|used| used.occupation)
    };
    disks.iter().filter_map(|disk| Some((disk.name.clone(), by(disk)?))).collect()
}
