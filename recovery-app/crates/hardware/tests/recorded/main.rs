//! On made-up machines: what the kernel would show, in a temporary folder.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod disks;
mod locations;
mod machine;
mod uses;
