//! The kernel's packages, and what lies where in them.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use crate::archive::Unpacked;
use crate::cache::{Cache, Key};
use crate::command::run;
use crate::error::{BuildError, Doing, Result};
use crate::kernel::{IMAGE, Index};
use crate::toolkit::Toolkit;

/// The unpacked kernel, and what is known of its modules.
pub(crate) struct Kernel {
    /// Such as `6.12.9+deb12-amd64`.
    pub(crate) version: String,
    /// The kernel itself.
    pub(crate) image: PathBuf,
    pub(crate) index: Index,
    /// Where its modules lie, in `kernel/`.
    pub(crate) folder: PathBuf,
    /// The files of [`LISTS`].
    pub(crate) lists: [PathBuf; LISTS.len()],
}

/// What the kernel's build says of itself: depmod reads it.
pub(crate) const LISTS: [&str; 3] = ["modules.builtin", "modules.builtin.modinfo", "modules.order"];

impl Kernel {
    /// Finds out what is in the kernel's packages; the first gives it its name.
    pub(crate) fn open(packages: &[Unpacked], toolkit: &Toolkit, cache: &Cache) -> Result<Self> {
        let names = || packages.iter().map(|package| package.package.name.as_str());
        let missing = |what: &str| BuildError::Package {
            package: names().collect::<Vec<_>>().join(", "),
            problem: format!("without {what}"),
        };
        let version = names().next().and_then(|name| name.strip_prefix(IMAGE));
        let version = version.ok_or_else(|| missing("a version"))?.to_owned();
        let home = format!("usr/lib/modules/{version}");
        let find = |path: &str| packages.iter().find_map(|package| package.find(path));
        let image = find(&format!("boot/vmlinuz-{version}"))
            .or_else(|| find(&format!("{home}/vmlinuz")))
            .ok_or_else(|| missing("a kernel"))?;
        let folder = folder_with_modules(packages, &version).ok_or_else(|| missing("modules"))?;
        let mut lists = LISTS.map(PathBuf::from);
        for (list, name) in lists.iter_mut().zip(LISTS) {
            *list = find(&format!("{home}/{name}")).ok_or_else(|| missing(name))?;
        }
        let hashes = packages.iter().map(|package| &package.package.sha256);
        let key = hashes.fold(Key::default(), |key, hash| key.with(hash));
        let index = index(&folder, &version, &lists, key, toolkit, cache)?;
        Ok(Self { version, image, index, folder, lists })
    }

    /// When the kernel was built, in seconds since 1970: the date of everything on the ISO.
    pub(crate) fn epoch(&self) -> Result<u32> {
        let built = fs::metadata(&self.image).doing("reading", &self.image)?.mtime();
        Ok(u32::try_from(built).unwrap_or_default())
    }
}

fn folder_with_modules(packages: &[Unpacked], version: &str) -> Option<PathBuf> {
    let homes = ["usr/lib/modules", "lib/modules"];
    let mut folders = packages
        .iter()
        .flat_map(|package| homes.map(|home| package.folder.join(home).join(version)));
    folders.find(|folder| folder.join("kernel").is_dir())
}

/// Runs `depmod` over all modules of the kernel.
fn index(
    folder: &Path,
    version: &str,
    lists: &[PathBuf],
    key: Key,
    toolkit: &Toolkit,
    cache: &Cache,
) -> Result<Index> {
    let made = cache.step("module-index", key, |root| {
        let ours = root.join("lib/modules").join(version);
        fs::create_dir_all(&ours).doing("making", &ours)?;
        // The unpacked package stays as it is.
        symlink(folder.join("kernel"), ours.join("kernel")).doing("linking", &ours)?;
        copy_lists(lists, &ours)?;
        depmod(toolkit, root, version)
    })?;
    Index::read(&made.join("lib/modules").join(version))
}

pub(crate) fn copy_lists(lists: &[PathBuf], to: &Path) -> Result<()> {
    for list in lists {
        let name = list.file_name().unwrap_or_default();
        fs::copy(list, to.join(name)).doing("copying", list)?;
    }
    Ok(())
}

pub(crate) fn depmod(toolkit: &Toolkit, root: &Path, version: &str) -> Result<()> {
    run(toolkit.program("depmod")?.arg("--basedir").arg(root).arg(version)).map(drop)
}
