//! A volume that can be read only so many times, so that walks through hostile structures end.

use std::sync::atomic::{AtomicU64, Ordering};

use block::{BlockDevice, BlockError, Geometry, Operation};

/// `volume`, of which each read counts.
pub(super) struct Limited<'a> {
    volume: &'a dyn BlockDevice,
    left: AtomicU64,
}

impl<'a> Limited<'a> {
    /// Allows `most` reads; those after them fail.
    pub(super) fn new(volume: &'a dyn BlockDevice, most: u64) -> Self {
        Self { volume, left: AtomicU64::new(most) }
    }
}

impl BlockDevice for Limited<'_> {
    fn geometry(&self) -> Geometry {
        self.volume.geometry()
    }

    fn name(&self) -> &str {
        self.volume.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let one_less = |left: u64| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err() {
            let reason = std::io::Error::other("structures lead in circles");
            let length = buffer.len() as u64;
            return Err(BlockError::io(self.name(), Operation::Read, offset, length, reason));
        }
        self.volume.read_at(buffer, offset)
    }

    fn write_at(&self, _data: &[u8], _offset: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: self.name().to_owned() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}
