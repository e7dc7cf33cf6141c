//! Builds the bootable ISO of the recovery environment from Debian packages.
//!
//! [`build()`] is the whole way: packages are chosen, fetched and unpacked ([`apt`], [`archive`]),
//! the system is put together from them ([`kernel`], [`system`]) as a [`tree`], which becomes a
//! squashfs in a cpio ([`image`]), and with the boot loaders ([`boot`]) an ISO ([`disc`]). What was made
//! once is kept ([`cache`]). [`stick`] puts it where a computer can start from.

mod apt;
mod archive;
mod boot;
mod build;
mod cache;
mod command;
mod contents;
mod disc;
mod error;
mod image;
mod kernel;
mod lists;
mod report;
pub mod stick;
mod system;
mod toolkit;
mod tree;
mod workshop;

pub use build::{Built, Order, build};
pub use error::{BuildError, Result};
pub use report::{Report, mebibytes};
pub use stick::StickError;
