//! The ISO, read in pieces.

use std::fs::File;
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use block::{AlignedBuffer, Extent};

use super::StickError;

/// Where ISO 9660 has its first descriptor, with `CD001` behind the first byte.
const DESCRIPTOR: u64 = 16 * 2048;

/// An open ISO.
#[derive(Debug)]
pub(super) struct Iso {
    pub(super) path: PathBuf,
    file: File,
    /// Bytes.
    pub(super) size: u64,
}

impl Iso {
    /// Opens an ISO.
    ///
    /// # Errors
    ///
    /// [`StickError::Refused`] for any other file.
    pub(super) fn open(path: &Path) -> Result<Self, StickError> {
        let fail = |error| StickError::iso(path, error);
        let file = File::open(path).map_err(fail)?;
        let found = (&file).seek(SeekFrom::End(0)).map_err(fail)?;
        let mut descriptor = [0; 130];
        let read = file.read_exact_at(&mut descriptor, DESCRIPTOR);
        if read.is_err() || &descriptor[1..6] != b"CD001" {
            return Err(StickError::refused(
                format!("{} is not an ISO", path.display()),
                "Build one with `remetal-iso build`. Nothing was written.",
            ));
        }
        let stated = stated_size(&file, &descriptor);
        if found < stated {
            return Err(StickError::refused(
                format!("{} has {found} bytes of {stated}: it was cut short", path.display()),
                "Copy it again. Nothing was written.",
            ));
        }
        // A disc or stick has more bytes than the ISO that it holds.
        let is_file = file.metadata().map_err(fail)?.is_file();
        Ok(Self { path: path.to_owned(), file, size: if is_file { found } else { stated } })
    }

    /// A piece; behind the end of the ISO are zeros.
    pub(super) fn piece(&self, piece: Extent) -> Result<AlignedBuffer, StickError> {
        let fail = |error| StickError::iso(&self.path, error);
        let length =
            |bytes: u64| usize::try_from(bytes).map_err(|_| fail(ErrorKind::OutOfMemory.into()));
        let mut buffer = AlignedBuffer::zeroed(length(piece.length)?);
        let filled = length(self.size.saturating_sub(piece.start).min(piece.length))?;
        self.file.read_exact_at(&mut buffer[..filled], piece.start).map_err(fail)?;
        Ok(buffer)
    }
}

/// Bytes that an ISO says it has: by its volume descriptor (ECMA-119, 8.4.8 and 8.4.12), and by the
/// place of the second GPT header, in sectors of 512 bytes, which is its last (UEFI 2.10, 5.3.2).
fn stated_size(file: &File, descriptor: &[u8; 130]) -> u64 {
    const SECTOR: u64 = 512;
    let blocks = u32::from_le_bytes([80, 81, 82, 83].map(|at| descriptor[at]));
    let block = u16::from_le_bytes([128, 129].map(|at| descriptor[at]));
    let volume = u64::from(blocks) * u64::from(block);
    let mut header = [0; 40];
    if file.read_exact_at(&mut header, SECTOR).is_err() || !header.starts_with(b"EFI PART") {
        return volume;
    }
    let last = u64::from_le_bytes([32, 33, 34, 35, 36, 37, 38, 39].map(|at| header[at]));
    volume.max(last.saturating_add(1).saturating_mul(SECTOR))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file that begins as an ISO does, of `size` bytes that differ from place to place.
    pub(in crate::stick) fn iso_file(size: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let words = (0..size / 4).flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_le_bytes());
        let mut bytes: Vec<u8> = words.collect();
        bytes[32769..32774].copy_from_slice(b"CD001");
        bytes[32848..32852].copy_from_slice(&(size / 2048).to_le_bytes());
        bytes[32896..32898].copy_from_slice(&2048_u16.to_le_bytes());
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn behind_the_end_are_zeros() {
        let file = iso_file(40 << 10);
        let iso = Iso::open(file.path()).unwrap();
        let piece = iso.piece(Extent::new(38 << 10, 4 << 10)).unwrap();
        assert!(piece[..2 << 10].iter().any(|byte| *byte != 0));
        assert!(piece[2 << 10..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn an_iso_that_was_cut_short_is_refused() {
        let by_volume = iso_file(80 << 10);
        let by_table = iso_file(80 << 10);
        let header = [&b"EFI PART"[..], &[0; 24], &159_u64.to_le_bytes()].concat();
        let write = |bytes: &[u8], at| by_table.as_file().write_all_at(bytes, at).unwrap();
        write(&header, 512);
        // Its volume alone would be shorter.
        write(&1_u32.to_le_bytes(), 32848);
        for file in [by_volume, by_table] {
            assert_eq!(Iso::open(file.path()).unwrap().size, 80 << 10);
            file.as_file().set_len(79 << 10).unwrap();
            assert!(matches!(Iso::open(file.path()), Err(StickError::Refused { .. })));
        }
    }

    #[test]
    fn what_is_no_iso_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![0; 64 << 10]).unwrap();
        assert!(matches!(Iso::open(file.path()), Err(StickError::Refused { .. })));
        std::fs::write(file.path(), b"short").unwrap();
        assert!(matches!(Iso::open(file.path()), Err(StickError::Refused { .. })));
        assert!(matches!(Iso::open(Path::new("/no/iso")), Err(StickError::Iso { .. })));
    }
}
