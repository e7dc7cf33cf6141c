//! Whether the seek table says the same as the index.
//!
//! Nothing of ours finds its way by the seek table, but other programs do. One that was written
//! wrong, or made to lie, has the hash that the root gives, so only a comparison finds it.

use block::Extent;

use crate::ImageError;
use crate::parts::PartReader;
use crate::record::{Record, le32};
use crate::seek_table::{ENTRY_SIZE, FOOTER_SIZE, is_table};
use crate::skippable::PREFIX;

/// Bytes of the table that are read at a time: as many entries as a segment has records.
const PIECE: u64 = 4096 * ENTRY_SIZE;

/// A place where the seek table disagrees with the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeekTableFault {
    /// Where it lies in the image stream, in bytes.
    pub stored: Extent,
    /// The bytes of the disk whose frame it is about; empty where that frame holds none.
    pub disk: Extent,
    /// What is wrong, in words.
    pub reason: String,
}

/// Compares the seek table with the frames that the index tells of. These come in the order of the
/// image: each [segment](Self::segment), then the [end](Self::end). Its memory does not grow with
/// the image.
pub struct SeekTableCheck<'a> {
    parts: &'a PartReader,
    places: Places,
    /// The entries, without the prefix and the footer of the table.
    entries: Extent,
    /// The next entry.
    next: Extent,
    /// Where the frame of the next entry starts in the image stream.
    frame_start: u64,
    /// The entries at hand, and where they start.
    piece: (u64, Vec<u8>),
}

/// Where the frames of ours lie that are not in a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) header: Extent,
    pub(crate) manifest: Extent,
    pub(crate) root: Extent,
    pub(crate) table: Extent,
}

/// What an entry of the table says.
struct Entry {
    stored: Extent,
    decompressed: u64,
}

impl Entry {
    fn is_skippable_before(&self, start: u64) -> bool {
        self.decompressed == 0 && !self.stored.is_empty() && self.stored.end() <= start
    }
}

impl<'a> SeekTableCheck<'a> {
    pub(crate) fn new(parts: &'a PartReader, places: Places) -> Self {
        let Extent { start, length } = places.table;
        let length = length.saturating_sub(PREFIX as u64 + FOOTER_SIZE);
        let entries = Extent::new(start + PREFIX as u64, length);
        let next = Extent::new(entries.start, ENTRY_SIZE);
        Self { parts, places, entries, next, frame_start: 0, piece: (0, Vec::new()) }
    }

    /// Compares the frames of the next segment, which lies at `segment`.
    pub fn segment(
        &mut self,
        records: &[Record],
        segment: Extent,
    ) -> Result<Option<SeekTableFault>, ImageError> {
        if self.frame_start == 0
            && let Some(fault) = self.begin()?
        {
            return Ok(Some(fault));
        }
        for record in records {
            if let Some(fault) = self.frame(record.stored, record.disk)? {
                return Ok(Some(fault));
            }
        }
        self.ours(segment)
    }

    /// Compares what lies behind the last segment.
    pub fn end(mut self) -> Result<Option<SeekTableFault>, ImageError> {
        for frame in [self.places.manifest, self.places.root] {
            if let Some(fault) = self.ours(frame)? {
                return Ok(Some(fault));
            }
        }
        let too_many = "it has entries for more frames than there are";
        Ok((self.next.start < self.entries.end()).then(|| SeekTableFault {
            stored: self.next,
            disk: Extent::new(0, 0),
            reason: too_many.to_owned(),
        }))
    }

    fn begin(&mut self) -> Result<Option<SeekTableFault>, ImageError> {
        let Extent { start, length } = self.places.table;
        let prefix = Extent::new(start, PREFIX as u64);
        if !is_table(&self.parts.read_vec(prefix)?, length) {
            let (disk, reason) = (Extent::new(0, 0), "its magic number or its length is wrong");
            return Ok(Some(SeekTableFault { stored: prefix, disk, reason: reason.to_owned() }));
        }
        self.ours(self.places.header)
    }

    /// A frame of ours, which holds no bytes of the disk.
    fn ours(&mut self, frame: Extent) -> Result<Option<SeekTableFault>, ImageError> {
        self.frame(frame, Extent::new(0, 0))
    }

    /// Compares the next entry with a frame and the bytes of the disk that it holds.
    fn frame(
        &mut self,
        stored: Extent,
        disk: Extent,
    ) -> Result<Option<SeekTableFault>, ImageError> {
        let (mut at, mut entry) = (self.next, self.entry()?);
        // Later versions may add frames that hold nothing of the disk.
        while entry.as_ref().is_some_and(|entry| entry.is_skippable_before(stored.start)) {
            (at, entry) = (self.next, self.entry()?);
        }
        let reason = match entry {
            None => format!("it ends before the frame at byte {}", stored.start),
            Some(entry) if entry.stored == stored && entry.decompressed == disk.length => {
                return Ok(None);
            }
            Some(Entry { stored: said, decompressed }) => format!(
                "it says that {} bytes at byte {} give {decompressed} bytes, the index that {} \
                 bytes at byte {} give {}",
                said.length, said.start, stored.length, stored.start, disk.length
            ),
        };
        Ok(Some(SeekTableFault { stored: at, disk, reason }))
    }

    fn entry(&mut self) -> Result<Option<Entry>, ImageError> {
        let at = self.next.start;
        if at >= self.entries.end() {
            return Ok(None);
        }
        let (piece_start, piece) = &self.piece;
        if at >= piece_start + piece.len() as u64 {
            let length = PIECE.min(self.entries.end() - at);
            self.piece = (at, self.parts.read_vec(Extent::new(at, length))?);
        }
        let (piece_start, piece) = &self.piece;
        let index = usize::try_from(at - piece_start).unwrap_or(usize::MAX);
        let stored = Extent::new(self.frame_start, le32(piece, index).into());
        let decompressed = le32(piece, index + 4).into();
        self.next.start += ENTRY_SIZE;
        self.frame_start = stored.end();
        Ok(Some(Entry { stored, decompressed }))
    }
}
