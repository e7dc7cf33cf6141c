//! Reading a source that may be failing: whole chunks first, then smaller and smaller pieces
//! around what cannot be read.

use block::{AlignedBuffer, BlockDevice, BlockError, Extent, ExtentSet, Geometry};

use crate::{Cancel, EngineError};

/// Gaps between extents up to this size are read over and thrown away: cheaper than a seek.
const READ_OVER: u64 = 64 << 10;
/// The first, coarse retry, in bytes.
const COARSE: u64 = 64 << 10;
/// The largest sector that a drive keeps and checks as one, in bytes. A device that calls more a
/// physical sector tells in what pieces it likes to be written.
const LARGEST_SECTOR: u64 = 4096;

/// What was read of a chunk.
#[derive(Debug, Default)]
pub(crate) struct ChunkRead {
    /// Ranges of the disk that could not be read, and what was said.
    pub(crate) unreadable: Vec<(Extent, String)>,
}

/// Reads the chunks of a source, one after the other. One for each thread.
pub(crate) struct SourceReader<'a> {
    device: &'a dyn BlockDevice,
    used: &'a ExtentSet,
    cancel: &'a Cancel,
    /// Where the last read that gave its bytes began. While the disk is there, it gives them again.
    readable: Option<u64>,
    /// The last read failed.
    has_failed: bool,
}

impl<'a> SourceReader<'a> {
    /// Reads of `device` what is in `used`.
    pub(crate) fn new(
        device: &'a dyn BlockDevice,
        used: &'a ExtentSet,
        cancel: &'a Cancel,
    ) -> Self {
        Self { device, used, cancel, readable: None, has_failed: false }
    }

    /// Fills `buffer`, which stands for the bytes of `chunk`, with those that are in use; the
    /// others become zeros, and so do bytes that cannot be read.
    ///
    /// Fails only when the disk no longer answers at all, or on a stop: a chunk that is bad all
    /// through has thousands of sectors, and a failing disk may think about each for many seconds.
    pub(crate) fn read_chunk(
        &mut self,
        chunk: Extent,
        buffer: &mut [u8],
    ) -> Result<ChunkRead, EngineError> {
        let wanted: ExtentSet = self.used.within(chunk).collect();
        let mut read = ChunkRead::default();
        for extent in wanted.clone().merged_over(READ_OVER).iter() {
            let target = part_of(buffer, chunk, extent);
            if self.ask(extent, target)?.is_err() {
                self.read_around_faults(extent, &wanted, target, &mut read)?;
            }
        }
        for gap in wanted.complement(chunk).iter() {
            part_of(buffer, chunk, gap).fill(0);
        }
        Ok(read)
    }

    /// One read, and what came of it. Fails on a stop.
    fn ask(
        &mut self,
        extent: Extent,
        target: &mut [u8],
    ) -> Result<Result<(), BlockError>, EngineError> {
        self.cancel.check()?;
        let answer = self.device.read_at(target, extent.start);
        self.has_failed = answer.is_err();
        if answer.is_ok() {
            self.readable = Some(extent.start);
        }
        Ok(answer)
    }

    /// Reads `extent` in smaller pieces. A disk that is gone fails like one that is bad all
    /// through, so whenever a piece ends with a read that failed, it is asked which it is.
    fn read_around_faults(
        &mut self,
        extent: Extent,
        wanted: &ExtentSet,
        target: &mut [u8],
        read: &mut ChunkRead,
    ) -> Result<(), EngineError> {
        for coarse in extent.cut_at_multiples(COARSE) {
            let piece = part_of(target, extent, coarse);
            if self.ask(coarse, piece)?.is_ok() {
                continue;
            }
            self.check_alive()?;
            self.read_sectors(coarse, wanted, piece, read)?;
            if self.has_failed {
                self.check_alive()?;
            }
        }
        Ok(())
    }

    fn read_sectors(
        &mut self,
        coarse: Extent,
        wanted: &ExtentSet,
        piece: &mut [u8],
        read: &mut ChunkRead,
    ) -> Result<(), EngineError> {
        for sector in coarse.cut_at_multiples(sector_that_fails(self.device.geometry())) {
            if !wanted.intersects(sector) {
                continue;
            }
            let target = part_of(piece, coarse, sector);
            if let Err(error) = self.ask(sector, target)? {
                for lost in self.unreadable_parts(sector, target)? {
                    part_of(target, sector, lost).fill(0);
                    read.lose(lost, wanted, &error);
                }
            }
        }
        Ok(())
    }

