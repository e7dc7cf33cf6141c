//! Partition tables: what they say, which bytes they are made of, and how to put them back.
//!
//! [`read`] decodes the MBR with its chain of extended boot records, or the GPT with both its
//! copies, into a [`Layout`]: a plain, serialisable value. [`Layout::structural`] lists the bytes
//! outside filesystems that a capture must hold. [`SavedTable`] keeps the table sectors verbatim.
//! [`relocate`] turns saved tables into the writes for a target disk: verbatim for a disk of the
//! same size, with the backup GPT moved to the end of a larger one.
//!
//! The rule behind all of it: *what is not understood is used*. Where bytes look like a table but
//! contradict themselves or what else is on the disk, the answer is [`Table::Doubtful`], and the
//! disk is captured whole.
//!
//! Numbers and order are those of Linux (`block/partitions/efi.c` and `msdos.c`).

mod boot_sector;
mod bytes;
mod ebr;
mod error;
mod gpt;
mod gpt_copies;
mod hex;
mod layout;
mod mbr;
mod notes;
mod read;
mod relocate;
mod saved;
mod signature;
mod structural;
mod suspects;
mod type_names;

pub use error::TableError;
pub use layout::{CopyState, GptCopy, GptTable, Layout, MbrTable, Partition, PartitionRole, Table};
pub use read::{read, unread};
pub use relocate::{Relocation, relocate};
pub use saved::{SavedTable, TableWrite};
pub use suspects::suspected_partitions;
