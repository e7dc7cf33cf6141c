//! The file table (`$MFT`): file records by number, and the attributes they hold.
//!
//! The crate `ntfs` reads files, but hides run lists, extension records and records of deleted
//! files, and gives up on a damaged volume; the map needs all of these, so this is hand-written.

use block::BlockDevice;

use super::attribute::{Attribute, Form, kind};
use super::boot::Boot;
use super::record::{REFERENCE_MASK, Record, undo_update_sequence};
use super::stream::Stream;
use crate::MapError;
use crate::bytes::Bytes;

/// Largest attribute list that Windows writes, in bytes.
const MOST_ATTRIBUTE_LIST: u64 = 256 << 10;

/// Numbers of the file records that every volume has.
pub(super) mod number {
    pub(in super::super) const MFT: u64 = 0;
    pub(in super::super) const MIRROR: u64 = 1;
    pub(in super::super) const LOG: u64 = 2;
    pub(in super::super) const VOLUME: u64 = 3;
    pub(in super::super) const ROOT: u64 = 5;
    pub(in super::super) const BITMAP: u64 = 6;
    pub(in super::super) const BOOT: u64 = 7;
    /// The first record that an ordinary file may have.
    pub(in super::super) const FIRST_USER: u64 = 24;
}

/// An NTFS volume whose file table was found.
pub(super) struct Volume<'a> {
    pub device: &'a dyn BlockDevice,
    pub boot: Boot,
    /// The content of `$MFT`: all file records.
    pub mft: Stream,
}

impl<'a> Volume<'a> {
    /// Finds all parts of the file table.
    pub(super) fn open(device: &'a dyn BlockDevice, boot: Boot) -> Result<Self, MapError> {
        if boot.covered() > device.size() {
            return Err(MapError::damaged(format!(
                "NTFS of {} bytes on a partition of {} bytes",
                boot.covered(),
                device.size()
            )));
        }
        let mut block = device.read_vec(boot.mft * boot.cluster, boot.record)?;
        if !undo_update_sequence(&mut block) {
            return Err(MapError::damaged("the first file record is damaged"));
        }
        let record = Record::parse(&block)?;
        let mut first = None;
        let mut list = None;
        for attribute in record.attributes() {
            let attribute = attribute?;
            match attribute.kind {
                kind::DATA if attribute.name.is_empty() => first = Some(attribute),
                kind::ATTRIBUTE_LIST => list = Some(attribute),
                _ => {}
            }
        }
        let first = first.ok_or_else(|| MapError::damaged("$MFT has no content"))?;
        let mut volume = Self { device, boot, mft: Stream::start(&first, boot.clusters)? };
        if let Some(list) = list {
            for part in volume.parts(&list, kind::DATA, &[])? {
                volume.extend_mft(part)?;
            }
        }
        let place = volume.mft.runs().first().and_then(|run| run.lcn);
        if place != Some(boot.mft) || !volume.mft.is_plain(&volume) {
            return Err(MapError::damaged("$MFT and the boot sector disagree on where it lies"));
        }
        if volume.mft.end() > boot.clusters {
            return Err(MapError::damaged("$MFT is larger than the volume"));
        }
        Ok(volume)
    }

    /// Each part of `$MFT` must be listed in a record that lies in an earlier part.
    fn extend_mft(&mut self, part: Part) -> Result<(), MapError> {
        if part.record == number::MFT {
            return Ok(());
        }
        let block = self.record(part.record)?;
        let attribute = part.find(&block, number::MFT, kind::DATA, &[])?;
        match attribute.form {
            Form::NonResident(mapping) => self.mft.append(&mapping, self.boot.clusters),
            Form::Resident(_) => Err(MapError::damaged("$MFT: a part is not in clusters")),
        }
    }

    /// Number of records in the file table that were ever written.
    pub(super) fn records(&self) -> u64 {
        self.mft.initialized() / self.boot.record as u64
    }

    /// The bytes of record `number`, update sequence undone.
    pub(super) fn record(&self, number: u64) -> Result<Vec<u8>, MapError> {
        let wrong = |what| MapError::damaged(format!("file record {number} {what}"));
        let size = self.boot.record as u64;
        let end = number.checked_add(1).and_then(|end| end.checked_mul(size));
        let known = self.mft.end().saturating_mul(self.boot.cluster);
        let end = end.filter(|end| *end <= known).ok_or_else(|| wrong("does not exist"))?;
        let mut block = vec![0; self.boot.record];
        self.mft.read_allocated(self, &mut block, end - size)?;
        if !undo_update_sequence(&mut block) {
            return Err(wrong("is damaged"));
        }
        Ok(block)
    }

