//! This computer, as the screens know it.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use hardware::{Disk, Roots};
use report::disk::DiskReport;
use tui::{DisksSeen, End, Look, Machine};

use crate::look;

/// How often it is looked up which disks there are.
const EVERY: Duration = Duration::from_secs(1);

/// The computer that this program runs on.
pub struct ThisComputer;

impl Machine for ThisComputer {
    fn watch(&self, seen: &mut dyn FnMut(DisksSeen) -> ControlFlow<()>) {
        let mut before = None;
        loop {
            let now = hardware::disks(&Roots::default()).map_err(|error| error.to_string());
            if before.as_ref() != Some(&now) {
                if seen(now.clone()).is_break() {
                    return;
                }
                before = Some(now);
            }
            thread::sleep(EVERY);
        }
    }

    fn look(&self, disk: &Disk) -> Look {
        let report = look::of_disk(disk);
        Look { backups: backups(&report), report }
    }

    fn end(&self, end: End) -> Result<(), String> {
        let program = match end {
            End::PowerOff => "/sbin/poweroff",
            End::Restart => "/sbin/reboot",
        };
        let status =
            Command::new(program).status().map_err(|error| format!("{program}: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("{program}: {status}")) }
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
