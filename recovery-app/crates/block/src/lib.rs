//! Devices of bytes.
//!
//! Everything above this crate (partition tables, filesystems, the engine) sees a disk as a
//! [`BlockDevice`]: a size, a sector size, and reads and writes at byte offsets. Behind the trait
//! stand a file or disk, through the page cache or past it ([`FileDevice`]), memory
//! ([`MemoryDevice`]), a part of another device ([`Window`]) and, for tests, devices that fail,
//! insist on alignment, keep count or act ([`double`]).
//!
//! All offsets and lengths are bytes unless a name says otherwise. Sets of byte ranges are
//! [`ExtentSet`]s.

mod aligned;
mod device;
pub mod double;
mod error;
mod extent;
mod extent_set;
mod file;
mod ioctl;
mod memory;
mod window;

pub use aligned::AlignedBuffer;
pub use device::{BlockDevice, Geometry};
pub use error::{BlockError, Operation, file_guidance};
pub use extent::Extent;
pub use extent_set::{ExtentSet, ExtentSetBuilder};
pub use file::{Access, Caching, FileDevice};
pub use memory::MemoryDevice;
pub use window::Window;
