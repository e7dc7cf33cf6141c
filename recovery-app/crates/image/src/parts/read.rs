use std::path::{Path, PathBuf};

use block::{Access, BlockDevice, Caching, Extent, FileDevice};

use super::{Part, find_parts};
use crate::ImageError;

/// The parts of an image as one stream of bytes.
pub(crate) struct PartReader {
    /// Stream offset of each part's first byte, and the part.
    parts: Vec<(u64, FileDevice)>,
    total: u64,
}

impl PartReader {
    /// Opens all parts of the image at `path`.
    pub(crate) fn open(path: &Path, caching: Caching) -> Result<Self, ImageError> {
        let mut parts = Vec::new();
        let mut total = 0;
        for part in find_parts(path)? {
            check_kind(&part)?;
            let device = FileDevice::open(&part, Access::Read, caching)?;
            let size = device.size();
            parts.push((total, device));
            total += size;
        }
        Ok(Self { parts, total })
    }

    /// Bytes in all parts.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Names and sizes, in order.
    pub(crate) fn parts(&self) -> Vec<Part> {
        self.parts
            .iter()
            .map(|(_, device)| Part {
                name: device.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
                size: device.size(),
            })
            .collect()
    }

    /// Paths, in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.parts.iter().map(|(_, device)| device.path().to_owned())
    }

    /// Where each part starts in the stream, in order.
    pub(crate) fn starts(&self) -> impl Iterator<Item = u64> + '_ {
        self.parts.iter().map(|(start, _)| *start)
    }

    /// Drops what is in memory of the parts: what is read next comes from the drive.
    pub(crate) fn forget(&self) {
        for (_, device) in &self.parts {
            device.forget(Extent::new(0, device.size()));
        }
    }

    /// Fills `buffer` with the bytes of the stream from `offset`.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), ImageError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset + filled as u64;
            let index = self.parts.partition_point(|(start, _)| *start <= at).saturating_sub(1);
            let (start, device) = &self.parts[index];
            let left = usize::try_from(device.size().saturating_sub(at - start)).unwrap_or(0);
            let length = if index + 1 == self.parts.len() {
                buffer.len() - filled
            } else {
                left.min(buffer.len() - filled)
            };
            device.read_at(&mut buffer[filled..filled + length], at - start)?;
            filled += length;
        }
        Ok(())
    }

    /// The bytes of `extent`, whose length the caller has bounded.
    pub(crate) fn read_vec(&self, extent: Extent) -> Result<Vec<u8>, ImageError> {
        let mut buffer = vec![0; usize::try_from(extent.length).unwrap_or(0)];
        self.read_at(&mut buffer, extent.start)?;
        Ok(buffer)
    }
}

/// A part is a file. What else has its name, or a link that leads nowhere, is a part that is
/// missing, and no trouble with a device.
fn check_kind(path: &Path) -> Result<(), ImageError> {
    let wrong = |reason: String| ImageError::WrongPart { path: path.to_owned(), reason };
    match path.metadata() {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(wrong("it is not a file".to_owned())),
        Err(error) if path.is_symlink() => {
            Err(wrong(format!("it is a link that leads nowhere: {error}")))
        }
        // Opening it will tell.
        Err(_) => Ok(()),
    }
}
