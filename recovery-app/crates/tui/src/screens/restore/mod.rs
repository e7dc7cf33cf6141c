//! Putting a backup back, and checking one, step by step.

mod backups;
mod proposal;
mod targets;

pub use backups::Backups;
pub use proposal::Proposal;
pub use targets::Targets;
