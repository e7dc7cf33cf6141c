//! The volumes of a disk whose files can be seen, and the backups on them.

use std::path::{Path, PathBuf};

use filesystem::Kind;
use hardware::{Disk, Roots};
use report::content::{self, Role};
use report::disk::{DiskReport, VolumeReport};
use tui::{Holdings, Place};

use super::backups;
use super::drives::Mounted;
use super::volume::Volume;
use crate::look;

/// Volumes for starting a computer from are left out up to this size, in bytes.
const SMALL: u64 = 2 << 30;

/// What is on a disk, in a report and exactly. Mounts as [`of`] does.
pub fn holdings(disk: &Disk) -> (DiskReport, Holdings) {
    let (report, _) = look::of_disk(disk);
    let held = Holdings::of(&report, &of(disk, &report));
    (report, held)
}

/// Every volume with files, in the order of the disk. Each is mounted for the moment of looking,
/// without a write to the disk. May take as long as the disk does.
pub fn of(disk: &Disk, report: &DiskReport) -> Vec<Place> {
    let mut volumes: Vec<&VolumeReport> =
        report.volumes.iter().filter(|volume| has_files(volume)).collect();
    volumes.sort_by_key(|volume| volume.start);
    volumes
        .into_iter()
        .filter_map(|volume| Some(look(node_of(disk, volume)?, disk, volume)))
        .collect()
}

fn has_files(volume: &VolumeReport) -> bool {
    let is_shown = matches!(
        volume.filesystem,
        Kind::Ntfs
            | Kind::Ext2
            | Kind::Ext3
            | Kind::Ext4
            | Kind::Fat12
            | Kind::Fat16
            | Kind::Fat32
            | Kind::ExFat
            | Kind::Xfs
            | Kind::Btrfs
    );
    let is_for_starting = content::role(volume) == Role::Startup
        || volume.label.as_deref() == Some(crate::boot_medium::VENTOY_LABEL);
    is_shown && !(is_for_starting && volume.length <= SMALL)
}

/// The device node of a partition or a whole disk. Logical volumes have none as long as nobody
/// has opened their group.
fn node_of(disk: &Disk, volume: &VolumeReport) -> Option<PathBuf> {
    match volume.partition {
        None => (volume.length == disk.size).then(|| disk.path.clone()),
        Some(number) => {
            // A logical volume has the number of the partition that it lies in.
            volume.type_id.as_ref()?;
            let known = disk.partitions.iter().find(|known| known.number == number)?;
            Some(known.path.clone())
        }
    }
}

fn look(device: PathBuf, disk: &Disk, report: &VolumeReport) -> Place {
    let volume = Volume::of_report(&device, report, disk);
    let place = Place {
        title: report.title.clone(),
        label: report.label.clone(),
        size: report.length,
        not_writable: volume.not_writable.clone(),
        has_system: report.system.is_some(),
        device,
        ..Place::default()
    };
    match Mounted::reading(&volume) {
        Ok(mounted) => seen(place, mounted.folder()),
        Err(problem) => Place { problem: Some(problem), ..place },
    }
}

/// A place whose files are seen in `folder`.
fn seen(place: Place, folder: &Path) -> Place {
    match hardware::filesystem_of(&Roots::default(), folder) {
        Ok(filesystem) => {
            let found = backups::find(folder, &place.device);
            Place {
                size: filesystem.total,
                free: filesystem.free,
                backups: found.backups,
                is_cut: found.is_cut,
                unfinished: engine::unfinished_in(folder),
                ..place
            }
        }
        Err(error) => Place { problem: Some(format!("It cannot be read: {error}.")), ..place },
    }
}
