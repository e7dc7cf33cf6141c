//! Plans and runs captures, verifications and restores.
//!
//! Every job is two steps: a **plan**, a plain value that a person can read and that touches
//! nothing, and its **run**. What happens meanwhile is told to an [`Observer`]; a [`Cancel`] ends
//! either between two reads or chunks. Nothing here draws, asks, or knows how disks are found:
//! identities and locations come in as data.
//!
//! - [`survey`] looks at a disk: partition table, volumes, allocation maps.
//! - [`capture`] turns it into a backup, [`verify`] proves one, [`restore`] puts one back.

mod backup;
pub mod capture;
mod damage;
mod damage_list;
mod error;
mod event;
mod image_device;
mod index;
mod records;
pub mod restore;
mod seek_table;
mod source_disk;
mod stoppable;
mod strain;
mod survey;
mod unfinished;
pub mod verify;

pub use backup::{Backup, FIRST_IMAGE, ImageFile, MANIFEST_NAME, open as open_backup};
pub use damage::DamagedRange;
pub use damage_list::{DamageList, DamageTotals};
pub use error::EngineError;
pub use event::{Bottleneck, Cancel, Event, Observer, Phase, Progress, Silent};
pub use image_device::ImageDevice;
pub use survey::{
    Survey, SurveyOptions, SurveyedVolume, VolumeCapture, check_partitions, layout, survey,
};
pub use unfinished::{Unfinished, freed_by, unfinished_in};
