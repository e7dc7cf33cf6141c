//! This computer, as the screens know it.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use hardware::watch::DiskWatch;
use hardware::{Disk, HardwareError, Roots};
use report::disk::DiskReport;
use tui::{DiskList, DisksSeen, End, Look, Machine};

use crate::look;

/// The file that the recovery environment runs from, as the kernel names it.
const SYSTEM_IMAGE: &str = "/system.squashfs";
/// How often the disks are listed although the kernel has said nothing: it does not tell of mounts.
const EVERY: Duration = Duration::from_secs(1);

/// The computer that this program runs on.
pub struct ThisComputer;

impl Machine for ThisComputer {
    fn watch(&self, seen: &mut dyn FnMut(DisksSeen) -> ControlFlow<()>) {
        // Begun before the first list, so that nothing is missed. Where the kernel tells nothing
        // (in a container), the disks are still listed now and then.
        let mut changes = DiskWatch::start().ok();
        let mut touched = Vec::new();
        let mut before = None;
        loop {
            let now = disks().map_err(|error| error.to_string());
            if !touched.is_empty() || before.as_ref() != Some(&now) {
                before = Some(now.clone());
                let list = now.map(|disks| DiskList { disks, touched });
                if seen(list).is_break() {
                    return;
                }
            }
            touched = wait(&mut changes);
        }
    }

    fn look(&self, disk: &Disk) -> Look {
        let report = look::of_disk(disk);
        Look { backups: backups(&report), report }
    }

    fn end(&self, end: End) -> Result<(), String> {
        let program = match end {
            End::PowerOff => "poweroff",
            End::Restart => "reboot",
        };
        let status =
            Command::new(program).status().map_err(|error| format!("{program}: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("{program}: {status}")) }
    }
}

/// The disks of this computer, without what the recovery environment itself is made of.
fn disks() -> Result<Vec<Disk>, HardwareError> {
    let mut disks = hardware::disks(&Roots::default())?;
    disks.retain(|disk| disk.backing_file.as_deref() != Some(Path::new(SYSTEM_IMAGE)));
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

/// Backups in the outermost folders of a disk; `None` where no files of it can be seen.
fn backups(report: &DiskReport) -> Option<usize> {
    let mut places = report.volumes.iter().flat_map(|volume| &volume.mounted_at).peekable();
    places.peek()?;
    Some(places.map(|place| backups_in(Path::new(place))).sum())
}

fn backups_in(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let is_backup = |path: &Path| {
        let partial = path.extension().is_some_and(|extension| extension == "partial");
        !partial && path.join(engine::MANIFEST_NAME).is_file()
    };
    entries.flatten().filter(|entry| is_backup(&entry.path())).count()
}
