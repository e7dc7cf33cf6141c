//! The machine's disks.
//!
//! The only code that reads `/sys` and `/proc` and sends control requests to disks:
//! - [`disks`] lists every whole disk worth showing, with its partitions and what holds them;
//! - [`usage`] says why a disk must not be written to;
//! - [`location_of`] says on which disks a file, folder or device lies;
//! - [`filesystem_of`] says what a destination can hold;
//! - [`health`] asks the disk for its SMART verdict;
//! - [`computer`] tells of the rest of the machine, [`text`] of the letters on its screens;
//! - [`watch`] says when disks come, go and change; [`uevent`] is what it hears;
//! - [`Disk::is_still`] checks right before the first write that a disk is the one that was chosen.
//!
//! The roots of `/sys`, `/proc` and `/dev` are a parameter ([`Roots`]), so that a recorded tree
//! is a fixture. Disks come and go while they are looked at: what vanishes in between is left
//! out, never an error.

mod bus;
mod computer;
mod content;
mod destination;
mod disk;
mod double;
mod error;
mod identify;
mod identity;
mod location;
mod mounts;
mod number;
mod roots;
mod scan;
mod smart;
mod sysfs;
pub mod text;
mod topology;
pub mod uevent;
mod usage;
mod vpd;
pub mod watch;

pub use bus::Bus;
pub use computer::{Computer, computer};
pub use content::FileId;
pub use destination::{DestinationFilesystem, filesystem_of};
pub use disk::{Disk, Holder, HolderKind, KernelPartition};
pub use double::mark_doubles;
pub use error::HardwareError;
pub use identity::{Identity, same_disk, serial_tail};
pub use location::{Location, location_of};
pub use number::DeviceNumber;
pub use roots::Roots;
pub use scan::{disk_at, disks};
pub use smart::{Health, Verdict, health};
pub use usage::{Usage, UseReason, usage};
