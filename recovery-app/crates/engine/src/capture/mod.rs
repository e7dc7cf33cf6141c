//! Capturing a disk into a backup.

mod chunks;
mod level;
mod losses;
mod name;
mod pipeline;
mod plan;
mod readme;
mod record;
mod report;
mod run;
mod slots;
mod turn;

pub use level::Level;
pub use name::{check_name, name_trouble, proposed_name};
pub use plan::{CapturePlan, CaptureRequest, SpaceEstimate, plan};
pub use run::{CaptureOutcome, Source, capture};
