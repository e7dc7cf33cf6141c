//! One attribute of a file record: its name and where its content lies.
//!
//! Format: `fs/ntfs3/ntfs.h`, `struct ATTRIB`.

use super::runs::{self, Run};
use crate::MapError;
use crate::bytes::Bytes;

/// Attribute type codes.
pub(super) mod kind {
    pub(in super::super) const ATTRIBUTE_LIST: u32 = 0x20;
    pub(in super::super) const FILE_NAME: u32 = 0x30;
    pub(in super::super) const VOLUME_NAME: u32 = 0x60;
    pub(in super::super) const VOLUME_INFORMATION: u32 = 0x70;
    pub(in super::super) const DATA: u32 = 0x80;
    pub(in super::super) const INDEX_ROOT: u32 = 0x90;
    pub(in super::super) const INDEX_ALLOCATION: u32 = 0xa0;
    pub(in super::super) const BITMAP: u32 = 0xb0;
    pub(in super::super) const REPARSE_POINT: u32 = 0xc0;
}

/// Compression method in the flags of an attribute.
pub(super) const COMPRESSED: u16 = 0x00ff;
/// Encrypted by EFS.
pub(super) const ENCRYPTED: u16 = 0x4000;

/// An attribute as it stands in a file record.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    bytes: Bytes<'a>,
    length: usize,
    /// Type code, see [`kind`].
    pub kind: u32,
    /// Name in UTF-16, little endian; empty for most.
    pub name: &'a [u8],
    /// Compressed, encrypted, sparse.
    pub flags: u16,
    /// Where the content is.
    pub form: Form<'a>,
}

/// Where the content of an attribute is.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    /// In the record itself.
    Resident(&'a [u8]),
    /// In clusters.
    NonResident(Mapping<'a>),
}

/// The part of an attribute's clusters that one record lists.
#[derive(Clone, Copy)]
pub(super) struct Mapping<'a> {
    /// First virtual cluster of the part.
    pub first: u64,
    /// First virtual cluster behind the part.
    pub end: u64,
    /// The encoded run list.
    pairs: &'a [u8],
    /// Bytes of content; only in the part that starts at virtual cluster 0.
    pub size: u64,
    /// Bytes of content that were written; the rest reads as zeros.
    pub initialized: u64,
}

impl<'a> Attribute<'a> {
    /// `record` is the whole attribute record.
    pub(super) fn parse(record: &'a [u8]) -> Result<Self, MapError> {
        let bytes = Bytes::new(record, "attribute");
        if record.len() < 0x18 {
            return Err(MapError::damaged("attribute: shorter than its header"));
        }
        let name_length = usize::from(bytes.u8(9)?) * 2;
        let name = match name_length {
            0 => &[][..],
            _ => bytes.slice(usize::from(bytes.le16(0x0a)?), name_length)?,
        };
        let form = match bytes.u8(8)? {
            0 => Form::Resident(
                bytes.slice(usize::from(bytes.le16(0x14)?), bytes.le32(0x10)? as usize)?,
            ),
            1 => Form::NonResident(Mapping::parse(bytes, record)?),
            _ => return Err(MapError::damaged("attribute: neither resident nor in clusters")),
        };
        let (kind, flags) = (bytes.le32(0)?, bytes.le16(0x0c)?);
        Ok(Self { bytes, length: record.len(), kind, name, flags, form })
    }

    /// Bytes of the attribute record.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The whole attribute record.
    pub(super) fn record(&self) -> Result<&'a [u8], MapError> {
        self.bytes.slice(0, self.length)
    }

    /// The content, when it is in the record.
    pub(super) fn resident(&self) -> Option<&'a [u8]> {
        match self.form {
            Form::Resident(value) => Some(value),
            Form::NonResident(_) => None,
        }
    }

    /// The run list, when the content is in clusters; empty otherwise.
    ///
    /// `clusters` is the size of the volume: a run that reaches outside is an error.
    pub(super) fn runs(&self, clusters: u64) -> Result<Vec<Run>, MapError> {
        match self.form {
            Form::Resident(_) => Ok(Vec::new()),
            Form::NonResident(mapping) => mapping.runs(clusters),
        }
    }

    /// The run list with what it has behind the stated length, for a map; else as [`Self::runs`].
    ///
    /// Linux's ntfs3 states the length 0 for a file that it cut to nothing, and leaves the old list.
    pub(super) fn reach(&self, clusters: u64) -> Result<Vec<Run>, MapError> {
        match self.form {
            Form::Resident(_) => Ok(Vec::new()),
            Form::NonResident(mapping) => mapping.reach(clusters),
        }
    }
}

impl<'a> Mapping<'a> {
    fn parse(bytes: Bytes<'a>, record: &'a [u8]) -> Result<Self, MapError> {
        let wrong = || MapError::damaged("attribute: impossible cluster range");
        let first = bytes.le64(0x10)?;
        // The last cluster is stored, and is -1 for an attribute without any.
        let end = bytes.le64(0x18)?.wrapping_add(1);
        if end < first || end > 1 << 62 {
            return Err(wrong());
        }
        let pairs = record.get(usize::from(bytes.le16(0x20)?)..).ok_or_else(wrong)?;
        // The sizes are meaningless, and may be missing, in all parts but the first.
        let (size, initialized) =
            if first == 0 { (bytes.le64(0x30)?, bytes.le64(0x38)?) } else { (0, 0) };
        Ok(Self { first, end, pairs, size, initialized })
    }

    /// The decoded run list, which must cover the part exactly.
    pub(super) fn runs(&self, clusters: u64) -> Result<Vec<Run>, MapError> {
        let runs = self.reach(clusters)?;
        if self.end_of(&runs) > self.end {
            return Err(MapError::damaged("attribute: the run list is longer than stated"));
        }
        Ok(runs)
    }

    /// The decoded run list, which must cover at least the part.
    fn reach(&self, clusters: u64) -> Result<Vec<Run>, MapError> {
        let runs = self.decode(clusters)?;
        if self.end_of(&runs) < self.end {
            return Err(MapError::damaged("attribute: the run list is shorter than stated"));
        }
        Ok(runs)
    }

    /// First virtual cluster behind `runs`.
    fn end_of(&self, runs: &[Run]) -> u64 {
        runs.last().map_or(self.first, Run::end)
    }

    /// The decoded run list, of whatever length it is.
    pub(super) fn decode(&self, clusters: u64) -> Result<Vec<Run>, MapError> {
        runs::decode(self.pairs, self.first, clusters)
    }
}
