//! On made-up machines: what the kernel would show, in a temporary folder.

mod disks;
mod locations;
mod machine;
mod uses;
