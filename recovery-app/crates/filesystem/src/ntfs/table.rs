//! One pass over all file records.

use super::record::{Record, undo_update_sequence};
use super::volume::Volume;
use crate::MapError;
use crate::bytes::Bytes;

/// Bytes of the file table that are read at a time.
const PIECE: usize = 1 << 20;

/// What a file record turned out to be.
pub(super) enum Entry<'a> {
    /// A record in one piece, update sequence undone.
    Whole(Record<'a>),
    /// A record that was written only in part, or whose header is wrong.
    Broken,
    /// Never written, or marked bad.
    Other,
}

impl<'a> Entry<'a> {
    fn read(block: &'a mut [u8]) -> Self {
        if !block.starts_with(b"FILE") {
            return Self::Other;
        }
        if !undo_update_sequence(block) {
            return Self::Broken;
        }
        Record::parse(block).map_or(Self::Broken, Self::Whole)
    }
}

/// Calls `visit` with number and content of every record, ascending.
///
/// The table may have clusters behind its end. A crash can leave records there that the end was
/// not moved over yet: those that carry their own number are visited too.
pub(super) fn visit_records(
    volume: &Volume<'_>,
    mut visit: impl FnMut(u64, Entry<'_>) -> Result<(), MapError>,
) -> Result<(), MapError> {
    let size = volume.boot.record;
    let all = volume.mft.end().saturating_mul(volume.boot.cluster) / size as u64;
    let per_piece = (PIECE / size) as u64;
    let mut buffer = vec![0; PIECE];
    let mut first = 0;
    while first < all {
        let count = (all - first).min(per_piece);
        let length = usize::try_from(count).unwrap_or(0) * size;
        let piece = &mut buffer[..length];
        volume.mft.read_allocated(volume, piece, first * size as u64)?;
        for (number, block) in (first..).zip(piece.chunks_mut(size)) {
            let is_own = carries_number(block, number);
            let entry = Entry::read(block);
            if number < volume.records() || (is_own && matches!(entry, Entry::Whole(_))) {
                visit(number, entry)?;
            }
        }
        first += count;
    }
    Ok(())
}

/// True when the record says of itself that it is record `number` (NTFS 3.1 and later).
fn carries_number(block: &[u8], number: u64) -> bool {
    let bytes = Bytes::new(block, "file record");
    bytes.le16(4).is_ok_and(|sequence| sequence >= 0x30)
        && bytes.le32(0x2c).is_ok_and(|own| u64::from(own) == number)
}
