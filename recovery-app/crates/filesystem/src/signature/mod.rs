//! Everything that is only named: encryption, members of arrays, and filesystems whose free space
//! is not read. All of it is captured whole.
//!
//! One row per signature, in the tables of [`containers`] and [`filesystems`]; what needs more
//! than comparing bytes has a check of its own. The places are those that `libblkid` of
//! util-linux and the kernel's headers give. Written by hand: the crates at hand wrap the C
//! library or know few kinds.

mod checks;
mod containers;
mod filesystems;
mod md;
mod row;
mod zfs;

use block::{BlockDevice, BlockError};

use crate::VolumeInfo;
pub use md::{OldMember, old_member};
use row::Row;

/// Members of Linux software RAID.
///
/// The filesystem inside often shines through, so these and the other containers come first.
pub fn probe_md(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    md::probe(volume)
}

/// What else contains another volume, or parts of one: encryption, members of arrays.
pub fn probe_container(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    first(volume, containers::ROWS)
}

/// Filesystems that are only named.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    first(volume, filesystems::ROWS)
}

/// Members of ZFS pools.
pub fn probe_zfs(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    zfs::probe(volume)
}

/// The first row that matches; the first failure to read when none does.
fn first(volume: &dyn BlockDevice, rows: &[Row]) -> Result<Option<VolumeInfo>, BlockError> {
    let mut failure = None;
    for row in rows {
        match row.probe(volume) {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(None), Err)
}
