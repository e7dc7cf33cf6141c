//! The system image: modules, firmware, tools, and the recovery program.

mod collect;
mod elf;
mod firmware;
mod libraries;
mod modules;
mod origin;
mod programs;
mod scripts;
mod settings;
mod toolbox;

pub(crate) use self::collect::{System, collect};
use self::firmware::add_firmware;
use self::libraries::add_libraries;
use self::modules::place_modules;
pub(crate) use self::modules::{Kernel, place_early};
pub(crate) use self::origin::Origin;
pub(crate) use self::programs::{Crate, Programs};
pub(crate) use self::toolbox::CHECK_MEDIUM;
use self::toolbox::{add_frame, add_tools};
