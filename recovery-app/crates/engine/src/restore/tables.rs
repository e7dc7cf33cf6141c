//! The last step of a restore: the first chunk and the partition tables, in the order that leaves
//! the disk plainly unusable until the very last write, and then their read-back.

use block::{AlignedBuffer, BlockDevice, Extent};
use partition_table::{Relocation, TableWrite};

use crate::EngineError;

/// The bytes that are written last.
pub(super) struct HeldBack<'a> {
    /// The first chunk of the disk, as captured; empty when it is not in the image.
    pub(super) first_chunk: Vec<u8>,
    /// The tables for this target.
    pub(super) relocation: &'a Relocation,
}

impl HeldBack<'_> {
    /// Writes old places of the backup GPT (zeros), the new tables, the first chunk without its
    /// first sector, and last the first sector. Each step is flushed before the next.
    pub(super) fn write(&self, device: &dyn BlockDevice) -> Result<(), EngineError> {
        let sector = device.geometry().logical_sector as usize;
        for extent in &self.relocation.wipe {
            put(device, extent.start, &vec![0; usize::try_from(extent.length).unwrap_or(0)])?;
        }
        let (inside, outside) = self.split();
        for write in outside {
            put(device, write.offset, &write.bytes)?;
        }
        device.flush()?;
        let mut start = AlignedBuffer::zeroed(self.start_length(sector));
        let length = self.first_chunk.len();
        start[..length].copy_from_slice(&self.first_chunk);
        for write in inside {
            let at = usize::try_from(write.offset).unwrap_or(0);
            start[at..at + write.bytes.len()].copy_from_slice(&write.bytes);
        }
        let mut first_sector = AlignedBuffer::zeroed(sector);
        first_sector.copy_from_slice(&start[..sector]);
        start[..sector].fill(0);
        device.write_at(&start, 0)?;
        device.flush()?;
        device.write_at(&first_sector, 0)?;
        device.flush()?;
        Ok(())
    }

    /// Reads everything back and compares.
    pub(super) fn compare(&self, device: &dyn BlockDevice) -> Result<(), EngineError> {
        let (inside, outside) = self.split();
        let mut expected = self.first_chunk.clone();
        for write in &inside {
            let at = usize::try_from(write.offset).unwrap_or(0);
            let end = at + write.bytes.len();
            if expected.len() < end {
                expected.resize(end, 0);
            }
            expected[at..end].copy_from_slice(&write.bytes);
        }
        check(device, 0, &expected)?;
        outside.iter().try_for_each(|write| check(device, write.offset, &write.bytes))
    }

    /// The table writes that fall into the first chunk, and the others, both in order.
    fn split(&self) -> (Vec<&TableWrite>, Vec<&TableWrite>) {
        let end = self.first_chunk.len() as u64;
        self.relocation.writes.iter().partition(|write| write.extent().end() <= end.max(512))
    }

    /// Bytes at the start of the disk to write, in whole sectors.
    fn start_length(&self, sector: usize) -> usize {
        let (inside, _) = self.split();
        let ends = inside.iter().map(|write| write.extent().end());
        let end = ends.chain([self.first_chunk.len() as u64]).max().unwrap_or(0);
        usize::try_from(end).unwrap_or(0).next_multiple_of(sector).max(sector)
    }
}

/// Writes bytes of any alignment, in whole sectors of the device.
fn put(device: &dyn BlockDevice, offset: u64, bytes: &[u8]) -> Result<(), EngineError> {
    let (around, mut buffer) = around(device, offset, bytes.len())?;
    let at = usize::try_from(offset - around.start).unwrap_or(0);
    buffer[at..at + bytes.len()].copy_from_slice(bytes);
    device.write_at(&buffer, around.start)?;
    Ok(())
}

fn check(device: &dyn BlockDevice, offset: u64, expected: &[u8]) -> Result<(), EngineError> {
    let (around, buffer) = around(device, offset, expected.len())?;
    let at = usize::try_from(offset - around.start).unwrap_or(0);
    if &buffer[at..at + expected.len()] == expected {
        return Ok(());
    }
    Err(EngineError::NotWritten {
        target: device.name().to_owned(),
        offset,
        length: expected.len() as u64,
    })
}

/// The whole sectors around a range, as they are on the device.
fn around(
    device: &dyn BlockDevice,
    offset: u64,
    length: usize,
) -> Result<(Extent, AlignedBuffer), EngineError> {
    let sector = u64::from(device.geometry().logical_sector);
    let around = Extent::new(offset, length as u64).aligned_out(sector);
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(around.length).unwrap_or(0));
    device.read_at(&mut buffer, around.start)?;
    Ok((around, buffer))
}
