//! The kernel's package: its modules in the tree, and the few that come before the tree.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use initramfs::layout;

use crate::archive::Unpacked;
use crate::cache::{Cache, Key};
use crate::command::run;
use crate::error::{BuildError, Doing, Result};
use crate::kernel::{Chosen, Index, decompressed};
use crate::toolkit::Toolkit;
use crate::tree::Tree;

/// The unpacked kernel, and what is known of its modules.
pub(crate) struct Kernel {
    /// Such as `6.12.9+deb12-amd64`.
    pub(crate) version: String,
    /// The kernel itself.
    pub(crate) image: PathBuf,
    pub(crate) index: Index,
    /// Where its modules lie.
    pub(crate) folder: PathBuf,
}

impl Kernel {
    /// Finds out what is in the kernel's package.
    pub(crate) fn open(package: &Unpacked, toolkit: &Toolkit, cache: &Cache) -> Result<Self> {
        let wrong = |problem: &str| BuildError::Package {
            package: package.package.name.clone(),
            problem: problem.to_owned(),
        };
        let modules = ["lib/modules", "usr/lib/modules"].map(|path| package.folder.join(path));
        let modules = modules.iter().find(|folder| folder.is_dir());
        let modules = modules.ok_or_else(|| wrong("has no modules"))?;
        let mut versions = fs::read_dir(modules).doing("reading", modules)?;
        let version = versions.next().ok_or_else(|| wrong("has no modules"))?;
        let version = version.doing("reading", modules)?.file_name().to_string_lossy().into_owned();
        let folder = modules.join(&version);
        let image = package.folder.join(format!("boot/vmlinuz-{version}"));
        if !image.exists() {
            return Err(wrong("has no kernel"));
        }
        let index = index(&folder, &version, package, toolkit, cache)?;
        Ok(Self { version, image, index, folder })
    }

    /// When the kernel was built, in seconds since 1970: the date of everything on the ISO.
    pub(crate) fn epoch(&self) -> Result<u32> {
        let built = fs::metadata(&self.image).doing("reading", &self.image)?.mtime();
        Ok(u32::try_from(built).unwrap_or_default())
    }
}

/// Runs `depmod` over all modules of the kernel.
fn index(
    folder: &Path,
    version: &str,
    package: &Unpacked,
    toolkit: &Toolkit,
    cache: &Cache,
) -> Result<Index> {
    let made =
        cache.step("module-index", Key::default().with(&package.package.sha256), |root| {
            let ours = root.join("lib/modules").join(version);
            fs::create_dir_all(&ours).doing("making", &ours)?;
            // The unpacked package stays as it is.
            symlink(folder.join("kernel"), ours.join("kernel")).doing("linking", &ours)?;
            copy_lists(folder, &ours)?;
            depmod(toolkit, root, version)
        })?;
    Index::read(&made.join("lib/modules").join(version))
}

/// What the kernel's build says of itself: depmod reads it.
const LISTS: [&str; 3] = ["modules.builtin", "modules.builtin.modinfo", "modules.order"];

fn copy_lists(from: &Path, to: &Path) -> Result<()> {
    for name in LISTS {
        let list = from.join(name);
        fs::copy(&list, to.join(name)).doing("copying", &list)?;
    }
    Ok(())
}

fn depmod(toolkit: &Toolkit, root: &Path, version: &str) -> Result<()> {
    run(toolkit.program("depmod")?.arg("--basedir").arg(root).arg(version)).map(drop)
}

/// The chosen modules, decompressed and indexed, in a folder of their own.
pub(crate) fn place_modules(
    tree: &mut Tree,
    kernel: &Kernel,
    chosen: &Chosen,
    toolkit: &Toolkit,
    cache: &Cache,
) -> Result<()> {
    let names = chosen.modules.keys();
    let key = names.fold(Key::default().with(&kernel.version), |key, name| key.with(name));
    let made = cache.step("modules", key.with_file(&kernel.image)?, |root| {
        let ours = root.join("lib/modules").join(&kernel.version);
        for name in chosen.modules.keys() {
            unpack(kernel, name, &ours)?;
        }
        copy_lists(&kernel.folder, &ours)?;
        depmod(toolkit, root, &kernel.version)
    })?;
    tree.place_folder("usr", &made)
}

/// Unpacks a module to where it lies in the kernel's tree, below `folder`.
fn unpack(kernel: &Kernel, name: &str, folder: &Path) -> Result<()> {
    let Some(module) = kernel.index.get(name) else { return Ok(()) };
    let path = folder.join(module.unpacked_path());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).doing("making", parent)?;
    }
    fs::write(&path, decompressed(&module.file(&kernel.folder))?).doing("writing", &path)
}

/// Puts the modules that the system image cannot be mounted without beside PID 1.
pub(crate) fn place_early(tree: &mut Tree, kernel: &Kernel) -> Result<()> {
    let mut order: Vec<&str> = Vec::new();
    for name in layout::EARLY_NAMES {
        if kernel.index.get(name).is_none() && !kernel.index.is_built_in(name) {
            return Err(BuildError::Package {
                package: format!("kernel {}", kernel.version),
                problem: format!("has no module {name}"),
            });
        }
        let new = kernel.index.in_order(name).into_iter().filter(|name| !order.contains(name));
        order.extend(new.collect::<Vec<_>>());
    }
    let mut lines = String::new();
    for name in order {
        if let Some(module) = kernel.index.get(name) {
            let file = format!("{name}.ko");
            let path = format!("{}/{file}", layout::EARLY_MODULES.trim_start_matches('/'));
            tree.put_bytes(&path, decompressed(&module.file(&kernel.folder))?);
            lines.push_str(&file);
            lines.push('\n');
        }
    }
    tree.put_bytes(layout::EARLY_ORDER.trim_start_matches('/'), lines);
    Ok(())
}
