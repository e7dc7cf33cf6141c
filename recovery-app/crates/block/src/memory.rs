use std::sync::{PoisonError, RwLock};

use crate::device::check_range;
use crate::{BlockDevice, BlockError, Geometry, Operation};

/// A device in memory, for tests and small images.
pub struct MemoryDevice {
    bytes: RwLock<Vec<u8>>,
    size: u64,
    logical_sector: u32,
    physical_sector: u32,
}

impl MemoryDevice {
    /// A device that holds `bytes`, addressed in sectors of `logical_sector` bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>, logical_sector: u32) -> Self {
        let (size, bytes) = (bytes.len() as u64, RwLock::new(bytes));
        Self { size, bytes, logical_sector, physical_sector: logical_sector }
    }

    /// The same device with physical sectors of another size, in bytes.
    #[must_use]
    pub fn with_physical_sector(self, bytes: u32) -> Self {
        Self { physical_sector: bytes, ..self }
    }

    /// A copy of all its bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<Vec<u8>> for MemoryDevice {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes, 512)
    }
}

/// The offset as an index, for a range that [`check_range`] has accepted.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl BlockDevice for MemoryDevice {
    fn geometry(&self) -> Geometry {
        Geometry {
            size: self.size,
            logical_sector: self.logical_sector,
            physical_sector: self.physical_sector,
        }
    }

    fn name(&self) -> &'static str {
        "memory"
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        check_range(self, Operation::Read, offset, buffer.len())?;
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        buffer.copy_from_slice(&bytes[index(offset)..][..buffer.len()]);
        Ok(())
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        check_range(self, Operation::Write, offset, data.len())?;
        let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
        bytes[index(offset)..][..data.len()].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}