    /// The logical sectors that cannot be read of a physical sector that cannot be read as one,
    /// ascending. Fills `target` with the others.
    ///
    /// A drive reads a physical sector or does not, and takes many seconds to find out. But not
    /// every device tells its own: adapters, computers in computers and drives whose sectors begin
    /// at an odd place may give a part. So the two ends are asked for, and what lies between only
    /// when one of them can be read.
    fn unreadable_parts(
        &mut self,
        physical: Extent,
        target: &mut [u8],
    ) -> Result<Vec<Extent>, EngineError> {
        let logical = u64::from(self.device.geometry().logical_sector);
        let sectors: Vec<Extent> = physical.pieces(logical).collect();
        let [first, between @ .., last] = &sectors[..] else { return Ok(vec![physical]) };
        let mut is_lost = |sector: &Extent| {
            let part = part_of(target, physical, *sector);
            Ok::<_, EngineError>(self.ask(*sector, part)?.is_err())
        };
        let (first_is_lost, last_is_lost) = (is_lost(first)?, is_lost(last)?);
        if first_is_lost && last_is_lost {
            return Ok(vec![physical]);
        }
        let mut lost = Vec::new();
        lost.extend(first_is_lost.then_some(*first));
        for sector in between {
            lost.extend(is_lost(sector)?.then_some(*sector));
        }
        lost.extend(last_is_lost.then_some(*last));
        Ok(lost)
    }

    /// An error when nothing can be read any more: neither what could be read before, nor any of five
    /// sectors from the first to the last.
    fn check_alive(&self) -> Result<(), EngineError> {
        let geometry = self.device.geometry();
        let sector = u64::from(geometry.logical_sector);
        let last = geometry.size.saturating_sub(sector) / sector * sector;
        let mut buffer = AlignedBuffer::zeroed(geometry.logical_sector as usize);
        let mut said = None;
        let spread = [0, 4, 2, 1, 3].map(|quarter| last * quarter / 4 / sector * sector);
        for place in self.readable.into_iter().chain(spread) {
            self.cancel.check()?;
            match self.device.read_at(&mut buffer, place) {
                Ok(()) => return Ok(()),
                Err(error) => said = Some(error),
            }
        }
        let vanished = |source| EngineError::Vanished { device: self.device.name().into(), source };
        said.map_or(Ok(()), |source| Err(vanished(source)))
    }
}

impl ChunkRead {
    /// Notes what of `extent` is wanted and was not read.
    fn lose(&mut self, extent: Extent, wanted: &ExtentSet, error: &BlockError) {
        for lost in wanted.within(extent) {
            match self.unreadable.last_mut() {
                Some((last, _)) if last.end() == lost.start => last.length += lost.length,
                _ => self.unreadable.push((lost, reason(error))),
            }
        }
    }
}

/// The part of a chunk's buffer that stands for `extent`.
fn part_of(buffer: &mut [u8], chunk: Extent, extent: Extent) -> &mut [u8] {
    let index = |byte: u64| usize::try_from(byte - chunk.start).unwrap_or(usize::MAX);
    &mut buffer[index(extent.start)..index(extent.end())]
}

/// Bytes that a drive reads as one or not at all: its physical sector, in whole logical ones.
fn sector_that_fails(geometry: Geometry) -> u64 {
    let logical = u64::from(geometry.logical_sector);
    let physical = u64::from(geometry.physical_sector).min(LARGEST_SECTOR);
    (physical / logical).max(1) * logical
}

