//! Goes through the records from tail to head and collects what they change.

use block::BlockDevice;

use super::assemble::Assembler;
use super::overlay::Overlay;
use super::record::Record;
use super::ring::Ring;
use super::strange;
use crate::MapError;
use crate::xfs::superblock::Superblock;

/// Replays the log from block `tail` to block `head` into memory.
pub(in crate::xfs) fn replay(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    (tail, head): (u32, u32),
    newest: u64,
) -> Result<Overlay, MapError> {
    let ring = Ring::new(volume, sb.log()?)?;
    let mut overlay = Overlay::new(newest);
    let mut assembler = Assembler::new(sb);
    let mut at = tail;
    let mut lsn = 0;
    while at != head {
        let record = Record::read(&ring, sb, at, head)?;
        if record.header.length > 0 && !record.is_whole()? {
            return Err(strange("a record has a wrong checksum"));
        }
        record.header.check_origin()?;
        if record.header.lsn <= lsn && lsn != 0 {
            return Err(strange("records are out of order"));
        }
        (at, lsn) = (ring.advance(at, record.header.blocks()), record.header.lsn);
        let operations = record.header.operations;
        assembler.record(lsn, operations, &record.into_data()?, &mut overlay)?;
    }
    check_layout(volume, sb, &overlay)?;
    Ok(overlay)
}

/// A grown volume or a new feature that is so far only in the log needs the kernel's replay.
fn check_layout(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    overlay: &Overlay,
) -> Result<(), MapError> {
    let mut sector = volume.read_vec(0, sb.sector_size as usize)?;
    overlay.apply(0, &mut sector, 0);
    if Superblock::decode(&sector)?.same_layout(sb) {
        return Ok(());
    }
    Err(strange("it changes the size or the features of the volume"))
}
