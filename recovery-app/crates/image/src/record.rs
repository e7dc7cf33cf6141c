use block::Extent;
use serde::{Deserialize, Serialize};

/// A SHA-256 hash.
pub type Sha256Hash = [u8; 32];

/// Bytes of an encoded [`Record`].
pub(crate) const RECORD_SIZE: usize = 80;

/// What a frame of the image stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameKind {
    /// A chunk with bytes in use.
    Data,
    /// A chunk in use whose bytes are all zero.
    Zero,
    /// Free space: zeros in the image, anything on the disk.
    Hole,
    /// A partition that was not chosen: zeros in the image, unknown on the disk.
    Excluded,
    /// A chunk of which some sectors could not be read and are zeros here; the manifest lists
    /// them.
    Unreadable,
}

impl FrameKind {
    /// True when the bytes belong to the disk and a restore must write them.
    #[must_use]
    pub fn is_content(self) -> bool {
        matches!(self, Self::Data | Self::Zero | Self::Unreadable)
    }

    fn code(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::Zero => 1,
            Self::Hole => 2,
            Self::Excluded => 3,
            Self::Unreadable => 4,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Data, Self::Zero, Self::Hole, Self::Excluded, Self::Unreadable]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// One frame: which bytes of the disk, where in the image stream, and what proves them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// What the frame stands for.
    pub kind: FrameKind,
    /// The bytes of the disk.
    pub disk: Extent,
    /// The bytes of the image stream.
    pub stored: Extent,
    /// SHA-256 of the disk's bytes as captured; zeros for holes and excluded ranges, of which
    /// nothing is known.
    pub sha256: Sha256Hash,
    /// XXH3-128 of the frame as stored, so that damage is found without decompressing.
    pub stored_checksum: u128,
}

impl Record {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let low = |length: u64| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        out.extend([self.kind.code(), 0, 0, 0]);
        out.extend(low(self.disk.length));
        out.extend(self.disk.start.to_le_bytes());
        out.extend(self.stored.start.to_le_bytes());
        out.extend(low(self.stored.length));
        out.extend([0; 4]);
        out.extend(self.sha256);
        out.extend(self.stored_checksum.to_le_bytes());
    }

    /// `None` when the kind is unknown.
    pub(crate) fn decode(bytes: &[u8; RECORD_SIZE]) -> Option<Self> {
        let (le32, le64) = (|at| u64::from(le32(bytes, at)), |at| le64(bytes, at));
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(&bytes[32..64]);
        let mut checksum = [0; 16];
        checksum.copy_from_slice(&bytes[64..80]);
        Some(Self {
            kind: FrameKind::from_code(bytes[0])?,
            disk: Extent::new(le64(8), le32(4)),
            stored: Extent::new(le64(16), le32(24)),
            sha256,
            stored_checksum: u128::from_le_bytes(checksum),
        })
    }
}

/// Little-endian u32 at byte `at`; zero behind the end.
pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    let mut array = [0; 4];
    if let Some(slice) = bytes.get(at..at + 4) {
        array.copy_from_slice(slice);
    }
    u32::from_le_bytes(array)
}

/// Little-endian u64 at byte `at`; zero behind the end.
pub(crate) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from(le32(bytes, at)) | (u64::from(le32(bytes, at + 4)) << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_encoding() {
        let record = Record {
            kind: FrameKind::Unreadable,
            disk: Extent::new(7 << 40, 4 << 20),
            stored: Extent::new(3 << 41, 12345),
            sha256: [9; 32],
            stored_checksum: 1 << 100,
        };
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let bytes: [u8; RECORD_SIZE] = bytes.try_into().unwrap();
        assert_eq!(Record::decode(&bytes), Some(record));
        let mut unknown = bytes;
        unknown[0] = 77;
        assert_eq!(Record::decode(&unknown), None);
    }
}
