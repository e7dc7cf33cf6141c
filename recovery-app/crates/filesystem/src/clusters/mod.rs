//! What FAT and exFAT share: a heap of clusters numbered from 2, chains of clusters through the
//! file allocation table, and the walk over a tree of directories.

mod entry_width;
mod heap;
mod node;
mod pages;
mod second_opinion;
mod table;
mod walk;

pub(crate) use entry_width::{EntryWidth, Link};
pub(crate) use heap::Heap;
pub(crate) use node::{Content, Node, content_extents};
pub(crate) use second_opinion::SecondOpinion;
pub(crate) use table::Table;
pub(crate) use walk::{Directories, Entries, files_on, read_file, walk};
