//! The files of the ISO, and what starts it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::archive::Unpacked;
use crate::boot::{self, Bios, Menu};
use crate::cache::{Key, hash_file, hex};
use crate::contents::Contents;
use crate::error::{BuildError, Result};
use crate::image::{IsoParts, make_iso};
use crate::system::Kernel;
use crate::tree::{Content, Node, Tree};
use crate::workshop::Workshop;

/// What an ISO is made of.
pub(crate) struct Disc<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) initrd: &'a Path,
    pub(crate) loaders: &'a [Unpacked],
    pub(crate) contents: &'a Contents,
    pub(crate) copyright: Vec<u8>,
    /// Added to the kernel's options.
    pub(crate) append: &'a str,
}

/// Memory tests: where the package has them, and where the menu looks.
const MEMORY_TESTS: [(&str, &str); 2] = [
    ("boot/memtest86+x64.bin", "boot/memtest.bin"),
    ("boot/memtest86+x64.efi", "boot/memtest.efi"),
];

/// The sums of the files on the ISO, for checking the medium.
const SUMS: &str = "remetal/SHA256SUMS";

/// Makes the ISO; returns where it lies.
pub(crate) fn make_disc(disc: &Disc, workshop: &Workshop) -> Result<PathBuf> {
    let epoch = disc.kernel.epoch()?;
    let mark = disc.mark()?;
    let redirection = boot::redirection(&mark);
    let grub = disc.loaders.iter().find(|loader| loader.package.name == boot::BIOS_PACKAGE);
    let grub = grub.ok_or_else(|| BuildError::UnknownPackages {
        names: vec![boot::BIOS_PACKAGE.to_owned()],
    })?;
    let bios = Bios::make(grub, &redirection, &workshop.toolkit, &workshop.cache)?;
    let esp = boot::make_esp(disc.loaders, &redirection, epoch, workshop)?;

    let mut files = disc.files(&mark);
    files.put_bytes(SUMS, sums(&files)?);
    // xorriso writes into it where it lies: it has no sum.
    files.put(boot::BIOS_IMAGE, Node::File(Content::File(bios.image), false));
    make_iso(
        &IsoParts { files: &files, boot_sector: &bios.boot_sector, esp: &esp, epoch },
        workshop,
    )
}

impl Disc<'_> {
    /// The name of a file that no other ISO has: GRUB, and the check of the medium, know this
    /// very ISO by it.
    fn mark(&self) -> Result<String> {
        let key = Key::default().with_file(self.initrd)?.with_file(&self.kernel.image)?;
        Ok(format!("remetal/{}", key.with(self.append).text()))
    }

    fn files(&self, mark: &str) -> Tree {
        let mut files = Tree::default();
        let mut put = |path: &str, file: PathBuf| {
            files.put(path, Node::File(Content::File(file), false));
        };
        put("boot/vmlinuz", self.kernel.image.clone());
        put("boot/initrd.img", self.initrd.to_owned());
        for (from, to) in MEMORY_TESTS {
            if let Some(file) = self.loaders.iter().find_map(|loader| loader.find(from)) {
                put(to, file);
            }
        }
        let menu = Menu { append: self.append, kernel: &self.kernel.version, mark };
        files.put_bytes("boot/grub/grub.cfg", menu.text());
        files.put_bytes(".disk/info", format!("Remetal {}\n", env!("CARGO_PKG_VERSION")));
        files.put_bytes("remetal/contents.json", self.contents.json());
        files.put_bytes("remetal/contents.txt", self.contents.to_string());
        files.put_bytes("remetal/copyright.txt.gz", self.copyright.clone());
        files.put_bytes(mark, "");
        files
    }
}

/// Lines as `sha256sum --check` reads them.
fn sums(files: &Tree) -> Result<String> {
    let mut lines = String::new();
    for (path, node) in files.iter() {
        let hash = match node {
            Node::File(Content::File(file), _) => hash_file(file)?,
            Node::File(Content::Bytes(bytes), _) => {
                hex(&<sha2::Sha256 as sha2::Digest>::digest(bytes))
            }
            Node::Folder | Node::Link(_) => continue,
        };
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{hash}  {path}");
    }
    Ok(lines)
}
