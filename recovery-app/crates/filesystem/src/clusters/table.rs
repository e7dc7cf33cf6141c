use block::BlockDevice;

use super::pages::{PAGE, Pages};
use super::{EntryWidth, Heap, Link};
use crate::MapError;

/// Most bytes that are read for look-ups, each as often as it is read: some million hops of chains,
/// which take a hard disk hours.
const MOST_READ: u64 = 64 << 30;
/// So many are read for those in a small table too.
const LEAST_READ: u64 = 64 << 20;

/// Looks single entries of a file allocation table up.
pub(crate) struct Table<'a> {
    pages: Pages<'a>,
    width: EntryWidth,
    heap: Heap,
    /// Look-ups left, so that chains that run in circles or join end.
    budget: u64,
}

impl<'a> Table<'a> {
    /// `copies` are the first bytes of the copies of the table, the preferred one first; each has
    /// `length` bytes.
    pub(crate) fn new(
        volume: &'a dyn BlockDevice,
        copies: Vec<u64>,
        length: u64,
        width: EntryWidth,
        heap: Heap,
    ) -> Self {
        // A sound volume needs one look-up per cluster and some more for what is read twice.
        let budget = u64::from(heap.count) * 4 + 4096;
        // A map that costs more reading than the volume itself saves nothing.
        let most = (heap.end() - heap.start).clamp(LEAST_READ, MOST_READ);
        Self { pages: Pages::new(volume, copies, length, most), width, heap, budget }
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
        let per_page = PAGE * 8 / self.width.bits();
        let index = u64::from(cluster);
        let bytes = self.pages.get(index / per_page)?;
        let within = usize::try_from(index % per_page).unwrap_or(usize::MAX);
        let link = self.width.link(self.width.entry(bytes, within));
        match link {
            Link::Next(next) if !self.heap.holds(next) => Err(MapError::damaged(format!(
                "cluster {cluster} leads to cluster {next}, which does not exist"
            ))),
            link => Ok(link),
        }
    }
}
