//! Disks that tests need and that are slow to make: made when first asked for, and kept in
//! `target/vm-assets` under a hash of all that decides what they hold.
//!
//! Making them takes root, loop devices and, for the Debian, the archive that apt uses here.

pub mod debian;
pub mod disk;
pub mod drive;
pub mod files;
pub mod filesystems;
mod grub;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::paths;

/// A disk file that is kept, and what is known of it.
struct Kept {
    /// The raw disk; not to be changed.
    disk: PathBuf,
    /// What `make` said of it.
    facts: String,
}

/// The disk of that name and recipe. `make` gets the path of the file to make, if this is the
/// first time, and returns what is to be known of it later.
fn kept(
    name: &str,
    recipe: &[&str],
    make: impl FnOnce(&Path) -> Result<String, Error>,
) -> Result<Kept, Error> {
    let assets = paths::folder("vm-assets")?;
    let version = format!("{name}-{}", hex(&digest(recipe)[..8]));
    let [disk, facts] = ["img", "facts"].map(|end| assets.join(format!("{version}.{end}")));
    // Tests run in several processes: one makes the disk, the others wait for it.
    let lock = assets.join(format!("{name}.lock"));
    let lock = File::create(&lock).map_err(Error::file("make", &lock))?;
    lock.lock().map_err(Error::file("lock", &assets))?;
    if !facts.exists() {
        remove_older(&assets, name)?;
        let new = disk.with_extension("new");
        let said = make(&new)?;
        fs::rename(&new, &disk).map_err(Error::file("rename", &new))?;
        fs::write(&facts, said).map_err(Error::file("write", &facts))?;
    }
    let facts = fs::read_to_string(&facts).map_err(Error::file("read", &facts))?;
    Ok(Kept { disk, facts })
}

/// Removes what earlier recipes made: these files are large.
fn remove_older(assets: &Path, name: &str) -> Result<(), Error> {
    let beginning = format!("{name}-");
    for entry in fs::read_dir(assets).map_err(Error::file("list", assets))? {
        let path = entry.map_err(Error::file("list", assets))?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&beginning)) {
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
        }
    }
    Ok(())
}

fn digest(texts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text);
    }
    hasher.finalize().into()
}

/// SHA-256 of a file's content, in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn hash(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::file("open", path))?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece).map_err(Error::file("read", path))? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(&piece[..length]),
        }
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
