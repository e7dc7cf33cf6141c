//! What the recovery environment is made of, and the parts of its PID 1.
//!
//! - [`layout`] says where the builder puts things and PID 1 finds them.

pub mod layout;
