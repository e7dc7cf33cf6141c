//! The kernel's modules in the tree, and the few that come before the tree.

use std::fs;
use std::path::Path;

use initramfs::layout;

use crate::cache::{Cache, Key};
use crate::error::{BuildError, Doing, Result};
use crate::kernel::{Chosen, decompressed};
use crate::toolkit::Toolkit;
use crate::tree::Tree;

use super::kernel::{Kernel, copy_lists, depmod};

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
        copy_lists(&kernel.lists, &ours)?;
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
