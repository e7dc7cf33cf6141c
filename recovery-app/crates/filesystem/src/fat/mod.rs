//! FAT with 12, 16 and 32-bit entries.
//!
//! After Microsoft's "FAT32 File System Specification" 1.03 and the kernel's `fs/fat/`. Written by
//! hand because the crates that read FAT give files, not the table, and stop at the first damage.
//!
//! The table is the allocation map: an entry that is not zero is a cluster in use. All copies of
//! it count, also those that are not kept up to date (FAT32 can turn that off), and so does every
//! cluster that an entry leads to. A volume that was not unmounted in order may have directory
//! entries that the table does not know yet, and FAT12 cannot tell that it is one, so the
//! directories are always read too; where the volume claims to be clean, the table does without
//! those that cannot be read.

mod allocation;
mod boot;
mod directory;
mod probe;
mod scan;

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
