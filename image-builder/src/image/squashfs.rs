//! The system image: a squashfs, which stays compressed in memory.

use std::path::{Path, PathBuf};

use crate::cache::Key;
use crate::command::run_with_input;
use crate::error::Result;
use crate::toolkit::Toolkit;
use crate::tree::{Tree, write_tar};
use crate::workshop::Workshop;

/// Large blocks compress better, small ones cost less memory when a part of a file is read.
const SETTINGS: [&str; 8] =
    ["-comp", "zstd", "-Xcompression-level", "19", "-b", "256K", "-reproducible", "-no-xattrs"];

/// Makes a squashfs of a tree.
pub(crate) fn make_squashfs(tree: &Tree, epoch: u32, workshop: &Workshop) -> Result<PathBuf> {
    let toolkit = &workshop.toolkit;
    let key = tree.key()?.with(SETTINGS.join(" ")).with(epoch.to_string());
    let name = "system.squashfs";
    let folder = workshop.cache.step("squashfs", toolkit.versions(key), |folder| {
        let mut command = toolkit.program("mksquashfs")?;
        command.arg("-").arg(folder.join(name)).arg("-tar").args(SETTINGS);
        command.args(["-mkfs-time", &epoch.to_string(), "-root-time", &epoch.to_string()]);
        command.args(["-root-mode", "755", "-quiet", "-no-progress"]);
        run_with_input(&mut command, |input| write_tar(tree, epoch, input)).map(drop)
    })?;
    Ok(Path::new(&folder).join(name))
}

impl Toolkit {
    /// A key with the versions of the programs in it: another version may make other bytes.
    pub(crate) fn versions(&self, key: Key) -> Key {
        self.packages.iter().fold(key, |key, package| key.with(&package.sha256))
    }
}
