//! Saving disks, step by step. Each step carries what was chosen so far to the next one; nothing is
//! written before the last.

mod destinations;
mod name;
mod new_drive;
mod offers;
mod options;
mod part;
mod parts;
mod preflight;
mod remarks;
mod room;
mod sheet;
mod sources;
mod told;
mod which;
mod words;

pub use destinations::Destinations;
pub use new_drive::NewDrive;
pub use options::Options;
pub use parts::Parts;
pub use preflight::Preflight;
pub use sources::Sources;
