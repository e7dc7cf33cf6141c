//! The disks that were saved since the computer was started: the kernel refuses writes to them,
//! because this program has told it to.
//!
//! Several processes have to know: there is a file for each, by the kernel's name of the disk, with
//! the disk's identity in it.

use std::fs;
use std::path::{Path, PathBuf};

use hardware::Disk;

/// Below it are the files.
const ROOT: &str = "/run/remetal/saved";

/// Why such a disk cannot be written, and what to do, in two sentences.
pub const IN_WORDS: &str = "It was saved in this session and is protected from writing since then. \
                            Take it out and put it in again, or restart, to use it.";

/// Remembers a disk that is about to be made read-only, unless it is so without our doing.
pub fn remember(disk: &Disk) {
    if disk.read_only {
        return;
    }
    // Without the file the disk is said to be write-protected, which is true as well.
    let _ = fs::create_dir_all(ROOT).and_then(|()| fs::write(file_of(disk), identity_of(disk)));
}

/// True for a disk that the kernel refuses to write to because it was saved.
pub fn is_protected(disk: &Disk) -> bool {
    disk.read_only && fs::read_to_string(file_of(disk)).is_ok_and(|text| text == identity_of(disk))
}

fn file_of(disk: &Disk) -> PathBuf {
    Path::new(ROOT).join(disk.name.replace('/', "!"))
}

/// All that tells it from another disk in its place.
fn identity_of(disk: &Disk) -> String {
    format!("{:?}", disk.identity())
}
