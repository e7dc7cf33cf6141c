//! The disks that are there, as they come and go.

use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use hardware::watch::DiskWatch;
use hardware::{Disk, HardwareError, Roots};
use tui::{DiskList, DisksSeen};

use super::at_work;
use super::changed::{self, Listener};
use super::drives;
use super::gate::Gate;

/// The file that the recovery environment runs from, as the kernel names it.
const SYSTEM_IMAGE: &str = "/system.squashfs";
/// How often the disks are listed although the kernel has said nothing: it does not tell of mounts.
const EVERY: Duration = Duration::from_secs(1);

/// Tells the disks at once, and then whenever they change or somebody is done with one.
pub fn watch(gate: &Gate, seen: &mut dyn FnMut(DisksSeen) -> ControlFlow<()>) {
    // Begun before the first list, so that nothing is missed. Where the kernel tells nothing
    // (in a container), the disks are still listed now and then.
    let mut changes = DiskWatch::start().ok();
    let mut others = Listener::start(Path::new(changed::FOLDER));
    let mut touched = Vec::new();
    let mut before = None;
    loop {
        let now = list().map_err(|error| error.to_string());
        // Asked after the list: whatever work has done to a disk by then, it is known to be at work.
        let occupied = now.as_ref().map(|disks| at_work::occupied(Path::new(at_work::ROOT), disks));
        let occupied = occupied.unwrap_or_default();
        if !touched.is_empty() || before.as_ref() != Some(&(now.clone(), occupied.clone())) {
            before = Some((now.clone(), occupied.clone()));
            let list = now.map(|disks| DiskList { disks, touched, occupied });
            if seen(list).is_break() {
                return;
            }
        }
        touched = wait(&mut changes);
        touched.extend(gate.take_touched());
        touched.extend(others.news());
    }
}

/// The disks of this computer, without what the recovery environment itself is made of, and as
/// they are without what this program does to them for a moment: each look at a disk would be a
/// change that is worth another look.
fn list() -> Result<Vec<Disk>, HardwareError> {
    let begin = SystemTime::now();
    let mut disks = hardware::disks(&Roots::default())?;
    let held = drives::held_since(begin);
    disks.retain(|disk| disk.backing_file.as_deref() != Some(Path::new(SYSTEM_IMAGE)));
    for disk in &mut disks {
        disk.mounted_at.retain(|point| !drives::is_ours(point));
        let is_held = held.contains(&disk.path);
        disk.read_only &= !is_held;
        for partition in &mut disk.partitions {
            partition.mounted_at.retain(|point| !drives::is_ours(point));
            partition.read_only &= !is_held && !held.contains(&partition.path);
        }
    }
    Ok(disks)
}

/// Waits until something may have changed, and gives the names of the disks that the kernel says
/// have.
fn wait(changes: &mut Option<DiskWatch>) -> Vec<String> {
    let told = changes.as_mut().map(|changes| changes.next(EVERY));
    match told {
        Some(Ok(told)) => told.map(|told| told.changed.into_iter().collect()).unwrap_or_default(),
        Some(Err(_)) | None => {
            *changes = None;
            thread::sleep(EVERY);
            Vec::new()
        }
    }
}
