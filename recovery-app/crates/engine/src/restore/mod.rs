//! Restoring a backup onto a disk.
//!
//! [`plan`] says what would happen and writes nothing. [`RestorePlan::confirm`] turns the plan and
//! the word that the person typed into a [`ConfirmedPlan`], which [`restore`] takes: there is no
//! other way to write a target.

mod contents;
mod kept;
mod plan;
mod run;
mod tables;
mod wipe;

pub use contents::content_of;
pub use plan::{ConfirmedPlan, RestorePlan, Target, plan};
pub use run::{RestoreJob, RestoreOutcome, restore};
pub use wipe::unfinished_restore;
