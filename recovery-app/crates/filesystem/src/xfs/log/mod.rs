//! The log: is it clean, and if not, what would replaying it do to the free space?
//!
//! The log is a ring of 512-byte blocks. Each block starts with the number of the round in which it
//! was written; that tells where the newest record ends (the head). The newest record names the
//! oldest that is still needed (the tail). From there to the head, records hold pieces of
//! transactions; a committed transaction is a list of items such as "these bytes of that block".
//!
//! Anything that is not understood makes the volume be captured whole. Formats: Linux
//! `xfs_log_format.h`; procedures: `xfs_log_recover.c`, `xfs_buf_item_recover.c`.

mod assemble;
mod head;
mod item;
mod overlay;
mod record;
mod replay;
mod ring;
mod state;

pub(super) use overlay::{Coverage, Overlay};
pub(super) use replay::replay;
pub(super) use state::{LogState, examine};

use crate::MapError;

/// The log is not as this reader expects.
fn strange(what: &str) -> MapError {
    MapError::unsupported(format!("XFS log needs recovery but is not understood: {what}"))
}
