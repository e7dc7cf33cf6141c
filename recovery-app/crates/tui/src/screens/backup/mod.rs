//! Saving disks, step by step.

mod destinations;
mod new_drive;
mod options;
mod parts;
mod preflight;
mod sources;

pub use destinations::Destinations;
pub use new_drive::NewDrive;
pub use options::Options;
pub use parts::Parts;
pub use preflight::Preflight;
pub use sources::Sources;
