use crate::{BlockError, Extent, Operation};

/// Zeros written at a time by the default [`BlockDevice::zero`], in bytes.
const ZERO_CHUNK: usize = 1 << 20;

/// The sizes of a device, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Whole size.
    pub size: u64,
    /// The unit in which the device is addressed (512 or 4096 on common disks).
    pub logical_sector: u32,
    /// The unit which the device can write without reading first.
    pub physical_sector: u32,
}

/// A device of bytes that can be read and written at any offset.
///
/// Implementations are shared between threads; a read or write is whole or an error, never
/// short. Devices that need aligned access say so with [`BlockError::Unaligned`].
pub trait BlockDevice: Send + Sync {
    /// Size and sector sizes, fixed while the device is open.
    fn geometry(&self) -> Geometry;

    /// The name that errors carry, such as a path.
    fn name(&self) -> &str;

    /// Fills `buffer` with the bytes that start at byte `offset`.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError>;

    /// Writes all of `data` at byte `offset`.
    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError>;

    /// Returns when all that was written is on stable storage.
    fn flush(&self) -> Result<(), BlockError>;

    /// Makes the bytes of `extent` read as zeros.
    fn zero(&self, extent: Extent) -> Result<(), BlockError> {
        write_zeros(self, extent)
    }

    /// True when it is known without reading that all bytes of `extent` are zero (a hole in a
    /// sparse file).
    fn is_hole(&self, extent: Extent) -> bool {
        let _ = extent;
        false
    }

    /// Fails when somebody has written to the file behind the device since it was opened, or given
    /// it another size: then what was read from it belongs to different moments. Says nothing of
    /// disks.
    fn check_unchanged(&self) -> Result<(), BlockError> {
        Ok(())
    }

    /// Drops what is kept in memory of `extent`, and perhaps more, so that the next read of it asks
    /// the device itself. What is not flushed stays. A device without such a memory ignores it.
    fn forget(&self, extent: Extent) {
        let _ = extent;
    }

    /// Size in bytes.
    fn size(&self) -> u64 {
        self.geometry().size
    }

    /// The bytes of `extent` in a new buffer.
    ///
    /// For small structures: the length must come from a checked source, because it is
    /// allocated as asked (and refused beyond the end of the device).
    fn read_vec(&self, offset: u64, length: usize) -> Result<Vec<u8>, BlockError> {
        check_range(self, Operation::Read, offset, length)?;
        let mut buffer = vec![0; length];
        self.read_at(&mut buffer, offset)?;
        Ok(buffer)
    }
}

/// Refuses a range that does not lie within `device`.
pub(crate) fn check_range<D: BlockDevice + ?Sized>(
    device: &D,
    operation: Operation,
    offset: u64,
    length: usize,
) -> Result<(), BlockError> {
    let size = device.size();
    match offset.checked_add(length as u64) {
        Some(end) if end <= size => Ok(()),
        _ => Err(BlockError::OutOfRange {
            device: device.name().to_owned(),
            operation,
            offset,
            length: length as u64,
            size,
        }),
    }
}

/// Zeros `extent` by writing zeros.
pub(crate) fn write_zeros<D: BlockDevice + ?Sized>(
    device: &D,
    extent: Extent,
) -> Result<(), BlockError> {
    let zeros = crate::AlignedBuffer::zeroed(ZERO_CHUNK);
    for piece in extent.pieces(ZERO_CHUNK as u64) {
        let length = usize::try_from(piece.length).unwrap_or(ZERO_CHUNK);
        device.write_at(&zeros[..length], piece.start)?;
    }
    Ok(())
}
