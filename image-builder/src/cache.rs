//! Steps that are done once for the same inputs.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use crate::error::{Doing, Result};
use crate::report::Report;

/// What was not used for so long is thrown away.
const KEPT_UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// A folder of finished steps, each under the hash of all that decides its result.
pub(crate) struct Cache<'a> {
    folder: PathBuf,
    /// Names of the steps of this build.
    steps: RefCell<BTreeSet<String>>,
    report: &'a Report,
}

impl<'a> Cache<'a> {
    /// Opens the cache, and makes it if it is not there.
    pub(crate) fn open(folder: &Path, report: &'a Report) -> Result<Self> {
        fs::create_dir_all(folder).doing("making", folder)?;
        let folder = fs::canonicalize(folder).doing("opening", folder)?;
        Ok(Self { folder, report, steps: RefCell::default() })
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
            for made in entries(&self.folder.join(step))? {
                let changed = fs::metadata(&made).and_then(|metadata| metadata.modified());
                let age = changed.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
                if age.is_some_and(|age| age > KEPT_UNUSED) && made.is_dir() {
                    fs::remove_dir_all(&made).doing("removing", &made)?;
                }
            }
        }
        Ok(())
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).doing("reading", folder)?;
    entries.map(|entry| entry.map(|entry| entry.path()).doing("reading", folder)).collect()
}

fn touch(path: &Path) -> Result<()> {
    let folder = fs::File::open(path).doing("opening", path)?;
    folder.set_modified(SystemTime::now()).doing("touching", path)
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
    let mut file = fs::File::open(path).doing("opening", path)?;
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
