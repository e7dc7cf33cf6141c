//! Writing the ISO, and reading it back.

use std::path::Path;

use block::{Access, AlignedBuffer, BlockDevice, Caching, Extent, FileDevice};
use hardware::Roots;

use super::iso::Iso;
use super::{Confirmed, StickError};
use crate::report::{Report, mebibytes};

/// Bytes written at a time. The first piece, with the boot sector, comes last: a stick that was
/// pulled out too early plainly does not boot.
const PIECE: u64 = 4 << 20;

/// Bytes at both ends of the stick where an old partition table may be.
const END: u64 = 1 << 20;

/// The ISO is on the stick, and was read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Bytes compared.
    pub bytes: u64,
}

/// Writes the ISO, flushes, and compares what the stick gives back.
///
/// # Errors
///
/// [`StickError::Refused`] when the disk is no longer the one of the plan: nothing was written.
pub fn write(confirmed: &Confirmed, report: &Report) -> Result<Written, StickError> {
    let (iso, path) = (confirmed.iso(), &confirmed.disk().path);
    let stick = FileDevice::open(path, Access::Exclusive, Caching::Bypassed)?;
    check_identity(confirmed, &stick)?;
    let whole =
        Extent::new(0, iso.size.next_multiple_of(u64::from(stick.geometry().logical_sector)));
    let pieces: Vec<Extent> = whole.pieces(PIECE).collect();

    report.step(&format!("Writing {} to {}", mebibytes(whole.length), path.display()));
    wipe_ends(&stick)?;
    let (first, others) = pieces.split_at(pieces.len().min(1));
    for piece in others {
        stick.write_at(&iso.piece(*piece)?, piece.start)?;
    }
    // Everything else is on the stick before it can boot.
    stick.flush()?;
    for piece in first {
        stick.write_at(&iso.piece(*piece)?, piece.start)?;
    }
    stick.flush()?;

    report.step("Reading it back");
    compare(iso, &pieces, path)?;
    if stick.reread_partition_table().is_err() {
        report.say("   Unplug the stick before using it here: the kernel still has its old table.");
    }
    Ok(Written { bytes: whole.length })
}

fn check_identity(confirmed: &Confirmed, stick: &FileDevice) -> Result<(), StickError> {
    let planned = confirmed.disk();
    let now = hardware::disk_at(&Roots::default(), &planned.path)?;
    let same = hardware::same_disk(&planned.identity(), &now.identity());
    if same && stick.size() == planned.size {
        return Ok(());
    }
    Err(StickError::refused(
        format!("{} is no longer what it was when the plan was made", planned.path.display()),
        "Look again which disk it is. Nothing was written.",
    ))
}

/// Neither the old system nor the copy of its partition table may be taken for what is there.
fn wipe_ends(stick: &FileDevice) -> Result<(), StickError> {
    let end = END.min(stick.size());
    stick.zero(Extent::new(0, end))?;
    stick.zero(Extent::new(stick.size() - end, end))?;
    Ok(stick.flush()?)
}

/// Reads past the page cache: what counts is what the stick itself holds.
fn compare(iso: &Iso, pieces: &[Extent], path: &Path) -> Result<(), StickError> {
    let stick = FileDevice::open(path, Access::Read, Caching::Bypassed)?;
    for piece in pieces {
        let expected = iso.piece(*piece)?;
        let mut found = AlignedBuffer::zeroed(expected.len());
        stick.read_at(&mut found, piece.start)?;
        let mut pairs = expected.iter().zip(found.iter());
        if let Some(at) = pairs.position(|(wanted, got)| wanted != got) {
            let offset = piece.start + at as u64;
            return Err(StickError::Different { path: path.to_owned(), offset });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::super::iso::tests::iso_file;
    use super::*;

    #[test]
    fn one_wrong_byte_is_found_and_named() {
        let source = iso_file(9 << 20);
        let iso = Iso::open(source.path()).unwrap();
        let pieces: Vec<Extent> = Extent::new(0, iso.size).pieces(PIECE).collect();
        let stick = iso_file(9 << 20);
        compare(&iso, &pieces, stick.path()).unwrap();
        stick.as_file().write_all_at(b"\xa5\x5a", 5_000_000).unwrap();
        let found = compare(&iso, &pieces, stick.path());
        assert!(matches!(found, Err(StickError::Different { offset: 5_000_000, .. })), "{found:?}");
    }
}
