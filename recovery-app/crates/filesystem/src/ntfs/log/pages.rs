//! The pages of the log, and the records in them.
//!
//! A record's LSN tells its place in the log, so records are recognised by standing where their
//! LSN says, page by page, without following the chain from one to the next: a damaged page
//! then hides only its own records, and [`super::chain`] tells whether one is missing.
//!
//! The newest page may exist twice: behind the restart pages lie copies of the last pages
//! written (two in version 1, thirty-two in version 2) that say which page they are.

use std::cell::Cell;

use super::restart::Restart;
use crate::MapError;
use crate::bytes::Bytes;
use crate::ntfs::attribute::kind;
use crate::ntfs::record::undo_update_sequence;
use crate::ntfs::stream::Stream;
use crate::ntfs::volume::{Volume, number};

/// Most bytes in a record. The longest hold the tables of a checkpoint: at most 65,535 entries
/// (`struct RESTART_TABLE` in `fs/ntfs3/fslog.c`), of which those of dirty pages are the largest,
/// 96 bytes with the eight clusters that a page can have (`struct DIR_PAGE_ENTRY`). Changes are
/// far shorter: their parts have offsets and lengths of 16 bits.
const MOST_DATA: u64 = 8 << 20;
/// Most bytes in the record of a checkpoint itself: `struct NTFS_RESTART` has 64, later versions
/// of Windows write some more.
const MOST_CHECKPOINT: u64 = 4096;
/// How many times the size of the log is read and copied at most. Records do not overlap, so a
/// sound log needs three: every page once for itself and once for a record that comes from the
/// page before, and the content of the records.
const MOST_READ: u64 = 4;

/// The log of a volume that is to be replayed.
pub(super) struct Log<'a> {
    volume: &'a Volume<'a>,
    content: Stream,
    pub restart: Restart,
    /// Bytes that may still be read or copied.
    left: Cell<u64>,
    /// Copies of the newest pages.
    copies: Vec<Page>,
}

/// A log page that was written in one piece.
#[derive(Clone)]
struct Page {
    /// Its place in the log, in bytes.
    place: u64,
    /// LSN of the last record on it.
    newest: u64,
    bytes: Vec<u8>,
}

/// A log record.
pub(super) struct LogRecord {
    pub lsn: u64,
    /// 1 for a change, 2 for a checkpoint.
    pub kind: u32,
    /// What NTFS wrote into it.
    pub data: Vec<u8>,
    /// The page on which it ends and the first byte behind it there.
    pub end: (u64, usize),
}

impl<'a> Log<'a> {
    pub(super) fn open(volume: &'a Volume<'a>, restart: Restart) -> Result<Self, MapError> {
        let content = volume
            .stream(number::LOG, kind::DATA, &[])?
            .ok_or_else(|| MapError::damaged("$LogFile has no content"))?;
        let left = Cell::new(restart.size * MOST_READ);
        let mut log = Self { volume, content, restart, left, copies: Vec::new() };
        let mut at = 2 * restart.page as u64;
        while at < log.first_page() {
            log.copies.extend(log.read_page(at)?);
            at += restart.page as u64;
        }
        Ok(log)
    }

    /// Where the copies end and the log proper starts, in bytes.
    fn first_page(&self) -> u64 {
        let pages = if self.restart.major < 2 { 4 } else { 0x22 };
        pages * self.restart.page as u64
    }

    /// The place of the page behind the one at `place`; the last is followed by the first.
    pub(super) fn page_behind(&self, place: u64) -> u64 {
        let next = place + self.restart.page as u64;
        if next < self.restart.size { next } else { self.first_page() }
    }

    /// Takes `bytes` from what may still be read or copied.
    fn charge(&self, bytes: usize) -> Result<(), MapError> {
        let left = self.left.get().checked_sub(bytes as u64);
        self.left.set(left.ok_or_else(|| MapError::unsupported("$LogFile: its records overlap"))?);
        Ok(())
    }

