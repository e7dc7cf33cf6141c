//! Computers in QEMU for tests: put together from firmware, memory and disks on any bus, driven
//! over the serial line and the keyboard, looked at as pictures, and broken on purpose.
//!
//! ```no_run
//! use std::time::Duration;
//! use vm::{Bus, Disk, Firmware, Machine};
//!
//! # fn main() -> Result<(), vm::Error> {
//! let mut machine = Machine::builder("laptop")
//!     .firmware(Firmware::SecureBoot)
//!     .disk(Disk::new(Bus::Cd, "remetal.iso"))
//!     .disk(Disk::new(Bus::Nvme, "disk.img").serial("S1"))
//!     .start()?;
//! machine.wait_for_screen("Back up this computer", Duration::from_secs(60))?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Machine`] is killed when it is dropped. When that happens in a panic, or when a wait ends
//! without its text, what QEMU and the serial line said and the last picture are kept in
//! `target/vm-failures`, and the path is part of what is reported.
//!
//! Software emulation is the default, since hosts whose `/dev/kvm` opens but hangs exist; the
//! environment variable `REMETAL_VM_KVM=1` asks for KVM.

pub mod assets;
mod builder;
mod command;
mod disk;
mod error;
mod evidence;
mod firmware;
mod hands;
mod keys;
mod machine;
mod paths;
mod qmp;
mod serial;
mod unattended;
mod watch;

pub use builder::{Builder, Console};
pub use command::{said, sh, try_sh};
pub use disk::{Access, Bus, Disk, Writes};
pub use error::Error;
pub use firmware::Firmware;
pub use machine::{End, Machine};
pub use paths::{scratch, target_directory};
pub use unattended::{After, Outcome};
