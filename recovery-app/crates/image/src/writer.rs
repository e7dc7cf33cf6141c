use std::collections::HashMap;
use std::path::Path;

use block::Extent;
use uuid::Uuid;

use crate::parts::PartWriter;
use crate::record::{FrameKind, Record, Sha256Hash};
use crate::root::{Root, SegmentEntry};
use crate::seek_table::{MOST_CONTENT_FRAMES, SeekTable};
use crate::segment::RECORDS_PER_SEGMENT;
use crate::skippable::{self, LARGEST_STRUCTURE, Tag};
use crate::zero_frame::{LARGEST_ZERO_FRAME, zero_frame};
use crate::{FORMAT_VERSION, Header, ImageError, Manifest, Part, codec, json, segment};

/// Writes an image, frame by frame in the order of the disk.
pub struct ImageWriter {
    parts: PartWriter,
    part_size: u64,
    header: Header,
    header_sha256: Sha256Hash,
    seek_table: SeekTable,
    segments: Vec<SegmentEntry>,
    /// Frames with content so far.
    content_frames: u64,
    /// Records since the last segment.
    records: Vec<Record>,
    /// The next byte of the disk.
    disk_position: u64,
    zeros: ZeroCache,
}

/// An image that is complete and on stable storage.
#[derive(Debug, Clone)]
pub struct FinishedImage {
    /// Its files, in order.
    pub parts: Vec<Part>,
    /// Bytes in all files.
    pub stored_size: u64,
    /// SHA-256 over the index.
    pub fingerprint: Sha256Hash,
}

impl ImageWriter {
    /// Starts the image at `path` (`.../disk0.img.zst`), cut into parts of `part_size` bytes if
    /// that is given. Files of that name must not exist.
    pub fn create(path: &Path, header: Header, part_size: Option<u64>) -> Result<Self, ImageError> {
        let part_size = part_size.map(|size| size.max(1 << 20));
        let mut parts = PartWriter::create(path, part_size)?;
        let frame = header.encode(FORMAT_VERSION);
        parts.append(&frame)?;
        let mut seek_table = SeekTable::default();
        seek_table.push(length_of(&frame), 0);
        Ok(Self {
            parts,
            part_size: part_size.unwrap_or(0),
            header,
            header_sha256: codec::sha256(&frame),
            seek_table,
            segments: Vec::new(),
            content_frames: 0,
            records: Vec::new(),
            disk_position: 0,
            zeros: ZeroCache::default(),
        })
    }

    /// The id of the image being written.
    #[must_use]
    pub fn image_id(&self) -> Uuid {
        self.header.image_id
    }

