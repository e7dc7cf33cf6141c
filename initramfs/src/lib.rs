//! What the recovery environment is made of, and the parts of its PID 1.
//!
//! - [`layout`] says where the builder puts things and PID 1 finds them.
//! - [`early`] makes the system image the root.
//! - [`keeper`] is PID 1 itself: it reaps, powers off, and keeps the manager running.
//! - [`manager`] is its one child, which does all the rest: drivers, consoles, the unattended
//!   command. Whatever goes wrong there, PID 1 is not hurt, and starts another one.
//! - [`options`] and [`log`] serve both.

pub mod early;
mod error;
pub mod guard;
pub mod keeper;
pub mod layout;
pub mod log;
pub mod manager;
pub mod options;
pub mod screen;

pub use error::InitError;
