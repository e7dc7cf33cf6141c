//! What the kernel unpacks: PID 1, the modules it starts with, and the system image.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use initramfs::layout;

use crate::cache::Cache;
use crate::error::{Doing, Result};
use crate::system::{Kernel, place_early};
use crate::tree::{Content, Device, Node, Tree, write_cpio};

/// What PID 1 needs before it has mounted anything. The kernel opens the console for it; where
/// there is none, Rust's runtime opens `/dev/null` in its place, and ends the program, and with it
/// the kernel, if it cannot.
const DEVICES: [Device; 2] = [
    Device { path: "dev/console", major: 5, minor: 1 },
    Device { path: "dev/null", major: 1, minor: 3 },
];

/// Folders to mount things at before there is a system.
const FOLDERS: [&str; 4] = ["dev", "proc", "run", "sys"];

/// Makes the initial ramdisk. It is not compressed: nearly all of it is.
pub(crate) fn make_initrd(
    init: &Path,
    system: &Path,
    kernel: &Kernel,
    epoch: u32,
    cache: &Cache,
) -> Result<PathBuf> {
    let mut tree = Tree::default();
    FOLDERS.iter().for_each(|folder| tree.put_folder(folder));
    tree.put_program("init", init);
    place_early(&mut tree, kernel)?;
    let content = Content::File(system.to_owned());
    tree.put(layout::SYSTEM_IMAGE.trim_start_matches('/'), Node::File(content, false));
    let name = "initrd.img";
    let key = tree.key()?.with(epoch.to_string()).with(format!("{DEVICES:?}"));
    let folder = cache.step("initrd", key, |folder| {
        let path = folder.join(name);
        let file = File::create(&path).doing("making", &path)?;
        write_cpio(&tree, &DEVICES, epoch, BufWriter::with_capacity(1 << 20, file))
    })?;
    Ok(folder.join(name))
}
