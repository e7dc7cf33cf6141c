use std::fs::{self, File};
use std::path::Path;

use rustix::io::Errno;
use rustix::system::finit_module;

use crate::layout::{EARLY_MODULES, EARLY_ORDER};
use crate::{InitError, log};

/// Loads the modules that the system image needs. One that fails is logged: the kernel may have
/// the same built in, and mounting tells in any case.
pub(super) fn load_early() {
    let order = fs::read_to_string(EARLY_ORDER);
    let order = order.map_err(|error| InitError::file("reading", Path::new(EARLY_ORDER), error));
    for name in log::gone_past(order).unwrap_or_default().lines().map(str::trim) {
        if !name.is_empty() && !name.starts_with('#') {
            log::gone_past(load(&Path::new(EARLY_MODULES).join(name)));
        }
    }
}

fn load(path: &Path) -> Result<(), InitError> {
    let file = File::open(path).map_err(|error| InitError::file("opening", path, error))?;
    match finit_module(&file, c"", 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(InitError::file("loading", path, error)),
    }
}
