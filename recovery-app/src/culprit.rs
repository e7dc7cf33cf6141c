//! Which of a job's disks failed.

use std::path::Path;

use hardware::Disk;
use report::identity;

use crate::failure::Failure;

/// A disk that a job uses.
pub struct Used<'a> {
    disk: &'a Disk,
    /// What the job uses it for.
    role: &'static str,
    /// Where its files are shown.
    folder: Option<&'a Path>,
}

impl<'a> Used<'a> {
    /// The disk that is saved.
    pub fn source(disk: &'a Disk) -> Self {
        Self { disk, role: "the disk that is being saved", folder: None }
    }

    /// The drive that gets the backup, whose files are shown in `folder`.
    pub fn destination(disk: &'a Disk, folder: &'a Path) -> Self {
        Self { disk, role: "the drive for the backup", folder: Some(folder) }
    }

    /// The disk that is overwritten.
    pub fn target(disk: &'a Disk) -> Self {
        Self { disk, role: "the disk that is written", folder: None }
    }

    /// The drive with the backup, whose files are shown in `folder`.
    pub fn drive(disk: &'a Disk, folder: &'a Path) -> Self {
        Self { disk, role: "the drive with the backup", folder: Some(folder) }
    }

    fn has(&self, device: &Path) -> bool {
        self.disk.nodes().iter().any(|node| node == device)
            || self.folder.is_some_and(|folder| device.starts_with(folder))
    }

    /// That it is the one that failed, without a capital letter and a full stop.
    fn accused(&self, failure: &Failure) -> String {
        let words = match failure.kind {
            "not-written" => "does not hold what was written to it",
            _ => "was taken out, or does not answer as it should",
        };
        format!("{} {words}: {}", self.role, identity::of_disk(self.disk))
    }
}

/// Which disk did not do its work, as half a sentence; `None` where a failure has another cause, or
/// where it is of no disk in `used`.
pub fn culprit(failure: &Failure, used: &[Used<'_>]) -> Option<String> {
    let device = failure.device.as_deref().filter(|_| !failure.is_full)?;
    let used = used.iter().find(|used| used.has(Path::new(device)))?;
    Some(used.accused(failure))
}
