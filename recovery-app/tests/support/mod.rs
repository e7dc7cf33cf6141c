//! What the end-to-end tests share: real disks made by their own tools, the real binary, and
//! machines that boot.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod bytes;
pub mod debian;
pub mod disk;
pub mod files;
pub mod grub;
pub mod image;
pub mod remetal;
pub mod shell;
pub mod vm;

use std::path::{Path, PathBuf};

/// A directory of the test's own on the build disk, since what it holds is too large for a
/// `/tmp` that lives in memory.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Where things that are slow to make are kept between runs: `target/assets`.
pub fn assets() -> PathBuf {
    let assets = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("assets");
    std::fs::create_dir_all(&assets).unwrap();
    assets
}
