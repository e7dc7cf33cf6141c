use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record::le32;
use crate::skippable::{self, Tag};

/// Most bytes of a header frame, to bound what a reader allocates.
pub(crate) const LARGEST_HEADER: u64 = 1 << 20;

/// The first frame of an image: what it will hold, known before the first chunk.
///
/// Stored as the format version (u32) and this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Different for every capture; every index segment repeats it.
    pub image_id: Uuid,
    /// When the capture began, RFC 3339, UTC.
    pub created: String,
    /// Program and version that wrote the image.
    pub tool: String,
    /// Size of the disk in bytes.
    pub disk_size: u64,
    /// Logical sector size of the disk in bytes.
    pub logical_sector: u32,
    /// Bytes of disk in a full data frame.
    pub chunk_size: u32,
    /// The disk in words: model and serial number.
    pub disk: String,
}

impl Header {
    pub(crate) fn encode(&self, version: u32) -> Vec<u8> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        skippable::tagged(Tag::Header, &[&version.to_le_bytes()[..], &json].concat())
    }

    /// Format version and, when that is known, the header.
    pub(crate) fn decode(frame: &[u8], newest: u32) -> Result<(u32, Option<Self>), String> {
        let body = skippable::untag(Tag::Header, frame)?;
        let version = le32(body, 0);
        if version == 0 || version > newest {
            return Ok((version, None));
        }
        let json = body.get(4..).unwrap_or_default();
        let header: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let sector = header.logical_sector;
        let plausible = sector.is_power_of_two()
            && (512..=65536).contains(&sector)
            && header.chunk_size.is_power_of_two()
            && (65536..=64 << 20).contains(&header.chunk_size);
        plausible.then_some((version, Some(header))).ok_or_else(|| "its sizes make no sense".into())
    }
}
