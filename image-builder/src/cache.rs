//! Steps that are done once for the same inputs.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use hardware::Roots;
use sha2::{Digest, Sha256};

use crate::error::{BuildError, Doing, Result};
use crate::report::Report;

/// Bytes that a first build writes, and a later one: images, and packages that are new.
const NEEDED_FIRST: u64 = 1600 << 20;
const NEEDED_AGAIN: u64 = 500 << 20;

/// The folder with most of what a first build leaves.
const LARGEST: &str = "unpacked";

/// What was not used for so long is thrown away.
const KEPT_UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// A folder of finished steps, each under the hash of all that decides its result.
pub(crate) struct Cache<'a> {
    folder: PathBuf,
    /// Held for as long as the cache is open: two builds at a time would spoil it.
    _lock: File,
    /// Names of the steps of this build.
    steps: RefCell<BTreeSet<String>>,
    report: &'a Report,
}

impl<'a> Cache<'a> {
    /// Opens the cache, and makes it if it is not there.
    pub(crate) fn open(folder: &Path, report: &'a Report) -> Result<Self> {
        fs::create_dir_all(folder).doing("making", folder)?;
        let folder = fs::canonicalize(folder).doing("opening", folder)?;
        check_room(&folder)?;
        let path = folder.join("lock");
        let lock = File::create(&path).doing("making", &path)?;
        if lock.try_lock().is_err() {
            report.say("   Another build is using this cache; waiting for its end.");
            lock.lock().doing("locking", &path)?;
        }
        Ok(Self { folder, _lock: lock, report, steps: RefCell::default() })
    }

    /// A folder of this cache for what has its own rules.
    pub(crate) fn place(&self, name: &str) -> Result<PathBuf> {
        let place = self.folder.join(name);
        fs::create_dir_all(&place).doing("making", &place)?;
        Ok(place)
    }

    /// The folder that `make` has filled, now or in an earlier build with the same key.
    pub(crate) fn step(
        &self,
        name: &str,
        key: Key,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        self.steps.borrow_mut().insert(name.to_owned());
        let finished = self.place(name)?.join(key.text());
        if finished.is_dir() {
            touch(&finished)?;
            return Ok(finished);
        }
        let started = Instant::now();
        let partial = finished.with_extension("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).doing("removing", &partial)?;
        }
        fs::create_dir_all(&partial).doing("making", &partial)?;
        let made = make(&partial);
        if made.is_err() {
            // The failure itself is what matters; a full disk gets its room back.
            let _ = fs::remove_dir_all(&partial);
        }
        made?;
        fs::rename(&partial, &finished).doing("finishing", &finished)?;
        touch(&finished)?;
        self.report.made(name, started.elapsed());
        Ok(finished)
    }

    /// Throws away what no build has used for a month.
    pub(crate) fn tidy(&self) -> Result<()> {
        for step in self.steps.borrow().iter() {
            for made in unused(&self.folder.join(step))? {
                if made.is_dir() {
                    fs::remove_dir_all(&made).doing("removing", &made)?;
                }
            }
        }
        Ok(())
    }
}

/// A disk that is nearly full is named at once: some programs hang on it.
fn check_room(folder: &Path) -> Result<()> {
    let free = hardware::filesystem_of(&Roots::default(), folder)?.free;
    let needed = if folder.join(LARGEST).exists() { NEEDED_AGAIN } else { NEEDED_FIRST };
    if free >= needed {
        return Ok(());
    }
    Err(BuildError::NoRoom { path: folder.to_owned(), free, needed })
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).doing("reading", folder)?;
    entries.map(|entry| entry.map(|entry| entry.path()).doing("reading", folder)).collect()
}

/// What is in the folder and was not [touched](touch) for a month.
pub(crate) fn unused(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_old = |path: &PathBuf| {
        let used = fs::metadata(path).and_then(|metadata| metadata.modified());
        let age = used.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        age.is_some_and(|age| age > KEPT_UNUSED)
    };
    Ok(entries(folder)?.into_iter().filter(is_old).collect())
}

/// Notes that this build has used the file or folder.
pub(crate) fn touch(path: &Path) -> Result<()> {
    let used = File::open(path).doing("opening", path)?;
    used.set_modified(SystemTime::now()).doing("touching", path)
}

/// A hash of all inputs of a step. What is added is separated, so that `ab`, `c` and `a`, `bc`
/// differ.
#[derive(Clone, Default)]
pub(crate) struct Key(Sha256);

impl Key {
    /// With one more input.
    pub(crate) fn with(mut self, input: impl AsRef<[u8]>) -> Self {
        let input = input.as_ref();
        self.0.update((input.len() as u64).to_le_bytes());
        self.0.update(input);
        self
    }

    /// With the content of a file.
    pub(crate) fn with_file(self, path: &Path) -> Result<Self> {
        Ok(self.with(hash_file(path)?))
    }

    /// The hash, as 32 hexadecimal digits.
    pub(crate) fn text(self) -> String {
        hex(&self.0.finalize()[..16])
    }
}

/// The SHA-256 of a file.
pub(crate) fn hash_file(path: &Path) -> Result<String> {
    let mut file = File::open(path).doing("opening", path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).doing("reading", path)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hex(&hasher.finalize()))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_not_old() {
        let folder = tempfile::tempdir().unwrap();
        let [old, used] = ["old", "used"].map(|name| folder.path().join(name));
        for path in [&old, &used] {
            fs::write(path, "").unwrap();
            let long_ago = SystemTime::now() - KEPT_UNUSED - Duration::from_secs(60);
            File::open(path).unwrap().set_modified(long_ago).unwrap();
        }
        touch(&used).unwrap();
        assert_eq!(unused(folder.path()).unwrap(), [old]);
        assert!(unused(Path::new("/no/such/folder")).unwrap().is_empty());
    }
}
