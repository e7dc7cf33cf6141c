//! The screens of the recovery program.
//!
//! One state machine: [`update`] takes a [`Message`] and gives [`Command`]s, [`view`] draws; both
//! are pure. Messages come on one channel, commands run on threads of their own, so no screen ever
//! waits for a disk. [`run`] is the loop around it, [`console`] the terminal, [`input`] the keys,
//! [`Machine`] the computer.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

pub mod console;
pub mod disks;
mod emergencies;
mod error;
mod event_loop;
mod holdings;
pub mod input;
pub mod job;
mod machine;
mod message;
mod occupation;
mod reader;
mod run;
mod running;
mod screens;
mod shell;
mod state;
mod theme;
pub mod tool;
mod update;
mod view;
mod widgets;
mod workers;

pub use error::TuiError;
pub use holdings::Holdings;
pub use machine::{BackupEntry, DiskList, DisksSeen, End, Look, Machine, Place, Surroundings};
pub use message::{Command, Message};
pub use occupation::Occupation;
pub use run::{Options, run};
pub use running::{Running, STALLED};
pub use state::{Shared, State};
pub use update::{begin, update};
pub use view::view;
