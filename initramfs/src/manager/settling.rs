//! When the machine has found what there is to find.
//!
//! Nobody announces the end of it: disks are searched for in the background. So it is taken for
//! reached when nothing was heard for a while.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Silence that is long enough when no disk is known to be on its way.
const QUIET: Duration = Duration::from_millis(1500);

/// Silence after which a disk that is on its way is not waited for any longer.
const LONG_QUIET: Duration = Duration::from_secs(10);

/// After this time the unattended command begins in any case.
const DEADLINE: Duration = Duration::from_secs(60);

/// What is known about the search for devices.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// When it began.
    pub began: Instant,
    /// When something was heard for the last time.
    pub last_heard: Instant,
    /// No driver is being loaded.
    pub idle: bool,
    /// See [`disk_is_on_its_way`].
    pub disk_is_on_its_way: bool,
}

/// How long to wait before asking again; `None` when it has settled.
#[must_use]
pub fn wait(search: Search, now: Instant) -> Option<Duration> {
    const AGAIN: Duration = Duration::from_millis(100);
    let silence = now.saturating_duration_since(search.last_heard);
    let needed = if search.disk_is_on_its_way { LONG_QUIET } else { QUIET };
    let over = now.saturating_duration_since(search.began) >= DEADLINE;
    if over || (search.idle && silence >= needed) {
        return None;
    }
    // A disk that arrives shortens the wait, and is seen by looking only.
    let missing = needed.saturating_sub(silence).max(Duration::from_millis(10));
    Some(if search.idle && !search.disk_is_on_its_way { missing } else { AGAIN })
}

/// True while the driver of a USB disk has not asked it yet what it is: the kernel gives such
/// disks a second or more to come to themselves.
#[must_use]
pub fn disk_is_on_its_way(sys: &Path) -> bool {
    let drivers = ["usb-storage", "uas"].map(|name| sys.join("bus/usb/drivers").join(name));
    // The links to devices are named after the port, such as 2-1:1.0.
    drivers.iter().flat_map(|driver| children(driver)).any(|device| {
        let is_port = device.file_name().is_some_and(|name| name.to_string_lossy().contains(':'));
        is_port
            && children(&device)
                .filter(|path| is_named(path, "host"))
                .all(|host| !children(&host).any(|target| is_named(&target, "target")))
    })
}

fn children(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_named(path: &Path, start: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
}
