//! The steps that assemble an ISO, run twice on a small system: the bytes must be the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::archive::Unpacked;
use crate::boot;
use crate::cache::Cache;
use crate::contents::Contents;
use crate::disc::{Disc, make_disc};
use crate::image::{make_initrd, make_squashfs};
use crate::kernel::{Chosen, Index};
use crate::report::Report;
use crate::system::{Kernel, LISTS, Origin, Programs, System};
use crate::toolkit::Toolkit;
use crate::tree::Tree;
use crate::workshop::Workshop;

/// The date of the small system.
const EPOCH: u32 = 1_700_000_000;

/// A kernel with three modules, none of which could be loaded.
fn kernel(folder: &Path) -> Kernel {
    let modules = folder.join("modules");
    fs::create_dir_all(modules.join("kernel")).unwrap();
    let mut dependencies = String::new();
    for name in ["loop", "squashfs", "overlay"] {
        fs::write(modules.join(format!("kernel/{name}.ko")), name.repeat(1000)).unwrap();
        dependencies += &format!("kernel/{name}.ko:\n");
    }
    fs::write(modules.join("modules.dep"), dependencies).unwrap();
    fs::write(modules.join("modules.softdep"), "").unwrap();
    let lists = LISTS.map(|name| modules.join(name));
    for list in &lists {
        fs::write(list, "").unwrap();
    }
    let image = folder.join("vmlinuz");
    fs::write(&image, b"kernel".repeat(10_000)).unwrap();
    let built = std::time::UNIX_EPOCH + Duration::from_secs(u64::from(EPOCH));
    fs::File::options().write(true).open(&image).unwrap().set_modified(built).unwrap();
    let index = Index::read(&modules).unwrap();
    Kernel { version: "6.0-test".to_owned(), image, index, folder: modules, lists }
}

fn system(folder: &Path, text: &str) -> System {
    let mut tree = Tree::default();
    for number in 0..40_u32 {
        let file = folder.join(format!("file{number}"));
        fs::write(&file, text.repeat(number as usize * 1000)).unwrap();
        tree.place(&format!("usr/share/{number}/file"), &file).unwrap();
    }
    tree.put_link("bin", "usr/bin");
    let (packages, tools) = (Vec::new(), BTreeMap::new());
    let origin = Origin { packages, modules: Chosen::default(), tools };
    System { tree, origin, missing_firmware: Vec::new() }
}

/// Makes an ISO of the small system in a new folder, with a new cache.
fn assemble(common: &Cache, text: &str) -> Vec<u8> {
    let report = Report::silent();
    let folder = tempfile::tempdir().unwrap();
    let session = crate::apt::Session::open(&common.place("apt").unwrap(), false, &report).unwrap();
    let toolkit = Toolkit::open(&session, common, &report).unwrap();
    let cache = Cache::open(&folder.path().join("cache"), &report).unwrap();
    let workshop = Workshop { session, toolkit, cache, report: &report };

    let (kernel, system) = (kernel(folder.path()), system(folder.path(), text));
    let init = folder.path().join("init");
    fs::write(&init, "init").unwrap();
    let squashfs = make_squashfs(&system.tree, EPOCH, &workshop).unwrap();
    let initrd = make_initrd(&init, &squashfs, &kernel, EPOCH, &workshop.cache).unwrap();
    let loaders = workshop.session.candidates(&boot::packages()).unwrap();
    let loaders = workshop.unpack(&loaders).unwrap();
    let beside: Vec<&Unpacked> = loaders.iter().collect();
    let programs = Programs { remetal: init.clone(), init, crates: Vec::new() };
    let contents = Contents::list(&system, &kernel, &beside, &programs, &workshop.toolkit).unwrap();
    let disc = Disc {
        kernel: &kernel,
        initrd: &initrd,
        loaders: &loaders,
        contents: &contents,
        copyright: Vec::new(),
        append: "",
    };
    fs::read(make_disc(&disc, &workshop).unwrap()).unwrap()
}

#[test]
fn a_small_iso_is_the_same_twice_and_another_one_is_not() {
    let report = Report::silent();
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/iso/test-cache");
    let common = Cache::open(&place, &report).unwrap();
    let first = assemble(&common, "text");
    // FAT keeps times in steps of two seconds.
    thread::sleep(Duration::from_millis(2100));
    assert!(first == assemble(&common, "text"), "the second ISO differs");
    assert!(first != assemble(&common, "other"), "another system made the same ISO");
}
