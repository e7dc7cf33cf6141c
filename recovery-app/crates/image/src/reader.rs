use std::path::{Path, PathBuf};

use block::{Caching, Extent, ExtentSet};
use sha2::{Digest, Sha256};

use crate::codec::check_stored;
use crate::parts::PartReader;
use crate::record::{Record, Sha256Hash, le32};
use crate::root::{PART_HEAD, Root, TRAILER_SIZE};
use crate::seek_check::{Places, SeekTableCheck};
use crate::segment::RECORDS_PER_SEGMENT;
use crate::skippable::{self, LARGEST_STRUCTURE, PREFIX, Tag};
use crate::{
    Damage, FORMAT_VERSION, FrameKind, Header, ImageError, LARGEST_ZERO_FRAME, Manifest, Part,
    codec, seek_table, segment,
};

/// An image opened for reading: its index is whole and proven, its frames are checked as they are
/// read.
pub struct ImageReader {
    path: PathBuf,
    parts: PartReader,
    header: Header,
    root: Root,
    fingerprint: Sha256Hash,
    /// Bytes of the header's frame.
    header_length: u64,
    /// Where the seek table's frame lies in the image stream.
    seek_table: Extent,
    manifest: Manifest,
    /// The ranges of the disk that could not be read, by the manifest.
    lost: ExtentSet,
}

impl std::fmt::Debug for ImageReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ImageReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ImageReader {
    /// Opens the image at `path` (`.../disk0.img.zst`, also when it is cut into parts) and checks
    /// everything about it but the segments and frames: sizes and order of the parts, header,
    /// root, manifest, and the hash of the seek table, which [`Self::seek_table_check`] compares
    /// with the index.
    pub fn open(path: &Path, caching: Caching) -> Result<Self, ImageError> {
        let parts = PartReader::open(path, caching)?;
        let opening = Opening { path, parts: &parts };
        let root = opening.root();
        if root.is_err() {
            // A foreign file is called foreign, not damaged.
            opening.header()?;
        }
        let (root, fingerprint) = root?;
        opening.check_part_order(&root)?;
        let (header, header_frame) = opening.header()?;
        if root.image_id != header.image_id {
            let reason = "it belongs to another image than the index: files of two are mixed";
            return Err(opening.damaged("header", 0, reason));
        }
        opening.check_version(root.version)?;
        if root.version != FORMAT_VERSION
            || root.header_sha256 != codec::sha256(&header_frame)
            || root.disk_size != header.disk_size
            || root.chunk_size != header.chunk_size
        {
            return Err(opening.damaged("header", 0, "it does not belong to the index"));
        }
        let manifest = opening.manifest(&root, &header)?;
        let lost = manifest.unreadable.iter().map(|range| range.extent).collect();
        let (header_length, seek_table) = (header_frame.len() as u64, opening.seek_table()?);
        let path = path.to_owned();
        Ok(Self {
            path,
            parts,
            header,
            root,
            fingerprint,
            header_length,
            seek_table,
            manifest,
            lost,
        })
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 over the index: two images with the same fingerprint hold the same bytes.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256Hash {
        self.fingerprint
    }

    /// Where the manifest's frame lies in the image stream, in bytes.
    #[must_use]
    pub fn manifest_place(&self) -> Extent {
        self.root.manifest
    }

    /// The files, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        self.parts.parts()
    }

    /// Bytes in all files.
    #[must_use]
    pub fn stored_size(&self) -> u64 {
        self.parts.total()
    }

