//! Opens the backup that a person has chosen.

use std::path::Path;

use block::Caching;
use engine::{EngineError, MANIFEST_NAME};
use image::ImageReader;
use tui::job::{BackupId, Trouble};

use super::trouble::by_disk;
use crate::culprit::Used;
use crate::failure::Failure;

/// Opens the backup in `folder`, where the drive with it is mounted.
pub fn open(folder: &Path, id: &BackupId, used: &[Used<'_>]) -> Result<ImageReader, Trouble> {
    engine::open_backup(folder, Caching::Cached).map_err(|error| match error {
        EngineError::ForeignManifest { .. } => foreign_manifest(id, error.to_string()),
        error => by_disk(Failure::from(error).before_writing(), used),
    })
}

/// The screens know backups by their `manifest.json`, so the way around it is in the shell.
fn foreign_manifest(id: &BackupId, message: String) -> Trouble {
    const AT: &str = "/mnt";
    let quoted = |path: &Path| {
        let path = path.display().to_string();
        shlex::try_quote(&path).map_or_else(|_| path.clone(), std::borrow::Cow::into_owned)
    };
    let folder = Path::new(AT).join(&id.folder);
    let manifest = quoted(&folder.join(MANIFEST_NAME));
    let (device, folder) = (quoted(&id.device), quoted(&folder));
    let next = "Use another copy of the backup if there is one. Or look at it with the command line \
                in the shell (Alt+F2), which can do without that file: D shows what to type.";
    Trouble {
        next: next.to_owned(),
        details: vec![
            message,
            format!("mount {device} {AT}"),
            format!("mv {manifest} {manifest}.away"),
            format!("remetal verify {folder}"),
            format!("remetal plan {folder} DISK"),
        ],
        ..Trouble::refused(
            "The table of contents beside the backup (manifest.json) is not the one that was \
             written with it. The data itself may well be whole.",
        )
    }
}
