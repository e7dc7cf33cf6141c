//! The whole way from a package archive to an ISO.

use std::fs;
use std::path::{Path, PathBuf};

use crate::apt::Session;
use crate::archive::Unpacked;
use crate::boot::{self, Bios, Menu};
use crate::cache::{Cache, Key};
use crate::error::{BuildError, Doing, Result};
use crate::image::{IsoParts, make_initrd, make_iso, make_squashfs};
use crate::kernel::{choose_modules, kernel_package};
use crate::lists::{FirmwareList, ModuleList, ToolList};
use crate::report::{Report, mebibytes};
use crate::system::{
    Kernel, Programs, add_firmware, add_frame, add_libraries, add_tools, place_modules,
};
use crate::toolkit::{Toolkit, unpack_all};
use crate::tree::{Content, Node, Tree};

/// What to build.
#[derive(Debug, Clone)]
pub struct Order {
    /// The ISO.
    pub output: PathBuf,
    /// Where packages and finished steps are kept.
    pub cache: PathBuf,
    /// The folder of lists.
    pub lists: PathBuf,
    /// Whether firmware goes in that is not free software.
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

/// Builds the ISO.
///
/// # Errors
///
/// Whatever is wrong is named; an ISO from before stays as it was.
pub fn build(order: &Order, report: &Report) -> Result<Built> {
    let cache = Cache::open(&order.cache, report)?;
    report.step("Package lists");
    let session = Session::open(&cache.place("apt")?, order.update, report)?;
    let toolkit = Toolkit::open(&session, &cache, report)?;

    report.step("Kernel");
    let package = kernel_package(&session)?;
    report.say(&format!("   {} {}", package.name, package.version));
    let kernel = unpack_all(&session, &cache, &[package], report)?;
    let kernel = Kernel::open(&kernel[0], &toolkit, &cache)?;
    let epoch = kernel.epoch()?;
    let modules = choose_modules(&ModuleList::read(&order.lists)?, &kernel.index)?;
    report.say(&format!("   {} modules", modules.modules.len()));
    modules.idle.iter().for_each(|line| report.say(&format!("   leaves out nothing: {line}")));

    report.step("Tools");
    let list = ToolList::read(&order.lists)?;
    let tools = tool_packages(&list, &session, &cache, report)?;
    let mut tree = Tree::default();
    add_frame(&mut tree);
    let dropped = add_tools(&mut tree, &list, &tools, &toolkit)?;
    report.say(&format!("   {} packages, without {} scripts", tools.len(), dropped.len()));
    dropped.iter().for_each(|name| report.say(&format!("   {name}")));
    add_libraries(&mut tree, &tools)?;
    place_modules(&mut tree, &kernel, &modules, &toolkit, &cache)?;

    if order.firmware {
        report.step("Firmware");
        let list = FirmwareList::read(&order.lists)?;
        let unknown = session.unknown(&list.packages)?;
        let offered: Vec<String> =
            list.packages.iter().filter(|name| !unknown.contains(name)).cloned().collect();
        let packages = unpack_all(&session, &cache, &session.newest(&offered)?, report)?;
        let firmware = add_firmware(&mut tree, &kernel, &modules, &list, &packages)?;
        report.say(&format!("   {} files are in no package", firmware.missing.len()));
    }

    let programs = Programs::build(report)?;
    tree.put_program("usr/bin/remetal", &programs.remetal);

    report.step("System image");
    let system = make_squashfs(&tree, epoch, &toolkit, &cache)?;
    let initrd = make_initrd(&programs.init, &system, &kernel, epoch, &cache)?;

    report.step("ISO");
    let loaders = session.candidates(&boot::PACKAGES.map(str::to_owned))?;
    let loaders = unpack_all(&session, &cache, &loaders, report)?;
    let iso = assemble(order, &kernel, &initrd, &loaders, epoch, &toolkit, &cache)?;
    cache.tidy()?;
    finish(&iso, &order.output, report)
}

fn tool_packages(
    list: &ToolList,
    session: &Session,
    cache: &Cache,
    report: &Report,
) -> Result<Vec<Unpacked>> {
    let names: Vec<String> = list.tools.iter().map(|tool| tool.package.clone()).collect();
    let unknown = session.unknown(&names)?;
    let missing: Vec<String> = list
        .tools
        .iter()
        .filter(|tool| tool.required && unknown.contains(&tool.package))
        .map(|tool| format!("{} (tools, line {})", tool.package, tool.line.number))
        .collect();
    if !missing.is_empty() {
        return Err(BuildError::UnknownPackages { names: missing });
    }
    let names: Vec<String> = names.into_iter().filter(|name| !unknown.contains(name)).collect();
    unpack_all(session, cache, &session.closure(&names)?, report)
}

fn assemble(
    order: &Order,
    kernel: &Kernel,
    initrd: &Path,
    loaders: &[Unpacked],
    epoch: u32,
    toolkit: &Toolkit,
    cache: &Cache,
) -> Result<PathBuf> {
    let mark = Key::default().with_file(initrd)?.with_file(&kernel.image)?.with(&order.append);
    let mark = format!("remetal/{}", mark.text());
    let redirection = boot::redirection(&mark);
    let grub = loaders.iter().find(|loader| loader.package.name == "grub-pc-bin");
    let grub =
        grub.ok_or_else(|| BuildError::UnknownPackages { names: vec!["grub-pc-bin".into()] })?;
    let bios = Bios::make(grub, &redirection, toolkit, cache)?;
    let esp = boot::make_esp(loaders, &redirection, epoch, toolkit, cache)?;

    let mut files = Tree::default();
    let mut put = |path: &str, file: &Path| {
        files.put(path, Node::File(Content::File(file.to_owned()), false));
    };
    put("boot/vmlinuz", &kernel.image);
    put("boot/initrd.img", initrd);
    put(boot::BIOS_IMAGE, &bios.image);
    for (from, to) in [
        ("boot/memtest86+x64.bin", "boot/memtest.bin"),
        ("boot/memtest86+x64.efi", "boot/memtest.efi"),
    ] {
        if let Some(file) = loaders.iter().find_map(|loader| loader.find(from)) {
            put(to, &file);
        }
    }
    let menu = Menu { append: &order.append, kernel: &kernel.version };
    files.put_bytes("boot/grub/grub.cfg", menu.text());
    files.put_bytes(".disk/info", "Remetal\n");
    files.put_bytes(&mark, "");
    make_iso(
        &IsoParts { files: &files, boot_sector: &bios.boot_sector, esp: &esp, epoch },
        toolkit,
        cache,
    )
}

fn finish(iso: &Path, output: &Path, report: &Report) -> Result<Built> {
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).doing("making", folder)?;
    }
    let partial = output.with_extension("partial");
    let size = fs::copy(iso, &partial).doing("writing", &partial)?;
    fs::rename(&partial, output).doing("finishing", output)?;
    report.say(&format!("{}: {}", output.display(), mebibytes(size)));
    Ok(Built { iso: output.to_owned(), size })
}
