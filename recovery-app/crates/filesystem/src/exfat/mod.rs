//! exFAT.
//!
//! After Microsoft's "exFAT file system specification" (revision 1.00) and the kernel's
//! `fs/exfat/`. Written by hand because no crate gives the allocation bitmap.
//!
//! The allocation bitmap, a file in the root directory, is the map. It carries no checksum, and on
//! a volume that was not unmounted in order it may lag behind the directories. So everything they
//! name is always added, also on volumes that claim to be clean; there, the bitmap does without the
//! directories that cannot be read.

mod allocation;
mod bitmap;
mod boot;
mod directory;
mod probe;
mod system;

use block::{BlockDevice, ExtentSet};

use crate::MapError;
use crate::clusters;
use boot::Layout;
use directory::Tree;

pub use allocation::allocation;
pub use probe::probe;

/// The paths of files and directories with clusters in `extents`, at most `most`.
pub fn files_on(
    volume: &dyn BlockDevice,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    let layout = Layout::read(volume)?;
    clusters::files_on(volume, &mut layout.table(volume), &Tree::new(&layout), extents, most)
}

/// The content of the file at `path`, if it exists and has at most `most` bytes.
pub fn read_file(
    volume: &dyn BlockDevice,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let layout = Layout::read(volume)?;
    clusters::read_file(volume, &mut layout.table(volume), &Tree::new(&layout), path, most)
}
