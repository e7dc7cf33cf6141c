use std::io;

use block::{BlockDevice, BlockError, Extent, Geometry, Operation};

use crate::Cancel;

/// Bytes read between two looks at the [`Cancel`]: little enough for a disk that gives a few hundred
/// kilobytes a second.
const PIECE: usize = 256 << 10;

/// A device that gives nothing more once a job was asked to stop: every read fails at once.
///
/// What reads partition tables and filesystems knows nothing of jobs, but it ends, or goes on
/// without reading, where a disk cannot be read. So a stop reaches into all of it. What it says
/// after a stop is worth nothing: whoever uses this asks the [`Cancel`] before he believes it.
///
/// A single read of the disk below is waited for, as long as that disk takes.
pub(crate) struct Stoppable<'a> {
    device: &'a dyn BlockDevice,
    cancel: &'a Cancel,
}

impl<'a> Stoppable<'a> {
    /// `device`, until `cancel` asks to stop. It must take reads of any alignment.
    pub(crate) fn new(device: &'a dyn BlockDevice, cancel: &'a Cancel) -> Self {
        Self { device, cancel }
    }

    fn check(&self, offset: u64, length: usize) -> Result<(), BlockError> {
        if !self.cancel.is_cancelled() {
            return Ok(());
        }
        let stopped = io::ErrorKind::Interrupted.into();
        Err(BlockError::io(self.name(), Operation::Read, offset, length as u64, stopped))
    }
}

impl BlockDevice for Stoppable<'_> {
    fn geometry(&self) -> Geometry {
        self.device.geometry()
    }

    fn name(&self) -> &str {
        self.device.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let length = buffer.len();
        let mut at = offset;
        for piece in buffer.chunks_mut(PIECE) {
            self.check(offset, length)?;
            self.device.read_at(piece, at)?;
            at = at.saturating_add(piece.len() as u64);
        }
        Ok(())
    }

    /// Refused: what looks at a disk writes nothing.
    fn write_at(&self, _data: &[u8], _offset: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: self.name().to_owned() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }

    fn is_hole(&self, extent: Extent) -> bool {
        self.device.is_hole(extent)
    }

    fn check_unchanged(&self) -> Result<(), BlockError> {
        self.device.check_unchanged()
    }
}

#[cfg(test)]
mod tests {
    use block::MemoryDevice;
    use block::double::{ActingDevice, CountingDevice};

    use super::*;

    #[test]
    fn a_long_read_is_not_waited_for() {
        let cancel = Cancel::default();
        let disk = CountingDevice::new(MemoryDevice::from(vec![7; 4 << 20]));
        let disk = ActingDevice::new(disk, |_, _, _| cancel.cancel());
        assert!(Stoppable::new(&disk, &cancel).read_vec(0, 4 << 20).is_err());
        assert_eq!(disk.inner().read(), PIECE as u64);
    }

    #[test]
    fn without_a_stop_it_is_the_device_below() {
        let bytes: Vec<u8> = (0..1_u32 << 20).map(|i| (i % 251) as u8).collect();
        let (disk, cancel) = (MemoryDevice::from(bytes.clone()), Cancel::default());
        let disk = Stoppable::new(&disk, &cancel);
        assert_eq!(disk.read_vec(13, 1_000_000).unwrap(), bytes[13..1_000_013]);
        assert!(disk.read_vec(1 << 20, 1).is_err());
        assert!(disk.write_at(&[0], 0).is_err());
    }
}
