//! NTFS.
//!
//! Names as in the Linux kernel (`fs/ntfs3`): a *file record* describes a file by *attributes*,
//! whose content is in the record (resident) or in the clusters of a *run list*. The volume's own
//! structures are files too: `$MFT` (all file records), `$Bitmap` (clusters in use), `$LogFile`.

mod allocation;
mod attribute;
mod bitmap;
mod boot;
mod condition;
mod directory;
mod files;
mod hive;
mod log;
mod probe;
mod record;
mod runs;
mod shadow;
mod stream;
mod system;
mod table;
mod volume;

pub use allocation::allocation;
pub use boot::volume_before_copy;
pub use files::{files_on, read_file};
pub use probe::probe;
