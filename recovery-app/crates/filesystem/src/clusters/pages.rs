use block::{BlockDevice, BlockError};

use crate::MapError;

/// Bytes read at a time: a multiple of the size of every entry width's period, and more than a
/// whole table of 12-bit entries. A chain that hops through the table costs that much at each hop.
pub(super) const PAGE: u64 = 3 << 12;
/// Most pages kept in memory, 3 MiB together.
const MOST_PAGES: usize = 256;

/// The pages of a file allocation table that were read last.
pub(super) struct Pages<'a> {
    volume: &'a dyn BlockDevice,
    /// First byte of each copy, the preferred one first.
    copies: Vec<u64>,
    /// Bytes in one copy.
    length: u64,
    kept: Vec<Page>,
    /// Bytes of pages that may still be read.
    left: u64,
    /// Index of the page that was asked for last.
    current: usize,
    /// Changes of the page that is asked for.
    turns: u64,
}

struct Page {
    number: u64,
    bytes: Vec<u8>,
    /// The turn at which it was last asked for.
    turn: u64,
}

impl<'a> Pages<'a> {
    /// Reads pages of `most` bytes together.
    pub(super) fn new(
        volume: &'a dyn BlockDevice,
        copies: Vec<u64>,
        length: u64,
        most: u64,
    ) -> Self {
        Self { volume, copies, length, kept: Vec::new(), left: most, current: 0, turns: 0 }
    }

    /// The bytes of a page, fewer where the table ends.
    pub(super) fn get(&mut self, number: u64) -> Result<&[u8], MapError> {
        if self.kept.get(self.current).is_none_or(|page| page.number != number) {
            self.current = match self.kept.iter().position(|page| page.number == number) {
                Some(index) => index,
                None => self.load(number)?,
            };
            self.turns += 1;
            self.kept[self.current].turn = self.turns;
        }
        Ok(&self.kept[self.current].bytes)
    }

    /// Reads a page in place of the one that was not asked for longest; returns its index.
    fn load(&mut self, number: u64) -> Result<usize, MapError> {
        self.left = self.left.checked_sub(PAGE).ok_or_else(|| {
            MapError::too_large("its chains of clusters hop more than can be followed")
        })?;
        let page = Page { number, bytes: self.read(number)?, turn: 0 };
        if self.kept.len() < MOST_PAGES {
            self.kept.push(page);
            return Ok(self.kept.len() - 1);
        }
        let oldest = (0..self.kept.len()).min_by_key(|index| self.kept[*index].turn).unwrap_or(0);
        self.kept[oldest] = page;
        Ok(oldest)
    }

    /// A page of the first copy in which it can be read.
    fn read(&self, number: u64) -> Result<Vec<u8>, MapError> {
        let start = number * PAGE;
        let length = self.length.saturating_sub(start).min(PAGE);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let mut outcome: Result<(), BlockError> = Ok(());
        for copy in &self.copies {
            outcome = self.volume.read_at(&mut bytes, copy.saturating_add(start));
            if outcome.is_ok() {
                break;
            }
        }
        outcome?;
        Ok(bytes)
    }
}