    /// The page stored at byte `at`; `None` when none was written whole there.
    fn read_page(&self, at: u64) -> Result<Option<Page>, MapError> {
        self.charge(self.restart.page)?;
        let mut bytes = vec![0; self.restart.page];
        self.content.read_at(self.volume, &mut bytes, at)?;
        if !bytes.starts_with(b"RCRD") || !undo_update_sequence(&mut bytes) {
            return Ok(None);
        }
        let header = Bytes::new(&bytes, "log page");
        let is_copy = at < self.first_page();
        let place = match self.restart.major {
            _ if !is_copy => at,
            1 => header.le64(8)?,
            _ => u64::from(header.le32(0x3c)?),
        };
        // Copies of version 1 have their place where other pages have their newest LSN.
        let newest = header.le64(if is_copy && self.restart.major < 2 { 0x20 } else { 8 })?;
        let aligned = place.is_multiple_of(self.restart.page as u64);
        let inside = place >= self.first_page() && place < self.restart.size;
        Ok((aligned && inside).then_some(Page { place, newest, bytes }))
    }

    /// Calls `visit` with all records that a replay may need, in no order, some twice.
    pub(super) fn visit_records(
        &self,
        mut visit: impl FnMut(&LogRecord) -> Result<(), MapError>,
    ) -> Result<(), MapError> {
        for page in &self.copies {
            self.visit_page(page, &mut visit)?;
        }
        let mut at = self.first_page();
        while at < self.restart.size {
            if let Some(page) = self.read_page(at)? {
                self.visit_page(&page, &mut visit)?;
            }
            at += self.restart.page as u64;
        }
        Ok(())
    }

    fn visit_page(
        &self,
        page: &Page,
        visit: &mut impl FnMut(&LogRecord) -> Result<(), MapError>,
    ) -> Result<(), MapError> {
        let Restart { header, data, page: size, .. } = self.restart;
        for at in (data..=size - header).step_by(8) {
            if let Some(record) = self.record_at(page, at)? {
                visit(&record)?;
            }
        }
        Ok(())
    }

    /// The record that starts at byte `at` of the page, if one does that a replay may need.
    fn record_at(&self, page: &Page, at: usize) -> Result<Option<LogRecord>, MapError> {
        let header = Bytes::new(page.bytes.get(at..).unwrap_or_default(), "log record");
        let lsn = header.le64(0)?;
        let place = (lsn & ((1 << self.restart.place_bits) - 1)) << 3;
        let expected = place == page.place + at as u64 && lsn >= self.restart.oldest;
        if !expected || lsn >> self.restart.place_bits == 0 {
            return Ok(None);
        }
        let (length, kind) = (header.le32(0x18)?, header.le32(0x20)?);
        let most = match kind {
            1 => MOST_DATA.min(self.restart.size),
            2 => MOST_CHECKPOINT,
            _ => return Ok(None),
        };
        if u64::from(length) > most {
            return Ok(None);
        }
        self.charge(length as usize)?;
        let content = self.content_behind(page, at + self.restart.header, length as usize, lsn)?;
        Ok(content.map(|(data, end)| LogRecord { lsn, kind, data, end }))
    }

    /// `length` bytes from byte `at` of the page and, as far as needed, the pages behind it;
    /// `None` when those were not written, or no more hold the record `lsn`.
    #[expect(clippy::type_complexity, reason = "the content and where it ends")]
    fn content_behind(
        &self,
        page: &Page,
        at: usize,
        length: usize,
        lsn: u64,
    ) -> Result<Option<(Vec<u8>, (u64, usize))>, MapError> {
        let first = length.min(self.restart.page - at);
        let mut content = page.bytes[at..at + first].to_vec();
        let mut end = (page.place, at + first);
        while content.len() < length {
            let place = self.page_behind(end.0);
            let Some(next) = self.newest_page(place)?.filter(|next| next.newest >= lsn) else {
                return Ok(None);
            };
            let count = (length - content.len()).min(self.restart.page - self.restart.data);
            content.extend_from_slice(&next.bytes[self.restart.data..][..count]);
            end = (place, self.restart.data + count);
        }
        Ok(Some((content, end)))
    }

    /// The newest state of the page at `place`, be it there or a copy.
    fn newest_page(&self, place: u64) -> Result<Option<Page>, MapError> {
        let copies = self.copies.iter().filter(|page| page.place == place);
        let copy = copies.max_by_key(|page| page.newest).cloned();
        Ok(self.read_page(place)?.into_iter().chain(copy).max_by_key(|page| page.newest))
    }
}
