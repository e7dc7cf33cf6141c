//! The kernel, and those of its modules that are wanted.

mod choose;
mod closure;
mod index;
mod modinfo;

pub(crate) use self::choose::{IMAGE, kernel_packages};
pub(crate) use self::closure::{Chosen, choose_modules};
pub(crate) use self::index::Index;
pub(crate) use self::modinfo::{decompressed, firmware_names};