    /// Bytes written so far.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.parts.position()
    }

    /// How much of what was written waits for the destination, in percent of what is let wait.
    /// Near 100, the destination is slower than what it is given.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.parts.backlog()
    }

    /// Appends the data frame `frame`, made by [`crate::Encoder`], for the next `length` bytes of
    /// the disk, whose hash is `sha256`.
    pub fn append(
        &mut self,
        kind: FrameKind,
        length: u64,
        frame: &[u8],
        sha256: Sha256Hash,
        checksum: u128,
    ) -> Result<(), ImageError> {
        let record = Record {
            kind,
            disk: Extent::new(self.disk_position, length),
            stored: Extent::new(self.parts.position(), frame.len() as u64),
            sha256,
            stored_checksum: checksum,
        };
        self.append_record(record, frame)
    }

    /// Appends the next `length` bytes of the disk as zeros, in as many frames as needed. `kind`
    /// says what they mean: a zero chunk, a hole or an excluded range.
    pub fn append_zeros(&mut self, kind: FrameKind, length: u64) -> Result<(), ImageError> {
        for piece in Extent::new(self.disk_position, length).pieces(LARGEST_ZERO_FRAME) {
            let frame = self.zeros.frame(piece.length);
            let record = Record {
                kind,
                disk: piece,
                stored: Extent::new(self.parts.position(), frame.len() as u64),
                sha256: if kind.is_content() { self.zeros.sha256(piece.length) } else { [0; 32] },
                stored_checksum: codec::stored_checksum(&frame),
            };
            self.append_record(record, &frame)?;
        }
        Ok(())
    }

    fn append_record(&mut self, record: Record, frame: &[u8]) -> Result<(), ImageError> {
        if self.content_frames == MOST_CONTENT_FRAMES {
            return Err(ImageError::TooManyFrames(self.parts.path().to_owned()));
        }
        self.content_frames += 1;
        self.parts.append(frame)?;
        let length = u32::try_from(record.disk.length).unwrap_or(u32::MAX);
        self.seek_table.push(length_of(frame), length);
        self.disk_position = record.disk.end();
        self.records.push(record);
        if self.records.len() == RECORDS_PER_SEGMENT {
            self.end_segment()?;
        }
        Ok(())
    }

    fn end_segment(&mut self) -> Result<(), ImageError> {
        let Some(first) = self.records.first() else { return Ok(()) };
        let first_disk_byte = first.disk.start;
        let number = u32::try_from(self.segments.len()).unwrap_or(u32::MAX);
        let frame = segment::encode(self.header.image_id, number, &self.records);
        let (stored, sha256) = self.append_ours(&frame)?;
        self.segments.push(SegmentEntry { stored, first_disk_byte, sha256 });
        self.records.clear();
        Ok(())
    }

    fn append_ours(&mut self, frame: &[u8]) -> Result<(Extent, Sha256Hash), ImageError> {
        let stored = Extent::new(self.parts.position(), frame.len() as u64);
        self.parts.append(frame)?;
        self.seek_table.push(length_of(frame), 0);
        Ok((stored, codec::sha256(frame)))
    }

    /// Fails for a structure that a reader would refuse.
    fn check_size(&self, structure: &'static str, size: u64) -> Result<(), ImageError> {
        let fits = size <= LARGEST_STRUCTURE;
        fits.then_some(()).ok_or_else(|| self.too_large(structure, size))
    }

    fn too_large(&self, structure: &'static str, size: u64) -> ImageError {
        ImageError::TooLarge { path: self.parts.path().to_owned(), structure, size }
    }

    /// Writes the manifest and the index and waits until all is on stable storage. Fails when one
    /// of them is larger than a reader takes; see [`Manifest::fits`].
    pub fn finish(mut self, manifest: &Manifest) -> Result<FinishedImage, ImageError> {
        self.end_segment()?;
        let text = manifest.to_json();
        let frame = skippable::tagged(Tag::Manifest, &text);
        self.check_size("manifest", frame.len() as u64)?;
        if json::has_too_many_values(&text) {
            return Err(self.too_large("manifest", frame.len() as u64));
        }
        let (manifest, manifest_sha256) = self.append_ours(&frame)?;
        let part_heads = self.parts.heads().to_vec();
        let root_size = Root::predicted_size(part_heads.len(), self.segments.len());
        self.check_size("index root", root_size)?;
        self.seek_table.push(u32::try_from(root_size).unwrap_or(u32::MAX), 0);
        let table = self.seek_table.encode();
        let root = Root {
            version: FORMAT_VERSION,
            image_id: self.header.image_id,
            disk_size: self.disk_position,
            chunk_size: self.header.chunk_size,
            header_sha256: self.header_sha256,
            manifest,
            manifest_sha256,
            seek_table_sha256: codec::sha256(&table),
            part_size: self.part_size,
            part_heads,
            segments: self.segments,
        };
        let (frame, fingerprint) = root.encode();
        self.parts.append(&frame)?;
        self.parts.append(&table)?;
        let stored_size = self.parts.position();
        let parts = self.parts.finish()?;
        Ok(FinishedImage { parts, stored_size, fingerprint })
    }
}

fn length_of(frame: &[u8]) -> u32 {
    u32::try_from(frame.len()).unwrap_or(u32::MAX)
}

/// Lengths whose zero hashes are remembered. A large sparse filesystem has hundreds of thousands
/// of zero chunks of a few lengths that take turns.
const REMEMBERED_HASHES: usize = 4096;

/// The last zero frame, and the hashes of zeros by length in bytes.
#[derive(Default)]
struct ZeroCache {
    frame: Option<(u64, Vec<u8>)>,
    hashes: HashMap<u64, Sha256Hash>,
}

impl ZeroCache {
    fn frame(&mut self, length: u64) -> Vec<u8> {
        match &self.frame {
            Some((cached, frame)) if *cached == length => frame.clone(),
            _ => {
                let frame = zero_frame(length);
                self.frame = Some((length, frame.clone()));
                frame
            }
        }
    }

    fn sha256(&mut self, length: u64) -> Sha256Hash {
        if let Some(hash) = self.hashes.get(&length) {
            return *hash;
        }
        let hash = sha256_of_zeros(length);
        if self.hashes.len() < REMEMBERED_HASHES {
            self.hashes.insert(length, hash);
        }
        hash
    }
}

fn sha256_of_zeros(length: u64) -> Sha256Hash {
    use sha2::{Digest, Sha256};
    let zeros = [0; 4096];
    let mut hash = Sha256::new();
    for piece in Extent::new(0, length).pieces(4096) {
        hash.update(&zeros[..usize::try_from(piece.length).unwrap_or(0)]);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_frames_than_a_seek_table_holds_are_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let header = Header {
            image_id: Uuid::nil(),
            created: String::new(),
            tool: String::new(),
            disk_size: 2048,
            logical_sector: 512,
            chunk_size: crate::CHUNK_SIZE,
            disk: String::new(),
        };
        let path = folder.path().join("disk0.img.zst");
        let mut writer = ImageWriter::create(&path, header, None).unwrap();
        writer.content_frames = MOST_CONTENT_FRAMES - 1;
        writer.append_zeros(FrameKind::Hole, 1024).unwrap();
        let error = writer.append_zeros(FrameKind::Hole, 1024).unwrap_err();
        assert!(matches!(error, ImageError::TooManyFrames(_)), "{error}");
    }
}
