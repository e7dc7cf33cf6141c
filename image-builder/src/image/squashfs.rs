//! The system image: a squashfs, which stays compressed in memory.

use std::path::{Path, PathBuf};

use crate::cache::Key;
use crate::command::run_with_input;
use crate::error::Result;
use crate::toolkit::Toolkit;
use crate::tree::{Tree, write_tar};
use crate::workshop::Workshop;

/// Large blocks compress better, small ones cost less memory when a part of a file is read. Level
/// 15 makes 5 MB less of it than level 9, in 18 seconds instead of 3 on two processors; level 19
/// makes 1 MB less still, in twice that time.
const SETTINGS: [&str; 8] =
    ["-comp", "zstd", "-Xcompression-level", "15", "-b", "256K", "-reproducible", "-no-xattrs"];

/// Makes a squashfs of a tree.
pub(crate) fn make_squashfs(tree: &Tree, epoch: u32, workshop: &Workshop) -> Result<PathBuf> {
    let toolkit = &workshop.toolkit;
    let name = "system.squashfs";
    let arguments = arguments(epoch);
    let key = tree.key()?.with(arguments.join(" "));
    let folder = workshop.cache.step("squashfs", toolkit.versions(key), |folder| {
        let mut command = toolkit.program("mksquashfs")?;
        command.arg("-").arg(folder.join(name)).args(&arguments);
        run_with_input(&mut command, |input| write_tar(tree, epoch, input)).map(drop)
    })?;
    Ok(Path::new(&folder).join(name))
}

fn arguments(epoch: u32) -> Vec<String> {
    let epoch = epoch.to_string();
    // The root is not in the archive, and mksquashfs 4.5 gives it the time of day unless all
    // times are set.
    let times = ["-mkfs-time", &epoch, "-all-time", &epoch, "-root-mode", "755"];
    let all = [&["-tar", "-quiet", "-no-progress"], SETTINGS.as_slice(), &times].concat();
    all.into_iter().map(str::to_owned).collect()
}

impl Toolkit {
    /// A key with the versions of the programs in it: another version may make other bytes.
    pub(crate) fn versions(&self, key: Key) -> Key {
        self.packages.iter().fold(key, |key, package| key.with(&package.sha256))
    }
}
