//! The system image: modules, firmware, tools, and the recovery program.

mod code_page;
mod collect;
mod elf;
mod firmware;
mod kernel;
mod libraries;
mod modules;
mod origin;
mod programs;
mod scripts;
mod settings;
mod toolbox;

pub(crate) use self::collect::{System, collect};
use self::firmware::add_firmware;
pub(crate) use self::kernel::Kernel;
#[cfg(test)]
pub(crate) use self::kernel::LISTS;
use self::libraries::add_libraries;
pub(crate) use self::modules::place_early;
use self::modules::place_modules;
pub(crate) use self::origin::Origin;
pub(crate) use self::programs::{Crate, Programs};
pub(crate) use self::toolbox::CHECK_MEDIUM;
use self::toolbox::{add_frame, add_tools};
