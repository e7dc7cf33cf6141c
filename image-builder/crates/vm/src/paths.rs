//! Where files of machines lie: below the build's own folder, which has room for disks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;

/// Cargo's folder for this workspace's products.
#[must_use]
pub fn target_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || {
            let here = Path::new(env!("CARGO_MANIFEST_DIR"));
            here.ancestors().nth(3).unwrap_or(here).join("target")
        },
        PathBuf::from,
    )
}

/// A folder below the target folder; made when it is not there yet.
pub(crate) fn folder(name: &str) -> Result<PathBuf, Error> {
    let folder = target_directory().join(name);
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    Ok(folder)
}

/// A folder of the caller's own for disks, which are too large for a `/tmp` that lives in memory.
/// It goes when the value does.
///
/// # Errors
/// When it cannot be made.
pub fn scratch() -> Result<TempDir, Error> {
    let folder = folder("vm-work")?;
    tempfile::tempdir_in(&folder).map_err(Error::file("make a folder in", &folder))
}
