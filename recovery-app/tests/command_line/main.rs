//! The command line, driven as a person or a script would: small disks in files and loop
//! devices, every refusal with its exit code, damage of every kind. Needs root.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod damage;
mod files;
mod machine;
mod names;
mod paths;
mod refusals;
mod round_trip;
mod trouble;
