//! Firmware: the files that the chosen modules name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Kernel;
use crate::archive::Unpacked;
use crate::error::Result;
use crate::kernel::{Chosen, decompressed, firmware_names};
use crate::lists::FirmwareList;
use crate::tree::Tree;

/// Where firmware lies in packages and in the image.
const FOLDER: &str = "usr/lib/firmware/";

/// Adds the firmware of the chosen modules. Returns the names that no package has, most of them
/// for hardware that was never sold, each with its module.
pub(crate) fn add_firmware(
    tree: &mut Tree,
    kernel: &Kernel,
    chosen: &Chosen,
    list: &FirmwareList,
    packages: &[Unpacked],
) -> Result<Vec<String>> {
    let pool = pool(packages)?;
    let mut missing = Vec::new();
    for (name, section) in &chosen.modules {
        let Some(module) = kernel.index.get(name) else { continue };
        if !list.sections.contains(section) {
            continue;
        }
        let module = decompressed(&module.file(&kernel.folder))?;
        for wanted in firmware_names(name, &module)? {
            if !list.left_out.match_any(&wanted) && !place(tree, &pool, &wanted)? {
                missing.push(format!("{wanted} ({name})"));
            }
        }
    }
    Ok(missing)
}

fn pool(packages: &[Unpacked]) -> Result<BTreeMap<String, PathBuf>> {
    let mut pool = BTreeMap::new();
    for package in packages {
        let items = package.items()?.into_iter();
        pool.extend(items.filter_map(|item| {
            item.path.strip_prefix(FOLDER).map(|name| (name.to_owned(), item.file.clone()))
        }));
    }
    Ok(pool)
}

/// Puts one file, with the file behind it where it is a link. False when there is none.
fn place(tree: &mut Tree, pool: &BTreeMap<String, PathBuf>, name: &str) -> Result<bool> {
    let Some(file) = pool.get(name) else { return Ok(false) };
    let whole = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
    tree.place(&format!("{FOLDER}{name}"), &whole)?;
    Ok(true)
}
