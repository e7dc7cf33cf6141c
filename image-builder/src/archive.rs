//! Packages, unpacked: no script of theirs is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt::Package;
use crate::cache::{Cache, Key};
use crate::command::run;
use crate::error::{Doing, Result};

/// A package, and the folder with its files.
#[derive(Debug, Clone)]
pub(crate) struct Unpacked {
    pub(crate) package: Package,
    pub(crate) folder: PathBuf,
}

/// A file or symbolic link of a package.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Where it goes, without the leading slash, with `/bin`, `/sbin` and `/lib` below `/usr`.
    pub(crate) path: String,
    /// Where it lies.
    pub(crate) file: PathBuf,
}

impl Unpacked {
    /// Unpacks a package, or finds it unpacked.
    pub(crate) fn open(cache: &Cache, package: &Package, deb: &Path) -> Result<Self> {
        let key = Key::default().with(&package.sha256);
        let folder = cache.step("unpacked", key, |folder| {
            run(Command::new("dpkg-deb").arg("--extract").arg(deb).arg(folder)).map(drop)
        })?;
        Ok(Self { package: package.clone(), folder })
    }

    /// All files and links, sorted by where they go.
    pub(crate) fn items(&self) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).doing("reading", &folder)? {
                let entry = entry.doing("reading", &folder)?;
                let kind = entry.file_type().doing("reading", &entry.path())?;
                if kind.is_dir() {
                    folders.push(entry.path());
                } else {
                    items.push(self.item(entry.path()));
                }
            }
        }
        items.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(items)
    }

    /// The file that the package has at `path`, which is given as in [`Item::path`].
    pub(crate) fn find(&self, path: &str) -> Option<PathBuf> {
        let outside = path.strip_prefix("usr/").unwrap_or(path);
        [path, outside]
            .iter()
            .map(|path| self.folder.join(path))
            .find(|path| fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_dir()))
    }

    fn item(&self, file: PathBuf) -> Item {
        let path = file.strip_prefix(&self.folder).unwrap_or(&file).to_string_lossy();
        Item { path: merged(&path), file }
    }
}

/// Where a path lies in a system whose `/bin`, `/sbin`, `/lib` and `/lib64` are links into `/usr`.
pub(crate) fn merged(path: &str) -> String {
    let first = path.split('/').next().unwrap_or_default();
    match first {
        "bin" | "sbin" | "lib" | "lib64" => format!("usr/{path}"),
        _ => path.to_owned(),
    }
}
