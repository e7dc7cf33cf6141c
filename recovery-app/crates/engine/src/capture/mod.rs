//! Capturing a disk into a backup.

mod chunks;
mod level;
mod losses;
mod pipeline;
mod plan;
mod readme;
mod record;
mod report;
mod run;
mod slots;
mod turn;

pub use level::Level;
pub use plan::{CapturePlan, CaptureRequest, SpaceEstimate, check_name, plan};
pub use run::{CaptureOutcome, Source, capture};
