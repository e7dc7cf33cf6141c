//! The screens, seen and used on a made-up computer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup;
mod backup_pictures;
mod backup_steps;
mod computer;
mod job;
mod keys;
mod live;
mod occupied;
mod pictures;
mod random;
mod restore;
mod safety;
mod stage;
mod tools;
