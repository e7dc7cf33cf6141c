//! The last step of a restore: the chunks with partition tables, in the order that leaves the disk
//! plainly unusable until the very last write, and then their read-back.

use block::{AlignedBuffer, BlockDevice, Extent, ExtentSet};
use image::Record;
use partition_table::Relocation;

use crate::EngineError;

/// Chooses the chunks that are held back until everything else is written and compared: the
/// first one, and those in which a table lies, or lay. There are only a few.
pub(super) struct HoldBack {
    tables: ExtentSet,
}

impl HoldBack {
    pub(super) fn new(relocation: &Relocation) -> Self {
        let writes = relocation.writes.iter().map(partition_table::TableWrite::extent);
        Self { tables: writes.chain(relocation.wipe.iter().copied()).collect() }
    }

    pub(super) fn includes(&self, record: &Record) -> bool {
        record.disk.start == 0 || self.tables.intersects(record.disk)
    }
}

/// Bytes and their place on the disk.
struct Piece {
    offset: u64,
    bytes: Vec<u8>,
}

impl Piece {
    fn extent(&self) -> Extent {
        Extent::new(self.offset, self.bytes.len() as u64)
    }

    /// Replaces the bytes that `other` has too; true when that is all of it.
    fn patch(&mut self, other: &Self) -> bool {
        let Some(both) = self.extent().intersection(&other.extent()) else { return false };
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let (to, from) = (index(both.start - self.offset), index(both.start - other.offset));
        let length = index(both.length);
        self.bytes[to..to + length].copy_from_slice(&other.bytes[from..from + length]);
        both == other.extent()
    }
}

/// The bytes that are written last: held-back chunks with the tables for this target in them.
pub(super) struct LastPieces {
    pieces: Vec<Piece>,
}

impl LastPieces {
    /// `chunks` are the held-back chunks as captured, with their places.
    pub(super) fn new(chunks: Vec<(u64, Vec<u8>)>, relocation: &Relocation) -> Self {
        let mut pieces: Vec<Piece> =
            chunks.into_iter().map(|(offset, bytes)| Piece { offset, bytes }).collect();
        let zeros = relocation.wipe.iter().map(|extent| Piece {
            offset: extent.start,
            bytes: vec![0; usize::try_from(extent.length).unwrap_or(0)],
        });
        let tables = relocation
            .writes
            .iter()
            .map(|write| Piece { offset: write.offset, bytes: write.bytes.clone() });
        for change in zeros.chain(tables) {
            // All pieces that overlap must get it, so no stopping at the first.
            let within =
                pieces.iter_mut().fold(false, |within, piece| piece.patch(&change) | within);
            if !within {
                pieces.push(change);
            }
        }
        // The first sector of the disk is in the last piece.
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.offset));
        Self { pieces }
    }

    /// Writes the pieces from the end of the disk to its start, but not the first sector.
    pub(super) fn write_all_but_first_sector(
        &self,
        device: &dyn BlockDevice,
    ) -> Result<(), EngineError> {
        let sector = device.geometry().logical_sector as usize;
        for piece in &self.pieces {
            if piece.offset > 0 {
                put(device, piece.offset, &piece.bytes)?;
            } else {
                let first = sector.min(piece.bytes.len());
                put(device, first as u64, &piece.bytes[first..])?;
            }
        }
        device.flush()?;
        Ok(())
    }

    /// Writes the first sector: from here on, the disk may boot.
    pub(super) fn write_first_sector(&self, device: &dyn BlockDevice) -> Result<(), EngineError> {
        let sector = device.geometry().logical_sector as usize;
        for piece in self.pieces.iter().filter(|piece| piece.offset == 0) {
            put(device, 0, &piece.bytes[..sector.min(piece.bytes.len())])?;
        }
        device.flush()?;
        Ok(())
    }

    /// Reads everything back and compares.
    pub(super) fn compare(&self, device: &dyn BlockDevice) -> Result<(), EngineError> {
        for piece in &self.pieces {
            device.forget(piece.extent());
            let (around, buffer) = around(device, piece.offset, piece.bytes.len())?;
            let at = usize::try_from(piece.offset - around.start).unwrap_or(0);
            if buffer[at..at + piece.bytes.len()] != piece.bytes {
                return Err(EngineError::NotWritten {
                    target: device.name().to_owned(),
                    offset: piece.offset,
                    length: piece.bytes.len() as u64,
                });
            }
        }
        Ok(())
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

/// The whole sectors around a range, as they are on the device.
fn around(
    device: &dyn BlockDevice,
    offset: u64,
    length: usize,
) -> Result<(Extent, AlignedBuffer), EngineError> {
    let sector = u64::from(device.geometry().logical_sector);
    let disk = Extent::new(0, device.size());
    let around = Extent::new(offset, length as u64).aligned_out(sector);
    let around = around.intersection(&disk).unwrap_or(Extent::new(offset, 0));
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(around.length).unwrap_or(0));
    device.read_at(&mut buffer, around.start)?;
    Ok((around, buffer))
}
