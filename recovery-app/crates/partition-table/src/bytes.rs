//! Little-endian integers out of sectors, and reads that suit devices past the page cache.

use block::{AlignedBuffer, BlockDevice, BlockError, Extent};

/// The integer at byte `at`; 0 where `bytes` ends before it.
fn le<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(le(bytes, at))
}

pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(le(bytes, at))
}

/// True when `bytes` hold `expected` at byte `at`.
pub(crate) fn has(bytes: &[u8], at: usize, expected: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(expected))
}

/// The logical sector size of `device` in bytes; 512 when it claims one that no disk has.
pub(crate) fn sector_size(device: &dyn BlockDevice) -> u64 {
    let claimed = u64::from(device.geometry().logical_sector);
    let possible = claimed.is_power_of_two() && (512..=65536).contains(&claimed);
    if possible { claimed } else { 512 }
}

/// Reads `wanted` in whole sectors into aligned memory, so that any device accepts it.
///
/// The length must come from a checked source: it is allocated as asked.
pub(crate) fn read_bytes(device: &dyn BlockDevice, wanted: Extent) -> Result<Vec<u8>, BlockError> {
    let grown = wanted.aligned_out(sector_size(device));
    let grown = Extent::between(grown.start, grown.end().min(device.size()).max(wanted.end()));
    let length = usize::try_from(grown.length).unwrap_or(usize::MAX - 8192);
    let mut buffer = AlignedBuffer::zeroed(length);
    device.read_at(&mut buffer, grown.start)?;
    let from = usize::try_from(wanted.start - grown.start).unwrap_or(0);
    let length = usize::try_from(wanted.length).unwrap_or(0);
    Ok(buffer[from..][..length].to_vec())
}

/// A device seen as sectors of the size in which its table is written.
#[derive(Clone, Copy)]
pub(crate) struct Sectors<'a> {
    pub(crate) device: &'a dyn BlockDevice,
    /// Bytes in a sector.
    pub(crate) unit: u64,
}

impl Sectors<'_> {
    /// Number of whole sectors.
    pub(crate) fn count(&self) -> u64 {
        self.device.size() / self.unit
    }

    /// The bytes of `count` sectors from sector `lba`.
    pub(crate) fn extent(&self, lba: u64, count: u64) -> Extent {
        Extent::new(lba.saturating_mul(self.unit), count.saturating_mul(self.unit))
    }

    /// Reads `length` bytes from the start of sector `lba`.
    pub(crate) fn read(&self, lba: u64, length: u64) -> Result<Vec<u8>, BlockError> {
        read_bytes(self.device, Extent::new(lba.saturating_mul(self.unit), length))
    }
}
