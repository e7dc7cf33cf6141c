//! Devices that misbehave on purpose, keep count or act, for tests: stack them on another device.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::device::check_range;
use crate::{BlockDevice, BlockError, Extent, ExtentSet, Geometry, Operation};

/// Fails reads or writes that touch chosen bytes, or everything once it has been unplugged.
pub struct FaultDevice<D> {
    inner: D,
    unreadable: ExtentSet,
    unwritable: ExtentSet,
    unplugged: AtomicBool,
}

impl<D: BlockDevice> FaultDevice<D> {
    /// `inner`, without any fault yet.
    pub fn new(inner: D) -> Self {
        Self {
            inner,
            unreadable: ExtentSet::empty(),
            unwritable: ExtentSet::empty(),
            unplugged: AtomicBool::new(false),
        }
    }

    /// Reads that touch `extent` fail with `EIO`.
    #[must_use]
    pub fn unreadable(mut self, extent: Extent) -> Self {
        self.unreadable = self.unreadable.union(&extent.into());
        self
    }

    /// Writes that touch `extent` fail with `EIO`.
    #[must_use]
    pub fn unwritable(mut self, extent: Extent) -> Self {
        self.unwritable = self.unwritable.union(&extent.into());
        self
    }

    /// From now on everything fails, as after pulling the cable.
    pub fn unplug(&self) {
        self.unplugged.store(true, Ordering::Relaxed);
    }

    /// The device below.
    pub fn inner(&self) -> &D {
        &self.inner
    }

    fn check(
        &self,
        bad: &ExtentSet,
        operation: Operation,
        touched: Extent,
    ) -> Result<(), BlockError> {
        let fault = if self.unplugged.load(Ordering::Relaxed) {
            rustix::io::Errno::NODEV
        } else if bad.intersects(touched) {
            rustix::io::Errno::IO
        } else {
            return Ok(());
        };
        let (offset, length) = (touched.start, touched.length);
        Err(BlockError::io(self.name(), operation, offset, length, fault.into()))
    }
}

impl<D: BlockDevice> BlockDevice for FaultDevice<D> {
    fn geometry(&self) -> Geometry {
        self.inner.geometry()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let touched = Extent::new(offset, buffer.len() as u64);
        self.check(&self.unreadable, Operation::Read, touched)?;
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        let touched = Extent::new(offset, data.len() as u64);
        self.check(&self.unwritable, Operation::Write, touched)?;
        self.inner.write_at(data, offset)
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.check(&ExtentSet::empty(), Operation::Flush, Extent::new(0, 0))?;
        self.inner.flush()
    }
}

/// Insists that every access is aligned to the logical sector, as a disk past the page cache does.
pub struct StrictDevice<D> {
    inner: D,
}

impl<D: BlockDevice> StrictDevice<D> {
    /// `inner`, refusing unaligned access.
    pub fn new(inner: D) -> Self {
        Self { inner }
    }

    fn check(&self, operation: Operation, offset: u64, length: usize) -> Result<(), BlockError> {
        check_range(self, operation, offset, length)?;
        let sector = self.geometry().logical_sector;
        if (offset | length as u64).is_multiple_of(u64::from(sector)) {
            return Ok(());
        }
        let (device, length) = (self.name().to_owned(), length as u64);
        Err(BlockError::Unaligned { device, operation, offset, length, sector })
    }
}

impl<D: BlockDevice> BlockDevice for StrictDevice<D> {
    fn geometry(&self) -> Geometry {
        self.inner.geometry()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.check(Operation::Read, offset, buffer.len())?;
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        self.check(Operation::Write, offset, data.len())?;
        self.inner.write_at(data, offset)
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.inner.flush()
    }
}

/// Counts what is read of a device. It knows no holes, as a disk does not.
pub struct CountingDevice<D> {
    inner: D,
    read: AtomicU64,
    reads: AtomicU64,
}

impl<D: BlockDevice> CountingDevice<D> {
    /// `inner`, of which nothing was read yet.
    pub fn new(inner: D) -> Self {
        Self { inner, read: AtomicU64::new(0), reads: AtomicU64::new(0) }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Reads so far, of whatever length.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

impl<D: BlockDevice> BlockDevice for CountingDevice<D> {
    fn geometry(&self) -> Geometry {
        self.inner.geometry()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        self.inner.write_at(data, offset)
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.inner.flush()
    }
}

/// Does something right before each read: stops a job, say, or unplugs the device below.
pub struct ActingDevice<D, F> {
    inner: D,
    act: F,
    reads: AtomicU64,
}

impl<D: BlockDevice, F: Fn(&D, u64, Extent) + Send + Sync> ActingDevice<D, F> {
    /// `inner`; `act` gets it, the number of the read, counted from 1, and the bytes to be read.
    pub fn new(inner: D, act: F) -> Self {
        Self { inner, act, reads: AtomicU64::new(0) }
    }

    /// The device below.
    pub fn inner(&self) -> &D {
        &self.inner
    }

    /// Reads so far, of whatever length.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

impl<D: BlockDevice, F: Fn(&D, u64, Extent) + Send + Sync> BlockDevice for ActingDevice<D, F> {
    fn geometry(&self) -> Geometry {
        self.inner.geometry()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let number = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        (self.act)(&self.inner, number, Extent::new(offset, buffer.len() as u64));
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        self.inner.write_at(data, offset)
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.inner.flush()
    }
}
