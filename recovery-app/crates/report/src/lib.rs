//! What is known about a disk or a backup: as data for programs, and in words for people.
//!
//! The one home of these words: the command line and the screens say the same. Nothing here reads
//! a disk.
//!
//! - [`disk`] is a disk and what is on it as data, [`disk_text`] the same as a paragraph with every
//!   detail, [`content`] in the words of its owner;
//! - [`backup`] is a backup, from its manifest;
//! - [`identity`] tells a disk in one phrase, as on its label;
//! - [`size`] is for sizes, [`words`] for sentences.

pub mod backup;
pub mod content;
pub mod disk;
pub mod disk_text;
pub mod identity;
pub mod size;
pub mod volume_text;
pub mod words;
