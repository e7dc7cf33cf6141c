//! What the end-to-end tests share: the real binary, and what judges its work. Disks and machines
//! that boot come from the crate `vm`.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod bytes;
pub mod image;
pub mod remetal;
pub mod shell;

/// A directory of the test's own on the build disk, since what it holds is too large for a
/// `/tmp` that lives in memory.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
