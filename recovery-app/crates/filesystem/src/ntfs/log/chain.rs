//! Whether all records were found that a replay may need.

use super::pages::{Log, LogRecord};
use super::restart::Restart;
use crate::MapError;

/// Most records that are kept track of: 32 bytes each. A log of the size that Windows makes
/// holds about half as many.
const MOST_RECORDS: usize = 1 << 20;

/// The records found so far.
#[derive(Default)]
pub(super) struct Chain {
    links: Vec<Link>,
}

/// One record, and where the next can start: right behind it, or on the next page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    lsn: u64,
    place: u64,
    behind: u64,
    on_next_page: u64,
    is_checkpoint: bool,
}

impl Chain {
    pub(super) fn add(&mut self, log: &Log<'_>, record: &LogRecord) -> Result<(), MapError> {
        if self.links.len() >= MOST_RECORDS {
            return Err(MapError::unsupported("$LogFile: too many records"));
        }
        let restart = &log.restart;
        let (page, at) = record.end;
        self.links.push(Link {
            lsn: record.lsn,
            place: (record.lsn & ((1 << restart.place_bits) - 1)) << 3,
            behind: page + at.next_multiple_of(8) as u64,
            on_next_page: log.page_behind(page) + restart.data as u64,
            is_checkpoint: record.kind == 2,
        });
        Ok(())
    }

    /// The records from the oldest to the last that the restart page knows must be there without
    /// a gap. What was written after the restart page may end in a gap: the crash.
    pub(super) fn check(mut self, restart: &Restart) -> Result<(), MapError> {
        let gap = |what| Err(MapError::damaged(format!("$LogFile: {what} is missing")));
        self.links.sort_unstable();
        self.links.dedup();
        if restart.oldest != 0 && self.links.first().is_none_or(|link| link.lsn != restart.oldest) {
            return gap("its oldest record");
        }
        let checkpoint = self.links.iter().find(|link| link.lsn == restart.checkpoint);
        if restart.checkpoint != 0 && !checkpoint.is_some_and(|link| link.is_checkpoint) {
            return gap("the last checkpoint");
        }
        for pair in self.links.windows(2) {
            let (one, next) = (pair[0], pair[1]);
            let follows = next.place == one.behind || next.place == one.on_next_page;
            if !follows && one.lsn < restart.current {
                return gap("a record");
            }
        }
        if self.links.last().map_or(0, |link| link.lsn) < restart.current {
            return gap("its last record");
        }
        Ok(())
    }
}
