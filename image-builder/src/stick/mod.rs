//! Putting the ISO on a stick, with the same care as a restore: a plan that a person reads, the
//! word that they type, the disk's identity checked once more, and everything read back.

mod error;
mod iso;
mod plan;
mod write;

pub use error::StickError;
pub use plan::{Confirmed, Plan, look};
pub use write::{Written, write};
