//! What is known about a disk or backup, as data for programs and as text for people.

pub mod backup;
pub mod disk;
pub mod disk_text;
pub mod volume_text;
