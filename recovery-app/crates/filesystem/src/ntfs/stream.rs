//! The content of an attribute, put together from all its parts.

use super::attribute::{Attribute, COMPRESSED, ENCRYPTED, Form, Mapping};
use super::runs::Run;
use super::volume::Volume;
use crate::MapError;

/// Most runs of one attribute that are kept: 24 bytes each.
const MOST_RUNS: usize = 1 << 20;

/// The content of one attribute.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The content itself, when it is in the file record.
    resident: Option<Vec<u8>>,
    /// Ascending and without gaps in virtual clusters otherwise.
    runs: Vec<Run>,
    size: u64,
    initialized: u64,
    /// Why the content cannot be read as it lies there.
    encoded: Option<&'static str>,
}

impl Stream {
    /// Starts with the part of the attribute that the base record (or the first extension) holds.
    pub(super) fn start(attribute: &Attribute<'_>, clusters: u64) -> Result<Self, MapError> {
        let encoded = match attribute.flags {
            flags if flags & COMPRESSED != 0 => Some("compressed"),
            flags if flags & ENCRYPTED != 0 => Some("encrypted"),
            _ => None,
        };
        match attribute.form {
            Form::Resident(value) => Ok(Self {
                resident: Some(value.to_vec()),
                size: value.len() as u64,
                initialized: value.len() as u64,
                ..Self::default()
            }),
            Form::NonResident(mapping) => {
                let (size, initialized) = (mapping.size, mapping.initialized);
                let mut stream = Self { size, initialized, encoded, ..Self::default() };
                stream.append(&mapping, clusters)?;
                Ok(stream)
            }
        }
    }

    /// Adds the next part.
    pub(super) fn append(&mut self, mapping: &Mapping<'_>, clusters: u64) -> Result<(), MapError> {
        if self.resident.is_some() || mapping.first != self.end() {
            return Err(MapError::damaged("attribute: its parts do not follow each other"));
        }
        self.runs.extend(mapping.runs(clusters)?);
        if self.runs.len() > MOST_RUNS {
            return Err(MapError::unsupported("attribute with more than a million fragments"));
        }
        Ok(())
    }

    /// First virtual cluster behind what is known so far.
    pub(super) fn end(&self) -> u64 {
        self.runs.last().map_or(0, Run::end)
    }

    /// Bytes of content.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of content that were written; the rest reads as zeros.
    pub(super) fn initialized(&self) -> u64 {
        self.initialized.min(self.size)
    }

    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// True when all its clusters exist and it can be read as it lies on the volume.
    pub(super) fn is_plain(&self, volume: &Volume<'_>) -> bool {
        let mapped = self.end().saturating_mul(volume.boot.cluster);
        let whole = self.resident.is_some() || mapped >= self.size;
        whole && self.encoded.is_none() && self.runs.iter().all(|run| run.lcn.is_some())
    }

    /// Fills `buffer` with the content from byte `at`; zeros where nothing was written or the
    /// content has ended.
    pub(super) fn read_at(
        &self,
        volume: &Volume<'_>,
        buffer: &mut [u8],
        at: u64,
    ) -> Result<(), MapError> {
        if let Some(encoding) = self.encoded {
            return Err(MapError::unsupported(format!("{encoding} file")));
        }
        let written = self.initialized().saturating_sub(at);
        let length = usize::try_from(written).unwrap_or(usize::MAX).min(buffer.len());
        let (written, rest) = buffer.split_at_mut(length);
        rest.fill(0);
        match &self.resident {
            Some(value) => {
                let start = usize::try_from(at).unwrap_or(usize::MAX).min(value.len());
                written.copy_from_slice(&value[start..][..length]);
                Ok(())
            }
            None => self.read_allocated(volume, written, at),
        }
    }

    /// As [`Self::read_at`], without regard to how many bytes count as written.
    pub(super) fn read_allocated(
        &self,
        volume: &Volume<'_>,
        mut buffer: &mut [u8],
        mut at: u64,
    ) -> Result<(), MapError> {
        let cluster = volume.boot.cluster;
        while !buffer.is_empty() {
            let vcn = at / cluster;
            let next = self.runs.partition_point(|run| run.end() <= vcn);
            let run = self.runs.get(next).filter(|run| run.vcn <= vcn).ok_or_else(|| {
                MapError::damaged("attribute: content beyond its last cluster".to_owned())
            })?;
            let left = (run.end() - vcn) * cluster - at % cluster;
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let (piece, rest) = buffer.split_at_mut(length);
            match run.lcn {
                None => piece.fill(0),
                Some(lcn) => {
                    let place = (lcn + (vcn - run.vcn)) * cluster + at % cluster;
                    volume.device.read_at(piece, place)?;
                }
            }
            at += length as u64;
            buffer = rest;
        }
        Ok(())
    }

    /// Where byte `at` of the content lies on the volume.
    pub(super) fn place(&self, volume: &Volume<'_>, at: u64) -> Option<u64> {
        let cluster = volume.boot.cluster;
        let vcn = at / cluster;
        let run = self.runs.get(self.runs.partition_point(|run| run.end() <= vcn))?;
        let start = run.lcn?.checked_add(vcn.checked_sub(run.vcn)?)?;
        Some(start * cluster + at % cluster)
    }

    /// The first `most` bytes of content, or all when it is shorter.
    pub(super) fn read_start(&self, volume: &Volume<'_>, most: usize) -> Result<Vec<u8>, MapError> {
        let length = usize::try_from(self.size).unwrap_or(usize::MAX).min(most);
        let mut content = vec![0; length];
        self.read_at(volume, &mut content, 0)?;
        Ok(content)
    }
}
