//! The programs that make the image. They come from the same archive as what goes into it, and
//! are run from the folder they were unpacked in: nothing is installed on this machine, and every
//! machine with the same packages makes the same bytes.

use std::path::PathBuf;
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
        let exists = |path: &PathBuf| path.exists();
        let mut places = PROGRAMS.iter().map(|folder| self.folder.join(folder).join(name));
        let program = places.find(exists).ok_or_else(|| missing(name))?;
        let libraries = LIBRARIES.map(|folder| self.folder.join(folder));
        let loader = libraries.iter().map(|folder| folder.join(LOADER)).find(exists);
        let mut command = Command::new(loader.ok_or_else(|| missing(LOADER))?);
        let path = libraries.map(|folder| folder.display().to_string()).join(":");
        command.args(["--library-path", &path, "--argv0", name]).arg(program);
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        Ok(command)
    }
}

fn missing(name: &str) -> BuildError {
    BuildError::Package {
        package: PACKAGES.join(", "),
        problem: format!("none of them brought {name}"),
    }
}
