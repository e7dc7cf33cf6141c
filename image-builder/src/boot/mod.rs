//! What starts the kernel: Debian's shim and GRUB with their signatures for UEFI, GRUB for BIOS.

mod bios;
mod esp;
mod menu;

pub(crate) use self::bios::{BIOS_IMAGE, Bios};
pub(crate) use self::esp::make_esp;
pub(crate) use self::menu::{Menu, redirection};

/// The package of GRUB for BIOS.
pub(crate) const BIOS_PACKAGE: &str = "grub-pc-bin";

/// The packages of the boot loaders, and of the memory test.
const PACKAGES: [&str; 5] = [
    "grub-efi-amd64-signed",
    BIOS_PACKAGE,
    "memtest86+",
    "shim-helpers-amd64-signed",
    "shim-signed",
];

/// The names of the packages of boot loaders.
pub(crate) fn packages() -> Vec<String> {
    PACKAGES.map(str::to_owned).to_vec()
}
