//! What is kept of a machine when something went wrong with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use crate::error::Error;
use crate::paths;

/// The folder for a machine of the test that runs in this thread. What an earlier run left there
/// is removed.
pub(crate) fn folder(machine: &str) -> Result<PathBuf, Error> {
    let test = thread::current().name().unwrap_or("unnamed").replace("::", ".");
    let folder = paths::folder("vm-failures")?.join(test).join(machine);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Error::file("remove", &folder))?;
    }
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    Ok(folder)
}

/// Writes one piece. A failure is not worth hiding the one that is being reported.
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let _ = fs::write(folder.join(name), bytes);
}
