//! From the kernel's bare initramfs to the system image as the root.
//!
//! Every step that fails is logged and gone past, except one: without the system image there is
//! nothing to go on to.

mod image;
mod modules;
mod mounts;

use crate::{InitError, log};

/// Mounts what the kernel offers and makes the system image the root.
pub fn prepare() -> Result<(), InitError> {
    mounts::kernel_filesystems();
    log::info(format_args!("PID 1 runs {:.2} s after the kernel's start", log::uptime()));
    modules::load_early();
    image::make_root()?;
    mounts::after_switch();
    log::info(format_args!("system image mounted at {:.2} s", log::uptime()));
    Ok(())
}
