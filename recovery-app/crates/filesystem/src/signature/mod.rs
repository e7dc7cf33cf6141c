//! Everything that is only named.

use block::{BlockDevice, BlockError};

use crate::VolumeInfo;

/// What contains another volume: encryption and members of arrays.
pub fn probe_container(_: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    Ok(None)
}

/// Filesystems that are only named.
pub fn probe(_: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    Ok(None)
}
