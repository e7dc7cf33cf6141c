//! Which of a job's disks failed.

use std::path::Path;

use hardware::Disk;
use report::identity;
use tui::job::Trouble;

use crate::failure::Failure;

/// A disk that a job uses.
pub struct Used<'a> {
    disk: &'a Disk,
    /// What the job uses it for, at the start of a sentence.
    role: &'static str,
    /// Where its files are shown.
    folder: Option<&'a Path>,
}

impl<'a> Used<'a> {
    /// The disk that is overwritten.
    pub fn target(disk: &'a Disk) -> Self {
        Self { disk, role: "The disk that is written", folder: None }
    }

    /// The drive with the backup, whose files are shown in `folder`.
    pub fn drive(disk: &'a Disk, folder: &'a Path) -> Self {
        Self { disk, role: "The drive with the backup", folder: Some(folder) }
    }

    fn has(&self, device: &Path) -> bool {
        self.disk.nodes().iter().any(|node| node == device)
            || self.folder.is_some_and(|folder| device.starts_with(folder))
    }
}

/// The failure in words; where a device did not do its work, with the disk that it is.
pub fn by_disk(failure: Failure, used: &[Used<'_>]) -> Trouble {
    let device = failure.device.clone().filter(|_| failure.kind == "device" && !failure.is_full);
    let trouble = Trouble::from(failure);
    let Some(device) = device else { return trouble };
    match used.iter().find(|used| used.has(Path::new(&*device))) {
        Some(Used { disk, role, .. }) => {
            let disk = identity::of_disk(disk);
            let words = "was taken out, or does not answer as it should";
            Trouble { what: format!("{role} {words}: {disk}."), ..trouble }
        }
        None => trouble,
    }
}