    /// The index segments, in the order of the disk; each is read and checked when it is reached.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments { reader: self, next: 0 }
    }

    /// Where segment `number` lies in the image stream, and the bytes of the disk that its records
    /// are about.
    #[must_use]
    pub fn segment_place(&self, number: usize) -> (Extent, Extent) {
        let entry = self.root.segments[number];
        let next = self.root.segments.get(number + 1);
        let end = next.map_or(self.root.disk_size, |next| next.first_disk_byte);
        (entry.stored, Extent::between(entry.first_disk_byte, end))
    }

    /// The number of the segment that has the record of byte `offset` of the disk.
    #[must_use]
    pub fn segment_of(&self, offset: u64) -> usize {
        self.root
            .segments
            .partition_point(|segment| segment.first_disk_byte <= offset)
            .saturating_sub(1)
    }

    /// The records of segment `number`: without gap or overlap from its first byte of the disk to
    /// that of the next, each frame behind the segment before.
    pub fn segment(&self, number: usize) -> Result<Vec<Record>, ImageError> {
        let entry = self.root.segments[number];
        let damaged = |reason: &str| ImageError::Structure {
            path: self.path.clone(),
            structure: format!("index segment {number}"),
            offset: entry.stored.start,
            reason: reason.to_owned(),
        };
        let largest = segment::frame_size(RECORDS_PER_SEGMENT as u64);
        if entry.stored.length > largest || entry.stored.end() > self.root.manifest.start {
            return Err(damaged("the index gives it an impossible place"));
        }
        let frame = self.parts.read_vec(entry.stored)?;
        if codec::sha256(&frame) != entry.sha256 {
            return Err(damaged("its hash is wrong"));
        }
        let index = u32::try_from(number).unwrap_or(u32::MAX);
        let records = segment::decode(self.root.image_id, index, &frame)
            .map_err(|reason| damaged(&reason))?;
        let (_, disk) = self.segment_place(number);
        let before = number.checked_sub(1).and_then(|number| self.root.segments.get(number));
        let from = before.map_or(self.header_length, |segment| segment.stored.end());
        let frames = Extent::between(from, entry.stored.start);
        self.check_records(&records, disk, frames).map_err(damaged)?;
        Ok(records)
    }

    /// That the chunks fill `disk`, and that their frames follow each other in `frames`, bytes of
    /// the image stream.
    fn check_records(
        &self,
        records: &[Record],
        disk: Extent,
        frames: Extent,
    ) -> Result<(), &'static str> {
        let chunk_size = u64::from(self.header.chunk_size);
        // A frame of incompressible data is a little larger than the data (RFC 8878: 3 bytes for
        // each block of 128 KiB, and the header).
        let largest_frame = chunk_size + chunk_size / 1024 + 1024;
        let (mut at, mut stored_at) = (disk.start, frames.start);
        for record in records {
            let content = record.kind.is_content();
            let most = if content { chunk_size } else { LARGEST_ZERO_FRAME };
            if record.disk.start != at || record.disk.is_empty() || record.disk.length > most {
                return Err("its chunks do not follow each other");
            }
            if record.stored.start < stored_at
                || record.stored.end() > frames.end()
                || record.stored.length > largest_frame
            {
                return Err("it gives a frame an impossible place");
            }
            if record.kind == FrameKind::Unreadable && !self.lost.intersects(record.disk) {
                return Err("it has a chunk with lost sectors that the manifest does not list");
            }
            at = record.disk.end();
            stored_at = record.stored.end();
        }
        (at == disk.end()).then_some(()).ok_or("its chunks do not reach the next segment")
    }

    /// Begins to compare the seek table with the index. Nothing else of a reader uses the table.
    #[must_use]
    pub fn seek_table_check(&self) -> SeekTableCheck<'_> {
        let manifest = self.root.manifest;
        let places = Places {
            header: Extent::new(0, self.header_length),
            manifest,
            root: Extent::between(manifest.end(), self.seek_table.start),
            table: self.seek_table,
        };
        SeekTableCheck::new(&self.parts, places)
    }

    /// Replaces the content of `frame` by the stored bytes of a record and checks them against
    /// it. A part that cannot be read there counts as damage too.
    pub fn read_frame(&self, record: &Record, frame: &mut Vec<u8>) -> Result<(), Damage> {
        frame.resize(usize::try_from(record.stored.length).unwrap_or(0), 0);
        self.parts.read_at(frame, record.stored.start).map_err(|error| Damage {
            is_unread: error.may_be_gone(),
            ..codec::damage(record, &error.to_string())
        })?;
        check_stored(record, frame)
    }

    /// False when neither the header nor the manifest, which have been read before, can be read
    /// any more: then it is the drive that is missing, and nothing is said about the image.
    #[must_use]
    pub fn answers(&self) -> bool {
        const PROBE: u64 = 8;
        [0, self.root.manifest.start]
            .iter()
            .any(|start| self.parts.read_vec(Extent::new(*start, PROBE)).is_ok())
    }
}

