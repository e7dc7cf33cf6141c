//! The clusters that a log record mentions.

use block::{ExtentSet, ExtentSetBuilder};

use super::pages::LogRecord;
use crate::MapError;
use crate::bytes::Bytes;
use crate::ntfs::attribute::{Attribute, Form};
use crate::ntfs::record::{Record, undo_update_sequence};
use crate::ntfs::runs::Run;
use crate::ntfs::stream::Stream;
use crate::ntfs::volume::Volume;

/// Operations of log records (`enum NTFS_LOG_OPERATION`) that concern clusters.
mod operation {
    pub(super) const INITIALIZE_FILE_RECORD: u16 = 0x02;
    pub(super) const CREATE_ATTRIBUTE: u16 = 0x05;
    pub(super) const UPDATE_NONRESIDENT_VALUE: u16 = 0x08;
    pub(super) const UPDATE_MAPPING_PAIRS: u16 = 0x09;
    pub(super) const SET_BITS: u16 = 0x15;
    pub(super) const CLEAR_BITS: u16 = 0x16;
    /// The highest number that is known.
    pub(super) const LAST: u16 = 0x25;
}

/// Collects the clusters of log records.
pub(super) struct Actions<'a> {
    volume: &'a Volume<'a>,
    /// Where `$Bitmap` lies.
    bitmap: ExtentSet,
    used: &'a mut ExtentSetBuilder,
}

/// The fixed fields of a change.
struct Change {
    record_offset: usize,
    attribute_offset: usize,
    /// Byte of the target attribute where the clusters that are listed start.
    target: u64,
    /// Bytes from the start of the first of these clusters.
    within: u64,
    /// The clusters of the target.
    lcns: Vec<u64>,
}

impl<'a> Actions<'a> {
    pub(super) fn new(
        volume: &'a Volume<'a>,
        bitmap: &Stream,
        used: &'a mut ExtentSetBuilder,
    ) -> Self {
        let place = |run: &Run| run.lcn.and_then(|lcn| volume.boot.extent(lcn, run.clusters));
        let bitmap = bitmap.runs().iter().filter_map(place).collect();
        Self { volume, bitmap, used }
    }

    /// Adds what a record's change, or its undoing, gives to a file.
    pub(super) fn add(&mut self, record: &LogRecord) -> Result<(), MapError> {
        if record.kind != 1 {
            return Ok(());
        }
        let bytes = Bytes::new(&record.data, "log record");
        let change = self.change(bytes)?;
        for (operation, field) in [(bytes.le16(0)?, 4), (bytes.le16(2)?, 8)] {
            if operation > operation::LAST {
                let reason = format!("$LogFile: operation {operation:#x} is unknown");
                return Err(MapError::unsupported(reason));
            }
            let (at, length) = (bytes.le16(field)?, bytes.le16(field + 2)?);
            let payload = if length == 0 { &[] } else { bytes.slice(at.into(), length.into())? };
            self.apply(operation, &change, payload)?;
        }
        for lcn in change.lcns {
            self.used.extend(self.volume.boot.extent(lcn, 1));
        }
        Ok(())
    }

    fn change(&self, bytes: Bytes<'_>) -> Result<Change, MapError> {
        let cluster = self.volume.boot.cluster;
        let lcns = (0..usize::from(bytes.le16(0x0e)?))
            .map(|index| bytes.le64(0x20 + index * 8))
            .collect::<Result<_, _>>()?;
        Ok(Change {
            record_offset: bytes.le16(0x10)?.into(),
            attribute_offset: bytes.le16(0x12)?.into(),
            target: bytes.le64(0x18)?.saturating_mul(cluster),
            within: u64::from(bytes.le16(0x14)?) * 512,
            lcns,
        })
    }

    fn apply(&mut self, operation: u16, change: &Change, payload: &[u8]) -> Result<(), MapError> {
        match operation {
            operation::SET_BITS | operation::CLEAR_BITS if !payload.is_empty() => {
                self.add_bits(change, payload)
            }
            operation::UPDATE_NONRESIDENT_VALUE if self.is_in_bitmap(change) => {
                Err(MapError::unsupported("$LogFile: it overwrites $Bitmap"))
            }
            // Run lists only confirm what the bits say; one that cannot be read is no loss.
            operation::INITIALIZE_FILE_RECORD => {
                if let Ok(record) = Record::parse(payload) {
                    record.attributes().map_while(Result::ok).for_each(|one| self.add_runs(&one));
                }
                Ok(())
            }
            operation::CREATE_ATTRIBUTE => {
                if let Ok(attribute) = Attribute::parse(payload) {
                    self.add_runs(&attribute);
                }
                Ok(())
            }
            operation::UPDATE_MAPPING_PAIRS => {
                self.add_changed_runs(change, payload);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The clusters of a range of bits. Other bitmaps than `$Bitmap` are changed in the same way;
    /// which one it is does not matter, since a cluster too many does no harm.
    fn add_bits(&mut self, change: &Change, payload: &[u8]) -> Result<(), MapError> {
        let range = Bytes::new(payload, "log record of bits");
        let first = change
            .target
            .saturating_add(change.within + change.record_offset as u64)
            .saturating_mul(8)
            .saturating_add(range.le32(0)?.into());
        let clusters = self.volume.boot.clusters;
        let end = first.saturating_add(range.le32(4)?.into()).min(clusters);
        if first < end {
            self.used.extend(self.volume.boot.extent(first, end - first));
        }
        Ok(())
    }

    fn is_in_bitmap(&self, change: &Change) -> bool {
        let place = |lcn: &u64| self.volume.boot.extent(*lcn, 1);
        change.lcns.iter().filter_map(place).any(|extent| self.bitmap.intersects(extent))
    }

    fn add_runs(&mut self, attribute: &Attribute<'_>) {
        if let Form::NonResident(mapping) = attribute.form {
            for run in mapping.decode(self.volume.boot.clusters).unwrap_or_default() {
                let place = run.lcn.and_then(|lcn| self.volume.boot.extent(lcn, run.clusters));
                self.used.extend(place);
            }
        }
    }

    /// The run list of a file record as it is on the volume, with the change made.
    fn add_changed_runs(&mut self, change: &Change, payload: &[u8]) -> Option<()> {
        let boot = self.volume.boot;
        let place = boot.extent(*change.lcns.first()?, 1)?.start.checked_add(change.within)?;
        let mut block = self.volume.device.read_vec(place, boot.record).ok()?;
        if !undo_update_sequence(&mut block) {
            return None;
        }
        let record = Record::parse(&block).ok()?;
        let attribute = record.attribute_at(change.record_offset).ok()??;
        let mut changed = attribute.record().ok()?.to_vec();
        let end = change.attribute_offset + payload.len();
        changed.resize(changed.len().max(end), 0);
        changed[change.attribute_offset..end].copy_from_slice(payload);
        self.add_runs(&Attribute::parse(&changed).ok()?);
        Some(())
    }
}
