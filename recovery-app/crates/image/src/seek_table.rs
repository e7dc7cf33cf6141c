//! The seek table of Zstandard's seekable format, the last frame of an image.
//!
//! Source: `contrib/seekable_format/zstd_seekable_compression_format.md` of the zstd project. A
//! skippable frame with one entry for each frame before it, ours included (they decompress to
//! nothing), and a footer of nine bytes.

use crate::record::le32;
use crate::segment::RECORDS_PER_SEGMENT;
use crate::skippable::{self, PREFIX};

/// The skippable magic number that the seekable format uses.
const TABLE_MAGIC: u32 = 0x184D_2A5E;
/// The last four bytes of a seekable file.
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;
/// Frame count, descriptor, magic number.
pub(crate) const FOOTER_SIZE: u64 = 9;
/// The most frames of a seekable file (`ZSTD_SEEKABLE_MAXFRAMES`).
const MOST_FRAMES: u64 = 1 << 27;
/// Header, manifest and root.
const OURS: u64 = 3;
/// The most frames with content of an image: with each 4096 of them goes a segment of the index.
pub const MOST_CONTENT_FRAMES: u64 =
    (MOST_FRAMES - OURS) / (RECORDS_PER_SEGMENT as u64 + 1) * RECORDS_PER_SEGMENT as u64;
/// Compressed and decompressed size, u32 each; we store no checksums here.
pub(crate) const ENTRY_SIZE: u64 = 8;

/// Sizes of all frames so far, in bytes: stored, and on the disk.
#[derive(Debug, Default)]
pub(crate) struct SeekTable {
    entries: Vec<(u32, u32)>,
}

impl SeekTable {
    pub(crate) fn push(&mut self, stored: u32, decompressed: u32) {
        self.entries.push((stored, decompressed));
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.entries.len() * 8 + 9);
        for (stored, decompressed) in &self.entries {
            content.extend(stored.to_le_bytes());
            content.extend(decompressed.to_le_bytes());
        }
        content.extend(u32::try_from(self.entries.len()).unwrap_or(u32::MAX).to_le_bytes());
        content.push(0);
        content.extend(SEEKABLE_MAGIC.to_le_bytes());
        skippable::wrap(TABLE_MAGIC, &content)
    }
}

/// True when a frame of `length` bytes that begins with `prefix` is the skippable frame that a seek
/// table has to be.
pub(crate) fn is_table(prefix: &[u8], length: u64) -> bool {
    le32(prefix, 0) == TABLE_MAGIC && PREFIX as u64 + u64::from(le32(prefix, 4)) == length
}

/// Bytes of the whole seek-table frame, from the last [`FOOTER_SIZE`] bytes of a file; `None`
/// when they are not a footer that we write.
pub(crate) fn frame_size(footer: &[u8]) -> Option<u64> {
    let ours = le32(footer, 5) == SEEKABLE_MAGIC && footer.get(4) == Some(&0);
    let frames = u64::from(le32(footer, 0));
    ours.then_some(PREFIX as u64 + frames * ENTRY_SIZE + FOOTER_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_with_the_most_content_is_a_seekable_file() {
        let segments = MOST_CONTENT_FRAMES / RECORDS_PER_SEGMENT as u64;
        let frames = MOST_CONTENT_FRAMES + segments + OURS;
        assert!(frames <= MOST_FRAMES && frames + RECORDS_PER_SEGMENT as u64 + 1 > MOST_FRAMES);
        // Its length is a u32.
        assert!(u32::try_from(frames * ENTRY_SIZE + FOOTER_SIZE).is_ok());
    }
}
