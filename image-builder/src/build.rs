//! The whole way from a package archive to an ISO.

use std::fs;
use std::path::{Path, PathBuf};

use initramfs::layout;

use crate::archive::Unpacked;
use crate::boot;
use crate::cache::{Cache, hash_file};
use crate::contents::{Contents, Weight, copyright_file, used, weigh};
use crate::disc::{Disc, make_disc};
use crate::error::{Doing, Result};
use crate::image::{make_initrd, make_squashfs};
use crate::kernel::kernel_packages;
use crate::report::{Report, mebibytes};
use crate::system::{Kernel, Programs, System, collect};
use crate::workshop::Workshop;

/// What to build.
#[derive(Debug, Clone)]
pub struct Order {
    /// The ISO.
    pub output: PathBuf,
    /// Where packages and finished steps are kept.
    pub cache: PathBuf,
    /// The folder of lists.
    pub lists: PathBuf,
    /// Whether firmware goes in.
    pub firmware: bool,
    /// Added to the kernel's options in every entry of the menu.
    pub append: String,
    /// Ask for new package lists even if those here are of today.
    pub update: bool,
}

/// What was built.
#[derive(Debug)]
pub struct Built {
    /// The ISO.
    pub iso: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// Builds the ISO, and the list of what is in it beside it.
///
/// # Errors
///
/// Whatever is wrong is named; an ISO from before stays as it was.
pub fn build(order: &Order, report: &Report) -> Result<Built> {
    let cache = Cache::open(&order.cache, report)?;
    report.step("Package lists");
    let workshop = Workshop::open(cache, order.update, report)?;
    report.step("Kernel");
    let packages = kernel_packages(&workshop.session)?;
    for package in &packages {
        report.say(&format!("   {} {}", package.name, package.version));
    }
    let packages = workshop.unpack(&packages)?;
    let kernel = Kernel::open(&packages, &workshop.toolkit, &workshop.cache)?;
    let mut system = collect(&order.lists, order.firmware, &kernel, &workshop)?;
    report.step("Programs");
    let programs = Programs::build()?;
    report.step("Boot loaders");
    let loaders = workshop.unpack(&workshop.session.candidates(&boot::packages())?)?;

    let beside: Vec<&Unpacked> = loaders.iter().chain(&packages).collect();
    let contents = Contents::list(&system, &kernel, &beside, &programs, &workshop.toolkit)?;
    let copyright = copyright_file(&used(&system, &beside))?;
    system.tree.put_program("usr/bin/remetal", &programs.remetal);
    system.tree.put_bytes(layout::CONTENTS.trim_start_matches('/'), contents.json());

    report.step("System image");
    let epoch = kernel.epoch()?;
    let squashfs = make_squashfs(&system.tree, epoch, &workshop)?;
    let initrd = make_initrd(&programs.init, &squashfs, &kernel, epoch, &workshop.cache)?;
    report.step("ISO");
    let disc = Disc {
        kernel: &kernel,
        initrd: &initrd,
        loaders: &loaders,
        contents: &contents,
        copyright,
        append: &order.append,
    };
    let iso = make_disc(&disc, &workshop)?;
    workshop.cache.tidy()?;
    workshop.session.tidy()?;
    tell_weights(&system, &squashfs, &kernel, &iso, report)?;
    deliver(&iso, &contents, &order.output, report)
}

/// Says what each part weighs, the heaviest first.
fn tell_weights(
    system: &System,
    squashfs: &Path,
    kernel: &Kernel,
    iso: &Path,
    report: &Report,
) -> Result<()> {
    let size = |path: &Path| fs::metadata(path).map(|file| file.len()).doing("reading", path);
    let (image, whole, linux) = (size(squashfs)?, size(iso)?, size(&kernel.image)?);
    let mut parts: Vec<(String, Weight)> = weigh(system, image)?.into_iter().collect();
    parts.push(("kernel".to_owned(), Weight { unpacked: linux, packed: linux }));
    let rest = whole.saturating_sub(image + linux);
    parts.push(("boot loaders, PID 1, lists".to_owned(), Weight { unpacked: rest, packed: rest }));
    parts.sort_by_key(|(_, weight)| std::cmp::Reverse(weight.packed));
    report.say(&format!("{:30} {:>12} {:>12}", "part", "on the ISO", "unpacked"));
    for (part, weight) in parts {
        let (packed, unpacked) = (mebibytes(weight.packed), mebibytes(weight.unpacked));
        report.say(&format!("{part:30} {packed:>12} {unpacked:>12}"));
    }
    Ok(())
}

/// Puts the ISO where it was asked for, and beside it its hash and the list of contents.
fn deliver(iso: &Path, contents: &Contents, output: &Path, report: &Report) -> Result<Built> {
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).doing("making", folder)?;
    }
    let partial = output.with_extension("partial");
    let size = fs::copy(iso, &partial).doing("writing", &partial)?;
    fs::rename(&partial, output).doing("finishing", output)?;
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let texts = [
        ("contents.json", contents.json()),
        ("contents.txt", contents.to_string()),
        ("iso.sha256", format!("{}  {name}\n", hash_file(output)?)),
    ];
    for (ending, text) in texts {
        let path = output.with_extension(ending);
        fs::write(&path, text).doing("writing", &path)?;
    }
    report.say(&format!("{}: {}", output.display(), mebibytes(size)));
    Ok(Built { iso: output.to_owned(), size })
}