/// Iterator over the segments of an image.
pub struct Segments<'a> {
    reader: &'a ImageReader,
    next: usize,
}

impl Iterator for Segments<'_> {
    type Item = Result<Vec<Record>, ImageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.next;
        if number == self.reader.root.segments.len() {
            return None;
        }
        self.next += 1;
        Some(self.reader.segment(number))
    }
}

/// An image whose structures are being read and checked.
struct Opening<'a> {
    path: &'a Path,
    parts: &'a PartReader,
}

impl Opening<'_> {
    fn damaged(&self, structure: &str, offset: u64, reason: impl Into<String>) -> ImageError {
        ImageError::Structure {
            path: self.path.to_owned(),
            structure: structure.to_owned(),
            offset,
            reason: reason.into(),
        }
    }

    fn newer(&self, found: u32) -> ImageError {
        let path = self.path.to_owned();
        ImageError::NewerVersion { path, found, supported: FORMAT_VERSION }
    }

    /// Refuses what a newer program wrote.
    fn check_version(&self, found: u32) -> Result<(), ImageError> {
        (found <= FORMAT_VERSION).then_some(()).ok_or_else(|| self.newer(found))
    }

    /// The header, and its frame.
    fn header(&self) -> Result<(Header, Vec<u8>), ImageError> {
        let not_ours = |reason: &str| ImageError::NotAnImage {
            path: self.path.to_owned(),
            reason: reason.to_owned(),
        };
        if self.parts.total() < (PREFIX + 8) as u64 {
            return Err(not_ours("it is too short"));
        }
        let prefix = self.parts.read_vec(Extent::new(0, (PREFIX + 8) as u64))?;
        if le32(&prefix, 0) != skippable::MAGIC || prefix[PREFIX..] != Tag::Header.bytes() {
            return Err(not_ours("it does not begin with our header"));
        }
        let length = PREFIX as u64 + u64::from(le32(&prefix, 4));
        if length > crate::header::LARGEST_HEADER || length > self.parts.total() {
            return Err(self.damaged("header", 0, "its length is wrong"));
        }
        let frame = self.parts.read_vec(Extent::new(0, length))?;
        match Header::decode(&frame, FORMAT_VERSION) {
            Ok((_, Some(header))) => Ok((header, frame)),
            Ok((0, None)) => Err(self.damaged("header", 0, "it has no version")),
            Ok((found, None)) => Err(self.newer(found)),
            Err(reason) => Err(self.damaged("header", 0, reason)),
        }
    }

    /// The index root and the fingerprint, found from the end of the file.
    fn root(&self) -> Result<(Root, Sha256Hash), ImageError> {
        self.check_part_sizes()?;
        let table = self.seek_table()?;
        let trailer_at = table.start.checked_sub(TRAILER_SIZE);
        let trailer_at = trailer_at.ok_or_else(|| ImageError::Unfinished(self.path.to_owned()))?;
        let trailer = self.parts.read_vec(Extent::new(trailer_at, TRAILER_SIZE))?;
        let wrong = |reason: &str| self.damaged("index root", trailer_at, reason);
        let length = Root::frame_size(&trailer).ok_or_else(|| wrong("its end is not there"))?;
        let start = table.start.checked_sub(length).filter(|_| length <= LARGEST_STRUCTURE);
        let start = start.ok_or_else(|| wrong("its length is wrong"))?;
        let frame = self.parts.read_vec(Extent::new(start, length))?;
        let (root, fingerprint) =
            Root::decode(&frame).map_err(|reason| self.damaged("index root", start, reason))?;
        self.check_root(&root, start)?;
        if self.hash_of(table)? != root.seek_table_sha256 {
            return Err(self.damaged("seek table", table.start, "its hash is wrong"));
        }
        Ok((root, fingerprint))
    }

    fn check_root(&self, root: &Root, start: u64) -> Result<(), ImageError> {
        let ascending = root.segments.is_sorted_by(|a, b| {
            a.first_disk_byte < b.first_disk_byte && a.stored.end() <= b.stored.start
        });
        let begins = root
            .segments
            .first()
            .map_or(root.disk_size == 0, |segment| segment.first_disk_byte == 0);
        let ends =
            root.segments.last().is_none_or(|segment| segment.first_disk_byte < root.disk_size);
        let manifest_fits =
            root.manifest.end() == start && root.manifest.length <= LARGEST_STRUCTURE;
        (ascending && begins && ends && manifest_fits)
            .then_some(())
            .ok_or_else(|| self.damaged("index root", start, "it contradicts itself"))
    }

    /// Where the seek table lies, from the footer that ends it.
    fn seek_table(&self) -> Result<Extent, ImageError> {
        let unfinished = || ImageError::Unfinished(self.path.to_owned());
        let total = self.parts.total();
        let footer_at = total.checked_sub(seek_table::FOOTER_SIZE).ok_or_else(unfinished)?;
        let footer = self.parts.read_vec(Extent::new(footer_at, seek_table::FOOTER_SIZE))?;
        let length = seek_table::frame_size(&footer).ok_or_else(unfinished)?;
        let start = total.checked_sub(length).ok_or_else(unfinished)?;
        Ok(Extent::new(start, length))
    }

    fn hash_of(&self, extent: Extent) -> Result<Sha256Hash, ImageError> {
        let mut hash = Sha256::new();
        for piece in extent.pieces(1 << 20) {
            hash.update(self.parts.read_vec(piece)?);
        }
        Ok(hash.finalize().into())
    }

    /// All parts but the last have one size: seen before the end of the image is looked for, so
    /// that a short part is named.
    fn check_part_sizes(&self) -> Result<(), ImageError> {
        let parts = self.parts.parts();
        let Some(([first, others @ ..], last)) =
            parts.split_last().map(|(last, rest)| (rest, last))
        else {
            return Ok(());
        };
        let wrong = |part: &Part, reason: String| ImageError::WrongPart {
            path: self.path.with_file_name(&part.name),
            reason,
        };
        for part in others {
            if part.size != first.size {
                let reason = format!("it has {} bytes, the first part {}", part.size, first.size);
                return Err(wrong(part, reason));
            }
        }
        if last.size > first.size {
            return Err(wrong(last, "the last part is larger than the first".to_owned()));
        }
        Ok(())
    }

    /// Names the part that stands in another's place. A part whose beginning is merely damaged is
    /// left to the checks of what lies there, and so is an image that was cut anew.
    fn check_part_order(&self, root: &Root) -> Result<(), ImageError> {
        if self.parts.parts().first().is_none_or(|first| first.size != root.part_size) {
            return Ok(());
        }
        let parts = self.parts.starts().zip(self.parts.paths()).zip(&root.part_heads);
        for ((start, path), expected) in parts {
            let found = codec::sha256(&self.parts.read_vec(Extent::new(start, PART_HEAD))?);
            let belongs = root.part_heads.iter().position(|head| *head == found);
            if let Some(number) = belongs.filter(|_| found != *expected) {
                let reason = format!("it holds part {:03}: parts were swapped", number + 1);
                return Err(ImageError::WrongPart { path, reason });
            }
        }
        Ok(())
    }

    /// The manifest, which agrees with the header.
    fn manifest(&self, root: &Root, header: &Header) -> Result<Manifest, ImageError> {
        let damaged = |reason: String| self.damaged("manifest", root.manifest.start, reason);
        let frame = self.parts.read_vec(root.manifest)?;
        if codec::sha256(&frame) != root.manifest_sha256 {
            return Err(damaged("its hash is wrong".to_owned()));
        }
        let json = skippable::untag(Tag::Manifest, &frame).map_err(damaged)?;
        let manifest = Manifest::from_json(json).map_err(damaged)?;
        self.check_version(manifest.format_version)?;
        manifest.check(header).map_err(|reason| damaged(reason.to_owned()))?;
        Ok(manifest)
    }
}
