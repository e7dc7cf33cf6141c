//! Fetching packages, each checked by apt against the signed lists and once more here.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Package, Session};
use crate::cache::{hash_file, touch, unused};
use crate::command::run;
use crate::error::{BuildError, Doing, Result};
use crate::report::{Report, mebibytes};

impl Session {
    /// Fetches those of `packages` that are not there already; returns the file of each.
    ///
    /// # Errors
    ///
    /// [`BuildError::Package`] for a file whose hash is not the one in the signed list.
    pub(crate) fn download(&self, packages: &[Package], report: &Report) -> Result<Vec<PathBuf>> {
        let archives = self.archives();
        let good = |package: &Package| is_good(&archives.join(file_name(package)), package);
        let missing: Vec<&Package> = packages.iter().filter(|package| !good(package)).collect();
        for batch in missing.chunks(32) {
            let names = batch.iter().map(|package| format!("{}={}", package.name, package.version));
            // It saves into the current folder, and leaves whole what is there and right.
            run(self.apt("apt-get").current_dir(&archives).arg("download").args(names))?;
        }
        if !missing.is_empty() {
            let sizes = missing.iter().map(|package| archives.join(file_name(package)));
            let fetched =
                sizes.filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum();
            report.say(&format!("   {} packages fetched, {}", missing.len(), mebibytes(fetched)));
        }
        packages.iter().map(|package| found(&archives, package)).collect()
    }

    /// Throws away packages that no build has used for a month: older versions, mostly.
    ///
    /// # Errors
    ///
    /// When one cannot be removed.
    pub(crate) fn tidy(&self) -> Result<()> {
        for path in unused(&self.archives())? {
            if path.extension().is_some_and(|extension| extension == "deb") {
                fs::remove_file(&path).doing("removing", &path)?;
            }
        }
        Ok(())
    }
}

fn found(archives: &Path, package: &Package) -> Result<PathBuf> {
    let path = archives.join(file_name(package));
    if is_good(&path, package) {
        // Its date is that of the archive's file otherwise.
        touch(&path)?;
        return Ok(path);
    }
    if path.exists() {
        fs::remove_file(&path).doing("removing", &path)?;
    }
    Err(BuildError::Package {
        package: package.name.clone(),
        problem: format!("what was fetched as {} is not what the archive signed", path.display()),
    })
}

fn is_good(path: &Path, package: &Package) -> bool {
    hash_file(path).is_ok_and(|hash| hash == package.sha256)
}

/// The name under which apt saves a package: the colon of an epoch does not go into it.
fn file_name(package: &Package) -> String {
    format!("{}_{}_{}.deb", package.name, package.version.replace(':', "%3a"), package.architecture)
}
