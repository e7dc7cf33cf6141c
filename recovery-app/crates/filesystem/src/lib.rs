//! What is on a volume, and which of its bytes are in use.
//!
//! [`identify`] names the filesystem (or what else is there), its label, its state and the
//! operating system on it. [`allocation`] computes its **allocation map** from the structures on
//! the disk: the bytes that must be captured. The one rule of every map: *whatever is not
//! understood is used*. A reader that meets a feature it does not know, damage, or counts that
//! disagree, returns a [`MapError`], and the volume is then captured whole with that reason.
//!
//! Each filesystem lives in a module of its own with the same four functions:
//!
//! - `probe(volume) -> Result<Option<VolumeInfo>, BlockError>`: `None` when it is something else;
//! - `allocation(volume) -> Result<AllocationMap, MapError>`;
//! - `files_on(volume, extents, most) -> Result<Vec<String>, MapError>`: paths of files whose
//!   content or metadata lies in `extents`, to name what damage hits;
//! - `read_file(volume, path, most) -> Result<Option<Vec<u8>>, MapError>`: for small files such as
//!   `etc/os-release`.
//!
//! The functions of this module choose among them by what is on the volume.
//!
//! All readers take any [`BlockDevice`] and never write. They accept hostile bytes: every offset is
//! checked, every loop is bounded, memory does not grow with what a damaged field claims.

mod any_alignment;
pub mod btrfs;
mod bytes;
mod clusters;
mod dispatch;
mod error;
pub mod exfat;
pub mod ext;
pub mod fat;
mod identity;
pub mod lvm;
mod nested_table;
pub mod ntfs;
pub mod signature;
pub mod swap;
mod volume;
pub mod xfs;

pub use dispatch::{allocation, claims, files_on, identify, read_file};
pub use error::MapError;
pub use volume::{Allocation, AllocationMap, Kind, State, VolumeInfo};
