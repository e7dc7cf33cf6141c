//! Reading a source that may be failing: whole chunks first, then smaller and smaller pieces
//! around what cannot be read.

use block::{BlockDevice, BlockError, Extent, ExtentSet};

use crate::{Cancel, EngineError};

/// Gaps between extents up to this size are read over and thrown away: cheaper than a seek.
const READ_OVER: u64 = 64 << 10;
/// The first, coarse retry, in bytes.
const COARSE: u64 = 64 << 10;
/// Failed coarse pieces in a row, after which it is asked whether the disk is still there.
const SUSPICIOUS: usize = 16;

/// What was read of a chunk.
#[derive(Debug, Default)]
pub(crate) struct ChunkRead {
    /// Ranges of the disk that could not be read, and what was said.
    pub(crate) unreadable: Vec<(Extent, String)>,
}

/// Fills `buffer`, which stands for the bytes of `chunk`, with those that are in `used`; the
/// others become zeros, and so do bytes that cannot be read.
///
/// Fails only when the disk no longer answers at all, or on a stop: a chunk that is bad all through
/// has thousands of sectors, and a failing disk may think about each for many seconds.
pub(crate) fn read_chunk(
    device: &dyn BlockDevice,
    chunk: Extent,
    used: &ExtentSet,
    buffer: &mut [u8],
    cancel: &Cancel,
) -> Result<ChunkRead, EngineError> {
    let wanted: ExtentSet = used.within(chunk).collect();
    let mut read = ChunkRead::default();
    for extent in wanted.clone().merged_over(READ_OVER).iter() {
        let target = part_of(buffer, chunk, extent);
        if device.read_at(target, extent.start).is_err() {
            Retry { device, wanted: &wanted, cancel }.around_faults(extent, target, &mut read)?;
        }
    }
    for gap in wanted.complement(chunk).iter() {
        part_of(buffer, chunk, gap).fill(0);
    }
    Ok(read)
}

/// The part of a chunk's buffer that stands for `extent`.
fn part_of(buffer: &mut [u8], chunk: Extent, extent: Extent) -> &mut [u8] {
    let index = |byte: u64| usize::try_from(byte - chunk.start).unwrap_or(usize::MAX);
    &mut buffer[index(extent.start)..index(extent.end())]
}

/// Reads what a first, large read did not give.
struct Retry<'a> {
    device: &'a dyn BlockDevice,
    /// What must not be lost; the rest is read over.
    wanted: &'a ExtentSet,
    cancel: &'a Cancel,
}

impl Retry<'_> {
    fn around_faults(
        &self,
        extent: Extent,
        target: &mut [u8],
        read: &mut ChunkRead,
    ) -> Result<(), EngineError> {
        let mut failed_in_a_row = 0;
        for coarse in extent.pieces(COARSE) {
            self.cancel.check()?;
            let piece = part_of(target, extent, coarse);
            let Err(error) = self.device.read_at(piece, coarse.start) else {
                failed_in_a_row = 0;
                continue;
            };
            failed_in_a_row += 1;
            if is_gone(&error) || failed_in_a_row >= SUSPICIOUS {
                check_alive(self.device, error)?;
                failed_in_a_row = 0;
            }
            self.by_sectors(coarse, piece, read)?;
        }
        Ok(())
    }

    fn by_sectors(
        &self,
        coarse: Extent,
        piece: &mut [u8],
        read: &mut ChunkRead,
    ) -> Result<(), EngineError> {
        let sector = u64::from(self.device.geometry().logical_sector);
        for extent in coarse.pieces(sector) {
            self.cancel.check()?;
            let target = part_of(piece, coarse, extent);
            let Err(error) = self.device.read_at(target, extent.start) else { continue };
            target.fill(0);
            if !self.wanted.intersects(extent) {
                continue;
            }
            match read.unreadable.last_mut() {
                Some((last, _)) if last.end() == extent.start => last.length += extent.length,
                _ => read.unreadable.push((extent, reason(&error))),
            }
        }
        Ok(())
    }
}

