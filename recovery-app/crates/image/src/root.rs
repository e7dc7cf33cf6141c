//! The index root: where every segment and the manifest lie, and their hashes. The SHA-256 of its
//! body is the image's fingerprint.

use block::Extent;
use uuid::Uuid;

use crate::record::{Sha256Hash, le32, le64};
use crate::skippable::{self, Tag};

/// Bytes of an encoded [`SegmentEntry`].
const SEGMENT_ENTRY: usize = 8 + 8 + 8 + 32;
/// Bytes of the fixed fields before the part heads.
const FIXED: usize = 4 + 16 + 8 + 4 + 32 + 8 + 8 + 32 + 32 + 8 + 4 + 4;
/// Bytes at the start of a part that its head hash covers.
pub(crate) const PART_HEAD: u64 = 4096;
/// The last bytes of the root frame: its length (u64) and this.
const TRAILER_TAG: &[u8; 8] = b"RMTLTAIL";
/// Bytes of the trailer.
pub(crate) const TRAILER_SIZE: u64 = 16;

/// One segment as the root lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentEntry {
    /// The segment's frame in the image stream.
    pub(crate) stored: Extent,
    /// First byte of the disk that its records are about.
    pub(crate) first_disk_byte: u64,
    /// SHA-256 of the frame.
    pub(crate) sha256: Sha256Hash,
}

/// The decoded root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) version: u32,
    pub(crate) image_id: Uuid,
    pub(crate) disk_size: u64,
    pub(crate) chunk_size: u32,
    /// SHA-256 of the header frame.
    pub(crate) header_sha256: Sha256Hash,
    /// The manifest's frame in the image stream, and its SHA-256.
    pub(crate) manifest: Extent,
    pub(crate) manifest_sha256: Sha256Hash,
    /// SHA-256 of the seek table's frame.
    pub(crate) seek_table_sha256: Sha256Hash,
    /// Bytes in each part but the last; 0 when the image is one file.
    pub(crate) part_size: u64,
    /// SHA-256 of the first [`PART_HEAD`] bytes of each part that lies wholly before the root.
    pub(crate) part_heads: Vec<Sha256Hash>,
    pub(crate) segments: Vec<SegmentEntry>,
}

impl Root {
    /// The root frame and the fingerprint.
    pub(crate) fn encode(&self) -> (Vec<u8>, Sha256Hash) {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut body = Vec::new();
        body.extend(self.version.to_le_bytes());
        body.extend(self.image_id.as_bytes());
        body.extend(self.disk_size.to_le_bytes());
        body.extend(self.chunk_size.to_le_bytes());
        body.extend(self.header_sha256);
        body.extend(self.manifest.start.to_le_bytes());
        body.extend(self.manifest.length.to_le_bytes());
        body.extend(self.manifest_sha256);
        body.extend(self.seek_table_sha256);
        body.extend(self.part_size.to_le_bytes());
        body.extend(count(self.part_heads.len()));
        body.extend(count(self.segments.len()));
        self.part_heads.iter().for_each(|head| body.extend(head));
        for segment in &self.segments {
            body.extend(segment.stored.start.to_le_bytes());
            body.extend(segment.stored.length.to_le_bytes());
            body.extend(segment.first_disk_byte.to_le_bytes());
            body.extend(segment.sha256);
        }
        let fingerprint = crate::sha256(&body);
        body.extend(fingerprint);
        let length = Self::predicted_size(self.part_heads.len(), self.segments.len());
        body.extend(length.to_le_bytes());
        body.extend(TRAILER_TAG);
        (skippable::tagged(Tag::Root, &body), fingerprint)
    }

    /// Length of the root frame that [`Self::encode`] makes with these counts, in bytes.
    pub(crate) fn predicted_size(part_heads: usize, segments: usize) -> u64 {
        let body = FIXED + part_heads * 32 + segments * SEGMENT_ENTRY + 32;
        skippable::tagged_size(body) + TRAILER_SIZE
    }

    /// Length of the root frame from its trailer, the last [`TRAILER_SIZE`] bytes of it.
    pub(crate) fn frame_size(trailer: &[u8]) -> Option<u64> {
        (trailer.get(8..) == Some(TRAILER_TAG)).then_some(le64(trailer, 0))
    }

    /// The root and the fingerprint, with all counts checked against the frame's length.
    pub(crate) fn decode(frame: &[u8]) -> Result<(Self, Sha256Hash), String> {
        let body = skippable::untag(Tag::Root, frame)?;
        let short = || "it is too short".to_owned();
        let end = body.len().checked_sub(32 + 16).filter(|end| *end >= FIXED).ok_or_else(short)?;
        let (body, rest) = body.split_at(end);
        let fingerprint = crate::sha256(body);
        if rest[..32] != fingerprint {
            return Err("its hash is wrong".to_owned());
        }
        let (heads, segments) = (le32(body, 152) as usize, le32(body, 156) as usize);
        let expected = (heads.checked_mul(32))
            .zip(segments.checked_mul(SEGMENT_ENTRY))
            .and_then(|(heads, segments)| heads.checked_add(segments)?.checked_add(FIXED));
        if expected != Some(body.len()) {
            return Err("its counts are wrong".to_owned());
        }
        let (head_bytes, segment_bytes) = body[FIXED..].split_at(heads * 32);
        let root = Self {
            version: le32(body, 0),
            image_id: Uuid::from_slice(&body[4..20]).map_err(|error| error.to_string())?,
            disk_size: le64(body, 20),
            chunk_size: le32(body, 28),
            header_sha256: hash_at(body, 32),
            manifest: Extent::new(le64(body, 64), le64(body, 72)),
            manifest_sha256: hash_at(body, 80),
            seek_table_sha256: hash_at(body, 112),
            part_size: le64(body, 144),
            part_heads: head_bytes.chunks_exact(32).map(|head| hash_at(head, 0)).collect(),
            segments: segment_bytes.chunks_exact(SEGMENT_ENTRY).map(segment_entry).collect(),
        };
        Ok((root, fingerprint))
    }
}

fn segment_entry(bytes: &[u8]) -> SegmentEntry {
    SegmentEntry {
        stored: Extent::new(le64(bytes, 0), le64(bytes, 8)),
        first_disk_byte: le64(bytes, 16),
        sha256: hash_at(bytes, 24),
    }
}

fn hash_at(bytes: &[u8], at: usize) -> Sha256Hash {
    let mut hash = [0; 32];
    if let Some(slice) = bytes.get(at..at + 32) {
        hash.copy_from_slice(slice);
    }
    hash
}
