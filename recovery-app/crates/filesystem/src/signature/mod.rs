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
use row::Row;

/// What contains another volume, or parts of one: encryption, members of arrays.
///
/// The filesystem inside often shines through, so these come before all others.
pub fn probe_container(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    match md::probe(volume) {
        Ok(None) => first(volume, containers::ROWS),
        Ok(found) => Ok(found),
        Err(error) => first(volume, containers::ROWS)?.map(Some).ok_or(error),
    }
}

/// Filesystems that are only named.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    match first(volume, filesystems::ROWS) {
        Ok(None) => zfs::probe(volume),
        Ok(found) => Ok(found),
        Err(error) => zfs::probe(volume)?.map(Some).ok_or(error),
    }
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
