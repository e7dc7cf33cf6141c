//! File records and the other blocks that are protected by an update sequence.
//!
//! Format: `fs/ntfs3/ntfs.h`, `struct NTFS_RECORD_HEADER`, `struct MFT_REC` and `struct ATTRIB`.

use super::attribute::Attribute;
use crate::MapError;
use crate::bytes::Bytes;

/// Bytes between two entries of the update sequence, whatever the sector size.
const STRIDE: usize = 512;

/// Puts back the last two bytes of each 512, and tells whether all of the block was written at
/// once: each 512 bytes must end in the block's update sequence number.
pub(super) fn undo_update_sequence(block: &mut [u8]) -> bool {
    let header = Bytes::new(block, "update sequence");
    let (Ok(at), Ok(count)) = (header.le16(4), header.le16(6)) else { return false };
    let (at, count) = (usize::from(at), usize::from(count));
    if !block.len().is_multiple_of(STRIDE) || count != block.len() / STRIDE + 1 {
        return false;
    }
    let Some(sequence) = at.checked_add(count * 2).and_then(|end| block.get(at..end)) else {
        return false;
    };
    if !at.is_multiple_of(2) || at < 8 || at + count * 2 > STRIDE - 2 {
        return false;
    }
    let sequence = sequence.to_vec();
    let (number, saved) = sequence.split_at(2);
    if !block.chunks(STRIDE).all(|sector| sector.ends_with(number)) {
        return false;
    }
    for (sector, saved) in block.chunks_mut(STRIDE).zip(saved.chunks(2)) {
        sector[STRIDE - 2..].copy_from_slice(saved);
    }
    true
}

/// A file record whose update sequence was undone.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    bytes: Bytes<'a>,
    /// Bytes from the start that hold attributes.
    used: usize,
}

impl<'a> Record<'a> {
    /// Checks the header.
    pub(super) fn parse(block: &'a [u8]) -> Result<Self, MapError> {
        let bytes = Bytes::new(block, "file record");
        let used = bytes.le32(0x18)? as usize;
        if !block.starts_with(b"FILE") || used > block.len() {
            return Err(MapError::damaged("file record: bad header"));
        }
        Ok(Self { bytes, used })
    }

    pub(super) fn in_use(&self) -> bool {
        self.bytes.le16(0x16).is_ok_and(|flags| flags & 1 != 0)
    }

    /// How often the record was given to another file; part of every reference to it.
    pub(super) fn sequence(&self) -> u16 {
        self.bytes.le16(0x10).unwrap_or(0)
    }

    /// The record that this one extends; `None` for a base record.
    pub(super) fn base(&self) -> Option<u64> {
        let reference = self.bytes.le64(0x20).unwrap_or(0);
        (reference != 0).then_some(reference & REFERENCE_MASK)
    }

    /// All bytes from the first attribute on.
    pub(super) fn content(&self) -> Result<&'a [u8], MapError> {
        let start = usize::from(self.bytes.le16(0x14)?);
        self.bytes.slice(start, self.used.saturating_sub(start))
    }

    /// The attributes; the iterator ends after an error.
    pub(super) fn attributes(self) -> impl Iterator<Item = Result<Attribute<'a>, MapError>> {
        let mut at = self.bytes.le16(0x14).map(usize::from);
        std::iter::from_fn(move || {
            let result = match at {
                Ok(0) | Err(_) => return None,
                Ok(position) => self.attribute_at(position),
            };
            at = Ok(match &result {
                Ok(Some(attribute)) => at.as_ref().map_or(0, |at| at + attribute.length()),
                _ => 0,
            });
            result.transpose()
        })
    }

    /// The attribute at byte `position`; `None` at the end mark.
    pub(super) fn attribute_at(&self, position: usize) -> Result<Option<Attribute<'a>>, MapError> {
        if self.bytes.le32(position)? == 0xffff_ffff {
            return Ok(None);
        }
        let length = self.bytes.le32(position + 4)? as usize;
        if !position.is_multiple_of(8) || position.saturating_add(length) > self.used {
            return Err(MapError::damaged("file record: an attribute does not fit"));
        }
        Attribute::parse(self.bytes.slice(position, length)?).map(Some)
    }
}

/// The record number in a file reference; the upper 16 bits are its sequence number.
pub(super) const REFERENCE_MASK: u64 = (1 << 48) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn protected() -> Vec<u8> {
        let mut block = vec![0_u8; 1024];
        block[4] = 0x30;
        block[6] = 3;
        block[0x30..0x36].copy_from_slice(&[7, 0, 1, 2, 3, 4]);
        block[510] = 7;
        block[1022] = 7;
        block
    }

    #[test]
    fn puts_back_what_the_sequence_replaced() {
        let mut block = protected();
        assert!(undo_update_sequence(&mut block));
        assert_eq!((&block[510..512], &block[1022..]), (&[1, 2][..], &[3, 4][..]));
    }

    #[test]
    fn a_torn_block_is_seen() {
        let mut block = protected();
        block[1022] = 6;
        assert!(!undo_update_sequence(&mut block));
    }

    #[test]
    fn a_sequence_that_does_not_fit_is_refused() {
        for (at, value) in [(4, 0xff), (5, 2), (6, 2), (6, 4), (4, 0x31)] {
            let mut block = protected();
            block[at] = value;
            assert!(!undo_update_sequence(&mut block), "byte {at} = {value}");
        }
    }
}
