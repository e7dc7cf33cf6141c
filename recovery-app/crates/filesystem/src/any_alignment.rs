use block::{AlignedBuffer, BlockDevice, BlockError, Geometry};

/// Most bytes read at a time through the aligned buffer.
const PIECE: u64 = 1 << 20;

/// A device that can be read at any offset and length, on top of one that may insist on whole
/// sectors (a disk past the page cache). It cannot be written.
pub(crate) struct AnyAlignment<'a> {
    device: &'a dyn BlockDevice,
}

impl<'a> AnyAlignment<'a> {
    pub(crate) fn new(device: &'a dyn BlockDevice) -> Self {
        Self { device }
    }

    fn read_aligned(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let geometry = self.device.geometry();
        let sector = u64::from(geometry.logical_sector.max(1));
        let length = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let first = at / sector * sector;
            let end = (offset + buffer.len() as u64).min(first + PIECE);
            let aligned_end = end.next_multiple_of(sector).min(geometry.size);
            let mut piece = AlignedBuffer::zeroed(length(aligned_end - first));
            self.device.read_at(&mut piece, first)?;
            let wanted = &piece[length(at - first)..length(end - first)];
            buffer[done..done + wanted.len()].copy_from_slice(wanted);
            done += wanted.len();
        }
        Ok(())
    }
}

impl BlockDevice for AnyAlignment<'_> {
    fn geometry(&self) -> Geometry {
        self.device.geometry()
    }

    fn name(&self) -> &str {
        self.device.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        match self.device.read_at(buffer, offset) {
            // The range was checked against the end of the device before the alignment.
            Err(BlockError::Unaligned { .. }) => self.read_aligned(buffer, offset),
            result => result,
        }
    }

    fn write_at(&self, _: &[u8], _: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: self.name().to_owned() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use block::MemoryDevice;
    use block::double::StrictDevice;

    #[test]
    fn reads_any_range_of_a_strict_device() {
        let bytes: Vec<u8> = (0..3_u32 << 18).flat_map(u32::to_le_bytes).collect();
        let strict = StrictDevice::new(MemoryDevice::new(bytes.clone(), 4096));
        let view = AnyAlignment::new(&strict);
        for (offset, length) in [(0, 1), (4095, 2), (5000, 2 << 20), (4096, 4096), (3_145_727, 1)] {
            let read = view.read_vec(offset, length).unwrap();
            assert!(read == bytes[usize::try_from(offset).unwrap()..][..length], "{offset}");
        }
        assert!(view.read_vec(3_145_727, 2).is_err());
        assert!(view.read_at(&mut [0; 2], 3_145_727).is_err());
    }
}
