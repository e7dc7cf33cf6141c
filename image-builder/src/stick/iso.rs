//! The ISO, read in pieces.

use std::fs::File;
use std::io::ErrorKind;
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
        let size = file.metadata().map_err(fail)?.len();
        let mut mark = [0; 6];
        if file.read_exact_at(&mut mark, DESCRIPTOR).is_err() || &mark[1..] != b"CD001" {
            return Err(StickError::refused(
                format!("{} is not an ISO", path.display()),
                "Build one with `remetal-iso build`. Nothing was written.",
            ));
        }
        Ok(Self { path: path.to_owned(), file, size })
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file that begins as an ISO does, of `size` bytes that differ from place to place.
    pub(in crate::stick) fn iso_file(size: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let words = (0..size / 4).flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_le_bytes());
        let mut bytes: Vec<u8> = words.collect();
        bytes[32769..32774].copy_from_slice(b"CD001");
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
    fn what_is_no_iso_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![0; 64 << 10]).unwrap();
        assert!(matches!(Iso::open(file.path()), Err(StickError::Refused { .. })));
        std::fs::write(file.path(), b"short").unwrap();
        assert!(matches!(Iso::open(file.path()), Err(StickError::Refused { .. })));
        assert!(matches!(Iso::open(Path::new("/no/iso")), Err(StickError::Iso { .. })));
    }
}