/// What the kernel said. Where it said so is known, and there may be many such places.
fn reason(error: &BlockError) -> String {
    match error {
        BlockError::Io { source, .. } | BlockError::Gone { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use block::MemoryDevice;
    use block::double::{ActingDevice, CountingDevice, FaultDevice};

    use super::*;

    const MIB: u64 = 1 << 20;
    const DISK: Extent = Extent { start: 0, length: MIB };

    fn disk() -> MemoryDevice {
        MemoryDevice::from((0..1_u32 << 20).map(|i| (i % 251) as u8 | 1).collect::<Vec<u8>>())
    }

    fn read_chunk(
        device: &dyn BlockDevice,
        chunk: Extent,
        used: &ExtentSet,
        buffer: &mut [u8],
    ) -> Result<ChunkRead, EngineError> {
        SourceReader::new(device, used, &Cancel::default()).read_chunk(chunk, buffer)
    }

    /// What is lost of a disk that is used all over.
    fn lost(device: &dyn BlockDevice) -> Vec<Extent> {
        let mut buffer = vec![0; 1 << 20];
        let read = read_chunk(device, DISK, &DISK.into(), &mut buffer).unwrap();
        let lost: ExtentSet = read.unreadable.iter().map(|(extent, _)| *extent).collect();
        for (at, byte) in buffer.iter().enumerate() {
            let is_lost = lost.intersects(Extent::new(at as u64, 1));
            assert_eq!(*byte == 0, is_lost, "byte {at}");
        }
        lost.iter().collect()
    }

    #[test]
    fn keeps_used_bytes_and_zeros_the_others() {
        let used: ExtentSet = [Extent::new(512, 512), Extent::new(4096, 512)].into_iter().collect();
        let mut buffer = vec![0xff; 8192];
        read_chunk(&disk(), Extent::new(0, 8192), &used, &mut buffer).unwrap();
        for (at, byte) in buffer.iter().enumerate() {
            let is_used = used.intersects(Extent::new(at as u64, 1));
            assert_eq!(*byte != 0, is_used, "byte {at}");
        }
    }

    #[test]
    fn names_exactly_the_sectors_that_cannot_be_read() {
        let bad = Extent::new(300_000 / 512 * 512, 1024);
        assert_eq!(lost(&FaultDevice::new(disk()).unreadable(bad)), [bad]);
    }

    #[test]
    fn asks_little_of_a_bad_physical_sector_and_loses_it_exactly() {
        let disk = disk().with_physical_sector(4096);
        let bad = Extent::new(20 * 4096, 3 * 4096);
        let device = CountingDevice::new(FaultDevice::new(disk).unreadable(bad));
        assert_eq!(lost(&device), [bad]);
        // The chunk, 16 coarse pieces, whether the disk is there, 16 sectors, both ends of the bad.
        assert_eq!(device.reads(), 1 + 16 + 1 + 16 + 3 * 2);
    }

    #[test]
    fn what_can_be_read_of_a_bad_physical_sector_is_kept() {
        for physical in [4096, 64 << 10, 128 << 10] {
            for bad in [0, 3 * 512, 7 * 512].map(|at| Extent::new(40_960 + at, 512)) {
                let disk = disk().with_physical_sector(physical);
                assert_eq!(lost(&FaultDevice::new(disk).unreadable(bad)), [bad], "{physical}");
            }
        }
    }

    #[test]
    fn only_what_is_wanted_is_lost() {
        let used: ExtentSet =
            [(8192, 512), (9216, 512)].map(|(a, b)| Extent::new(a, b)).into_iter().collect();
        let bad = Extent::new(4096, 3 * 4096);
        let device = FaultDevice::new(disk().with_physical_sector(4096)).unreadable(bad);
        let read = read_chunk(&device, DISK, &used, &mut vec![0; 1 << 20]).unwrap();
        let lost: Vec<Extent> = read.unreadable.into_iter().map(|(extent, _)| extent).collect();
        assert_eq!(lost, used.iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_pulled_cable_is_not_mistaken_for_bad_sectors() {
        let gone = FaultDevice::new(disk());
        gone.unplug();
        // What the kernel says while it gives a disk up.
        let failing = FaultDevice::new(disk()).unreadable(DISK);
        let scattered = (0..4).map(|number| Extent::new(number * (200 << 10), 4096)).collect();
        for device in [gone, failing] {
            for used in [&DISK.into(), &scattered, &Extent::new(MIB - 512, 512).into()] {
                let result = read_chunk(&device, DISK, used, &mut vec![0; 1 << 20]);
                assert!(matches!(result, Err(EngineError::Vanished { .. })), "{result:?}");
            }
        }
    }

    #[test]
    fn a_cable_that_is_pulled_among_bad_sectors_costs_none() {
        let bad = Extent::new(MIB - 8192, 1024);
        for read in 1..300 {
            let device = FaultDevice::new(disk()).unreadable(bad);
            let device = ActingDevice::new(device, |device, number, _| {
                if number == read {
                    device.unplug();
                }
            });
            let used = Extent::new(MIB - (16 << 10), 16 << 10).into();
            match read_chunk(&device, DISK, &used, &mut vec![0; 1 << 20]) {
                Ok(read) => {
                    let lost = read.unreadable.iter().map(|(extent, _)| *extent);
                    assert_eq!(lost.collect::<Vec<_>>(), [bad]);
                    return;
                }
                Err(error) => assert!(matches!(error, EngineError::Vanished { .. }), "{error}"),
            }
        }
        panic!("it never came to its end");
    }

    #[test]
    fn a_disk_is_there_while_it_gives_what_it_gave_before() {
        let ends = [0, MIB - 4096].map(|at| Extent::new(at, 4096));
        let device = FaultDevice::new(disk()).unreadable(ends[0]).unreadable(ends[1]);
        assert_eq!(lost(&device), ends);
    }

    #[test]
    fn a_stop_does_not_wait_for_all_bad_sectors_of_a_chunk() {
        // The chunk, its first piece, whether the disk is there, and sectors of the piece.
        for stop_at in [1, 2, 3, 5, 50] {
            let bad = FaultDevice::new(disk()).unreadable(Extent::new(0, 512 << 10));
            let cancel = Cancel::default();
            let device = ActingDevice::new(bad, |_, number, _| {
                if number == stop_at {
                    cancel.cancel();
                }
            });
            let used = DISK.into();
            let mut reader = SourceReader::new(&device, &used, &cancel);
            let result = reader.read_chunk(DISK, &mut vec![0; 1 << 20]);
            assert!(matches!(result, Err(EngineError::Cancelled)), "{stop_at}: {result:?}");
            assert_eq!(device.reads(), stop_at);
        }
    }
}
