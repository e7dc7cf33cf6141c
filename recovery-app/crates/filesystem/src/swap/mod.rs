//! Linux swap space.

use block::{BlockDevice, BlockError, ExtentSet};

use crate::{AllocationMap, MapError, VolumeInfo};

/// What the volume says of itself, if it is one.
pub fn probe(_: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    Ok(None)
}

/// The bytes in use.
pub fn allocation(_: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    Err(MapError::unsupported("its free space is not read by this program"))
}

/// Paths of files in `extents`.
pub fn files_on(_: &dyn BlockDevice, _: &ExtentSet, _: usize) -> Result<Vec<String>, MapError> {
    Ok(Vec::new())
}

/// The content of a small file.
pub fn read_file(_: &dyn BlockDevice, _: &str, _: usize) -> Result<Option<Vec<u8>>, MapError> {
    Ok(None)
}
