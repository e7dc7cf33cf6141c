//! The system image: modules, firmware, tools, and the recovery program.

mod elf;
mod firmware;
mod libraries;
mod modules;
mod programs;
mod scripts;
mod toolbox;

pub(crate) use self::firmware::add_firmware;
pub(crate) use self::libraries::add_libraries;
pub(crate) use self::modules::{Kernel, place_early, place_modules};
pub(crate) use self::programs::Programs;
pub(crate) use self::toolbox::{add_frame, add_tools};
