//! A backup, step by step, by keys.

mod disks;
mod drives;
mod flow;
mod options;
mod ready;
