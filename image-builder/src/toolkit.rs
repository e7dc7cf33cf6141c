//! The programs that make the image. They come from the same archive as what goes into it, and
//! are run from the folder they were unpacked in: nothing is installed on this machine, and every
//! machine with the same packages makes the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt::{Package, Session};
use crate::cache::{Cache, Key};
use crate::command::run;
use crate::error::{BuildError, Result};
use crate::report::Report;

/// The packages of these programs.
const PACKAGES: [&str; 6] =
    ["busybox", "grub-common", "kmod", "mtools", "squashfs-tools", "xorriso"];

/// Where the unpacked packages have programs and libraries.
const PROGRAMS: [&str; 4] = ["usr/bin", "usr/sbin", "bin", "sbin"];
const LIBRARIES: [&str; 2] = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];
const LOADER: &str = "ld-linux-x86-64.so.2";

/// After so many links, one after the other, Linux gives up as well (`path_resolution(7)`).
const LINKS_AT_MOST: usize = 40;

/// The unpacked programs.
pub(crate) struct Toolkit {
    folder: PathBuf,
    /// Versions of all packages in it.
    pub(crate) packages: Vec<Package>,
}

impl Toolkit {
    /// Fetches and unpacks the programs, if that has not been done.
    pub(crate) fn open(session: &Session, cache: &Cache, report: &Report) -> Result<Self> {
        let packages = session.closure(&PACKAGES.map(str::to_owned))?;
        let debs = session.download(&packages, report)?;
        let key = packages.iter().fold(Key::default(), |key, package| key.with(&package.sha256));
        let folder = cache.step("toolkit", key, |folder| {
            let mut unpack = |deb: &PathBuf| {
                run(Command::new("dpkg-deb").arg("--extract").arg(deb).arg(folder)).map(drop)
            };
            debs.iter().try_for_each(&mut unpack)
        })?;
        Ok(Self { folder, packages })
    }

    /// One of the programs, ready to be given arguments.
    pub(crate) fn program(&self, name: &str) -> Result<Command> {
        let program = self.find(&PROGRAMS, name)?;
        let mut command = Command::new(self.find(&LIBRARIES, LOADER)?);
        let path = LIBRARIES.map(|folder| self.folder.join(folder).display().to_string()).join(":");
        command.args(["--library-path", &path, "--argv0", name]).arg(program);
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        Ok(command)
    }

    /// The file of that name in the first of the folders that has it.
    fn find(&self, folders: &[&str], name: &str) -> Result<PathBuf> {
        let mut places = folders.iter().map(|folder| Path::new(folder).join(name));
        places.find_map(|place| follow(&self.folder, place)).ok_or_else(|| missing(name))
    }
}

/// The file behind `path`, which is relative to `root`. Links lead to files below `root`, those
/// with absolute targets as well: `/bin/kmod` is never that of this machine.
fn follow(root: &Path, mut path: PathBuf) -> Option<PathBuf> {
    for _ in 0..LINKS_AT_MOST {
        let file = root.join(&path);
        let Ok(target) = fs::read_link(&file) else { return file.exists().then_some(file) };
        let target = path.parent()?.join(target);
        path = target.strip_prefix("/").map(Path::to_owned).unwrap_or(target);
    }
    None
}

fn missing(name: &str) -> BuildError {
    BuildError::Package {
        package: PACKAGES.join(", "),
        problem: format!("none of them brought {name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_within_what_was_unpacked() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["bin", "sbin"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let program = root.path().join("bin/program-of-no-machine");
        fs::write(&program, "").unwrap();
        let link = |target, name| symlink(target, root.path().join("sbin").join(name)).unwrap();
        link("/bin/program-of-no-machine", "absolute");
        link("../bin/program-of-no-machine", "upwards");
        link("absolute", "link-to-link");
        link("/bin/sh", "only-on-this-machine");
        link("circle", "circle");
        let followed = |name| {
            let file = follow(root.path(), Path::new("sbin").join(name))?;
            Some(file.canonicalize().unwrap())
        };
        for name in ["absolute", "upwards", "link-to-link"] {
            assert_eq!(followed(name), Some(program.clone()), "{name}");
        }
        for name in ["only-on-this-machine", "circle", "nothing"] {
            assert_eq!(followed(name), None, "{name}");
        }
    }
}
