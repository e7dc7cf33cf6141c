//! XFS, versions 4 and 5.
//!
//! The map is the complement of the free-space B+trees of all allocation groups, once every block
//! of them is proven (checksum, order, counts, and the tree by size against the tree by place).
//! After a crash these trees lag behind the log, so the log is replayed into memory first; see
//! [`log`]. Hand-written, because no kept crate reads XFS's free space or its log.
//!
//! Format: Linux `fs/xfs/libxfs/xfs_format.h`, `xfs_log_format.h` and `xfs_log_recover.c`, and the
//! "XFS Algorithms & Data Structures" book. On-disk integers are big-endian, except in log items.

mod allocation;
mod btree;
mod directory;
mod feature;
mod files;
mod fork;
mod free_space;
mod group;
mod inode;
mod inode_scan;
mod limited;
mod log;
mod names;
mod path;
mod probe;
mod superblock;

pub use allocation::allocation;
pub use files::files_on;
pub use path::read_file;
pub use probe::{parts_elsewhere, probe};
