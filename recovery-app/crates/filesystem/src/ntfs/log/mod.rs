//! `$LogFile`: changes of the structures that Windows promised and may not have made yet.
//!
//! The map does not replay the log. It takes every cluster that a record which counts for a
//! replay mentions: those whose bits it sets or clears (clearing may be undone), and those in the
//! run lists that it writes. Clusters are logged in `$Bitmap` before any file gets them, so this
//! holds all that a replay can bring to light.
//!
//! Format and rules of replay: `fs/ntfs3/fslog.c`.

mod actions;
mod chain;
mod pages;
mod restart;

use block::ExtentSetBuilder;

use super::stream::Stream;
use super::volume::Volume;
use crate::MapError;
pub(super) use restart::{LogState, Restart, state};

/// Adds all clusters that a replay of the log can give to a file.
pub(super) fn collect(
    volume: &Volume<'_>,
    restart: &Restart,
    bitmap: &Stream,
    used: &mut ExtentSetBuilder,
) -> Result<(), MapError> {
    let log = pages::Log::open(volume, *restart)?;
    let mut actions = actions::Actions::new(volume, bitmap, used);
    let mut chain = chain::Chain::default();
    log.visit_records(|record| {
        chain.add(&log, record)?;
        actions.add(record)
    })?;
    chain.check(restart)
}
