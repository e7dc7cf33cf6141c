use crate::device::check_range;
use crate::{BlockDevice, BlockError, Extent, Geometry, Operation};

/// A part of another device, such as a partition, as a device of its own.
pub struct Window<'a> {
    device: &'a dyn BlockDevice,
    extent: Extent,
}

impl<'a> Window<'a> {
    /// The bytes of `extent` on `device`; what lies beyond the end of `device` is cut off.
    #[must_use]
    pub fn new(device: &'a dyn BlockDevice, extent: Extent) -> Self {
        let all = Extent::new(0, device.size());
        Self { device, extent: all.intersection(&extent).unwrap_or(Extent::new(0, 0)) }
    }
}

impl BlockDevice for Window<'_> {
    fn geometry(&self) -> Geometry {
        Geometry { size: self.extent.length, ..self.device.geometry() }
    }

    fn name(&self) -> &str {
        self.device.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        check_range(self, Operation::Read, offset, buffer.len())?;
        self.device.read_at(buffer, self.extent.start + offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        check_range(self, Operation::Write, offset, data.len())?;
        self.device.write_at(data, self.extent.start + offset)
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.device.flush()
    }

    fn forget(&self, extent: Extent) {
        self.device.forget(Extent::new(self.extent.start + extent.start, extent.length));
    }
}