    /// The content of an attribute of file `number`; `None` when it has no such attribute.
    pub(super) fn stream(
        &self,
        number: u64,
        kind: u32,
        name: &[u8],
    ) -> Result<Option<Stream>, MapError> {
        let block = self.record(number)?;
        let record = Record::parse(&block)?;
        if !record.in_use() {
            return Err(MapError::damaged(format!("file record {number} is not in use")));
        }
        let mut found = None;
        for attribute in record.attributes() {
            let attribute = attribute?;
            if attribute.kind == kind::ATTRIBUTE_LIST {
                return self.listed_stream(number, &attribute, kind, name);
            }
            if attribute.kind == kind && same_name(attribute.name, name) {
                found = Some(attribute);
            }
        }
        found.map(|attribute| Stream::start(&attribute, self.boot.clusters)).transpose()
    }

    /// As [`Self::stream`], for a file whose attributes are spread over several records.
    fn listed_stream(
        &self,
        base: u64,
        list: &Attribute<'_>,
        kind: u32,
        name: &[u8],
    ) -> Result<Option<Stream>, MapError> {
        let mut stream: Option<Stream> = None;
        for part in self.parts(list, kind, name)? {
            let block = self.record(part.record)?;
            let attribute = part.find(&block, base, kind, name)?;
            match (&mut stream, attribute.form) {
                (None, _) => stream = Some(Stream::start(&attribute, self.boot.clusters)?),
                (Some(stream), Form::NonResident(mapping)) => {
                    stream.append(&mapping, self.boot.clusters)?;
                }
                (Some(_), Form::Resident(_)) => {
                    return Err(MapError::damaged("attribute: a part is not in clusters"));
                }
            }
        }
        Ok(stream)
    }

    /// The records that hold attributes of this kind without a name, for a file whose attributes
    /// are spread over several records.
    pub(super) fn holders(&self, list: &Attribute<'_>, kind: u32) -> Result<Vec<u64>, MapError> {
        Ok(self.parts(list, kind, &[])?.into_iter().map(|part| part.record).collect())
    }

    /// Which records hold the parts of an attribute, ascending.
    fn parts(&self, list: &Attribute<'_>, kind: u32, name: &[u8]) -> Result<Vec<Part>, MapError> {
        let stream = Stream::start(list, self.boot.clusters)?;
        if stream.size() > MOST_ATTRIBUTE_LIST {
            return Err(MapError::damaged("attribute list: too long"));
        }
        let content = stream.read_start(self, usize::MAX)?;
        let bytes = Bytes::new(&content, "attribute list");
        let mut parts = Vec::new();
        let mut at = 0;
        // What is too short for an entry at the end is padding.
        while at + 0x1a <= content.len() {
            let length = usize::from(bytes.le16(at + 4)?);
            if length < 0x1a {
                return Err(MapError::damaged("attribute list: an entry is too short"));
            }
            let entry_name = bytes
                .slice(at + usize::from(bytes.u8(at + 7)?), usize::from(bytes.u8(at + 6)?) * 2)?;
            if bytes.le32(at)? == kind && same_name(entry_name, name) {
                let record = bytes.le64(at + 0x10)? & REFERENCE_MASK;
                parts.push(Part { first: bytes.le64(at + 8)?, record });
            }
            at += length;
        }
        parts.sort_unstable();
        Ok(parts)
    }
}

/// Where an attribute list says a part of an attribute is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    /// First virtual cluster.
    first: u64,
    record: u64,
}

impl Part {
    /// The attribute in its record, which must belong to file `base`.
    fn find<'a>(
        &self,
        block: &'a [u8],
        base: u64,
        kind: u32,
        name: &[u8],
    ) -> Result<Attribute<'a>, MapError> {
        let record = Record::parse(block)?;
        let belongs = record.base().map_or(self.record == base, |of| of == base);
        if record.in_use() && belongs {
            for attribute in record.attributes() {
                let attribute = attribute?;
                let first = match attribute.form {
                    Form::Resident(_) => 0,
                    Form::NonResident(mapping) => mapping.first,
                };
                if attribute.kind == kind && same_name(attribute.name, name) && first == self.first
                {
                    return Ok(attribute);
                }
            }
        }
        Err(MapError::damaged(format!("file record {} lacks a part of {base}", self.record)))
    }
}

/// Attribute names compare without regard to case; those of the system are ASCII.
fn same_name(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The name of directory indexes, `$I30`, in UTF-16.
pub(super) const DIRECTORY_INDEX: &[u8] = b"$\0I\x003\x000\0";