/// What the kernel said. Where it said so is known, and there may be many such places.
fn reason(error: &BlockError) -> String {
    match error {
        BlockError::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

/// True for errors that mean "no such device" rather than "bad sector".
pub(crate) fn is_gone(error: &BlockError) -> bool {
    const ENXIO: i32 = 6;
    const ENODEV: i32 = 19;
    matches!(error, BlockError::Io { source, .. }
        if matches!(source.raw_os_error(), Some(ENXIO | ENODEV)))
}

/// An error when not even the first or the last sector can be read any more.
fn check_alive(device: &dyn BlockDevice, error: BlockError) -> Result<(), EngineError> {
    let geometry = device.geometry();
    let sector = geometry.logical_sector as usize;
    let mut buffer = block::AlignedBuffer::zeroed(sector);
    let last = geometry.size.saturating_sub(sector as u64) / sector as u64 * sector as u64;
    let answers = [0, last].iter().any(|at| device.read_at(&mut buffer, *at).is_ok());
    if answers {
        return Ok(());
    }
    Err(EngineError::Vanished { device: device.name().to_owned(), source: error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use block::MemoryDevice;
    use block::double::{CountingDevice, FaultDevice};

    fn disk() -> MemoryDevice {
        MemoryDevice::from((0..1_u32 << 20).map(|i| (i % 251) as u8 | 1).collect::<Vec<u8>>())
    }

    fn read_all(
        device: &dyn BlockDevice,
        chunk: Extent,
        used: &ExtentSet,
        buffer: &mut [u8],
    ) -> Result<ChunkRead, EngineError> {
        read_chunk(device, chunk, used, buffer, &Cancel::default())
    }

    #[test]
    fn keeps_used_bytes_and_zeros_the_others() {
        let used: ExtentSet = [Extent::new(512, 512), Extent::new(4096, 512)].into_iter().collect();
        let mut buffer = vec![0xff; 8192];
        read_all(&disk(), Extent::new(0, 8192), &used, &mut buffer).unwrap();
        for (at, byte) in buffer.iter().enumerate() {
            let is_used = used.intersects(Extent::new(at as u64, 1));
            assert_eq!(*byte != 0, is_used, "byte {at}");
        }
    }

    #[test]
    fn names_exactly_the_sectors_that_cannot_be_read() {
        let bad = Extent::new(300_000 / 512 * 512, 1024);
        let device = FaultDevice::new(disk()).unreadable(bad);
        let chunk = Extent::new(0, 1 << 20);
        let mut buffer = vec![0; 1 << 20];
        let read = read_all(&device, chunk, &chunk.into(), &mut buffer).unwrap();
        assert_eq!(read.unreadable.len(), 1);
        assert_eq!(read.unreadable[0].0, bad);
        let zeros = buffer.iter().filter(|byte| **byte == 0).count();
        assert_eq!(zeros, 1024);
    }

    #[test]
    fn a_pulled_cable_is_not_mistaken_for_bad_sectors() {
        let device = FaultDevice::new(disk());
        device.unplug();
        let chunk = Extent::new(0, 1 << 20);
        let result = read_all(&device, chunk, &chunk.into(), &mut vec![0; 1 << 20]);
        assert!(matches!(result, Err(EngineError::Vanished { .. })));
    }
    /// Asks for a stop at one of its reads.
    struct StopAt(CountingDevice<FaultDevice<MemoryDevice>>, u64, Cancel);

    impl BlockDevice for StopAt {
        fn geometry(&self) -> block::Geometry {
            self.0.geometry()
        }
        fn name(&self) -> &str {
            self.0.name()
        }
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
            if self.0.reads() + 1 == self.1 {
                self.2.cancel();
            }
            self.0.read_at(buffer, offset)
        }
        fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
            self.0.write_at(data, offset)
        }
        fn flush(&self) -> Result<(), BlockError> {
            self.0.flush()
        }
    }

    #[test]
    fn a_stop_does_not_wait_for_all_bad_sectors_of_a_chunk() {
        let chunk = Extent::new(0, 1 << 20);
        // The chunk, its first piece, and sectors of that.
        for stop_at in [1, 2, 3, 50] {
            let bad = FaultDevice::new(disk()).unreadable(Extent::new(0, 512 << 10));
            let cancel = Cancel::default();
            let device = StopAt(CountingDevice::new(bad), stop_at, cancel.clone());
            let result = read_chunk(&device, chunk, &chunk.into(), &mut vec![0; 1 << 20], &cancel);
            assert!(matches!(result, Err(EngineError::Cancelled)), "{stop_at}: {result:?}");
            assert_eq!(device.0.reads(), stop_at);
        }
    }
}
