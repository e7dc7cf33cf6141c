use block::{BlockDevice, BlockError};

use super::{EntryWidth, Heap, Link};
use crate::MapError;

/// Bytes of the table kept in memory: a multiple of the size of every entry width's period, and
/// more than a whole table of 12-bit entries.
const WINDOW: u64 = 3 << 16;

/// Looks single entries of a file allocation table up.
pub(crate) struct Table<'a> {
    volume: &'a dyn BlockDevice,
    /// First byte of each copy, the preferred one first.
    copies: Vec<u64>,
    /// Bytes in one copy.
    length: u64,
    width: EntryWidth,
    heap: Heap,
    /// Number of the window in memory.
    window: Option<u64>,
    bytes: Vec<u8>,
    /// Look-ups left, so that chains that run in circles or join end.
    budget: u64,
}

impl<'a> Table<'a> {
    pub(crate) fn new(
        volume: &'a dyn BlockDevice,
        copies: Vec<u64>,
        length: u64,
        width: EntryWidth,
        heap: Heap,
    ) -> Self {
        // A sound volume needs one look-up per cluster and some more for what is read twice.
        let budget = u64::from(heap.count) * 4 + 4096;
        Self { volume, copies, length, width, heap, window: None, bytes: Vec::new(), budget }
    }

    pub(crate) fn heap(&self) -> Heap {
        self.heap
    }

    /// Where the chain goes on after `cluster`, which must exist.
    pub(crate) fn next(&mut self, cluster: u32) -> Result<Link, MapError> {
        self.budget = self
            .budget
            .checked_sub(1)
            .ok_or_else(|| MapError::damaged("chains of clusters join or run in circles"))?;
        let per_window = WINDOW * 8 / self.width.bits();
        let index = u64::from(cluster);
        self.load(index / per_window)?;
        let within = usize::try_from(index % per_window).unwrap_or(usize::MAX);
        let link = self.width.link(self.width.entry(&self.bytes, within));
        match link {
            Link::Next(next) if !self.heap.holds(next) => Err(MapError::damaged(format!(
                "cluster {cluster} leads to cluster {next}, which does not exist"
            ))),
            link => Ok(link),
        }
    }

    fn load(&mut self, window: u64) -> Result<(), MapError> {
        if self.window == Some(window) {
            return Ok(());
        }
        self.window = None;
        let start = window * WINDOW;
        let length = self.length.saturating_sub(start).min(WINDOW);
        self.bytes.resize(usize::try_from(length).unwrap_or(0), 0);
        let mut outcome: Result<(), BlockError> = Ok(());
        for copy in &self.copies {
            outcome = self.volume.read_at(&mut self.bytes, copy.saturating_add(start));
            if outcome.is_ok() {
                self.window = Some(window);
                return Ok(());
            }
        }
        Ok(outcome?)
    }
}
