//! What starts the kernel: Debian's shim and GRUB with their signatures for UEFI, GRUB for BIOS.

mod bios;
mod esp;
mod menu;

pub(crate) use self::bios::{BIOS_IMAGE, Bios};
pub(crate) use self::esp::make_esp;
pub(crate) use self::menu::{Menu, redirection};

/// The packages of the boot loaders, and of the memory test.
pub(crate) const PACKAGES: [&str; 5] = [
    "grub-efi-amd64-signed",
    "grub-pc-bin",
    "memtest86+",
    "shim-helpers-amd64-signed",
    "shim-signed",
];
