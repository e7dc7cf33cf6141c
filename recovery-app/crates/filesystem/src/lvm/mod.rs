//! LVM2 physical volumes.
//!
//! After the on-disk format in LVM2's own sources (`lib/format_text/layout.h`, `lib/label/`) and
//! the metadata it writes. Written by hand: no crate reads it without the device mapper.
//!
//! Logical volumes that lie on this physical volume alone, in plain ("linear") segments, get the
//! map of what is in them. All other allocated extents count as used.

mod allocation;
mod config;
mod crc;
mod group;
mod label;
mod metadata;
mod segmented;
mod volumes;

pub use allocation::{allocation, files_on, probe, read_file};
pub use segmented::SegmentedDevice;
pub use volumes::{LogicalVolume, Place, logical_volumes, places};
