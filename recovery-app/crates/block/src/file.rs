use std::cmp::Ordering;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::num::NonZeroU64;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Advice, FallocateFlags, OFlags, fadvise};

use crate::device::{check_range, write_zeros};
use crate::{BlockDevice, BlockError, Extent, Geometry, Operation, ioctl};

/// What a device is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading; every write is refused.
    Read,
    /// Reading and writing.
    ReadWrite,
    /// Reading and writing, and nobody else may have the disk mounted or in use (`O_EXCL`).
    Exclusive,
}

/// Whether reads and writes go through the kernel's page cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Through it: any offset, length and memory.
    Cached,
    /// Through it, but what it has is flushed and dropped at opening: what is read was read from
    /// the disk since then. Before what was written later is proven, see [`BlockDevice::forget`].
    Dropped,
    /// Past it (`O_DIRECT`) where the filesystem can: offset, length and memory must be aligned
    /// to the logical sector. Where it cannot, as [`Caching::Dropped`].
    Bypassed,
}

/// A block device node or a regular file.
pub struct FileDevice {
    file: File,
    path: PathBuf,
    name: String,
    geometry: Geometry,
    access: Access,
    /// True when the kernel accepted `O_DIRECT`.
    direct: bool,
    is_block_device: bool,
    /// A regular file as it was found.
    opened: Option<Stamp>,
    /// Held while a regular file is written: the kernel lets one writer in at a time, and the
    /// others would spin for its lock on processors that are needed for other work.
    writing: Mutex<()>,
}

/// What changes with a write to a file, and with nothing that its readers do. The time of the last
/// change is told as well because programs set that of the last write back.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    /// Bytes.
    size: u64,
    /// Seconds and nanoseconds.
    written: (i64, i64),
    /// Seconds and nanoseconds.
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self {
            size: found.len(),
            written: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

/// Sector size of regular files, in bytes: what disk images use unless told otherwise.
const FILE_SECTOR: u32 = 512;

/// What the page cache keeps and drops as one at most, in bytes, at multiples of its size: a folio
/// of Linux on x86-64 (`MAX_PAGECACHE_ORDER`, `include/linux/pagemap.h`).
const LARGEST_FOLIO: u64 = 2 << 20;

impl FileDevice {
    /// Opens the block device or regular file at `path`.
    ///
    /// Anything else (a directory, a character device) is refused with `InvalidInput`.
    pub fn open(path: &Path, access: Access, caching: Caching) -> Result<Self, BlockError> {
        let name = path.display().to_string();
        let fail = |source| BlockError::io(&name, Operation::Open, 0, 0, source);
        // Asked before: opening a pipe waits for whoever is at its other end.
        let kind = std::fs::metadata(path).map_err(fail)?.file_type();
        let is_block_device = kind.is_block_device();
        if !is_block_device && !kind.is_file() {
            return Err(fail(io::Error::new(
                io::ErrorKind::InvalidInput,
                "neither a disk nor a regular file",
            )));
        }
        let (file, direct) = open_file(path, access, caching).map_err(fail)?;
        let geometry = read_geometry(&file, is_block_device).map_err(fail)?;
        let opened = if is_block_device { None } else { Some(Stamp::of(&file).map_err(fail)?) };
        let path = path.to_owned();
        let writing = Mutex::default();
        let device =
            Self { file, path, name, geometry, access, direct, is_block_device, opened, writing };
        if caching != Caching::Cached {
            device.drop_pages();
        }
        Ok(device)
    }

    /// Empties the page cache of this file.
    fn drop_pages(&self) {
        if !self.direct {
            // Pages that are not flushed would stay. Where that fails, they are lost, and what is
            // read instead shows it.
            let _ = self.file.sync_data();
            self.forget(Extent::new(0, self.geometry.size));
        }
    }

    /// The same file with another logical sector size, for images of 4096-byte-sector disks.
    #[must_use]
    pub fn with_logical_sector(mut self, bytes: u32) -> Self {
        self.geometry.logical_sector = bytes;
        self.geometry.physical_sector = self.geometry.physical_sector.max(bytes);
        self
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True for a block device node, false for a regular file.
    #[must_use]
    pub fn is_block_device(&self) -> bool {
        self.is_block_device
    }

    /// Claims a regular file until this device is dropped: for reading, together with others who
    /// read it, or for writing, alone. False when another job has it.
    ///
    /// Only those who ask are kept away, and on a filesystem without locks nobody is.
    #[must_use]
    pub fn claim(&self) -> bool {
        if self.is_block_device {
            return true;
        }
        let lock = match self.access {
            Access::Read => self.file.try_lock_shared(),
            Access::ReadWrite | Access::Exclusive => self.file.try_lock(),
        };
        !matches!(lock, Err(TryLockError::WouldBlock))
    }

    /// Tells the kernel to refuse writes to this disk from now on, or to allow them again
    /// (`BLKROSET`). Does nothing on a regular file.
    pub fn set_read_only(&self, read_only: bool) -> Result<(), BlockError> {
        self.control(|file| ioctl::set_read_only(file, read_only))
    }

    /// True when the kernel refuses writes to this disk (`BLKROGET`); false on a regular file.
    pub fn is_read_only(&self) -> Result<bool, BlockError> {
        if !self.is_block_device {
            return Ok(false);
        }
        ioctl::is_read_only(&self.file)
            .map_err(|source| BlockError::io(&self.name, Operation::Control, 0, 0, source))
    }

    /// Makes the kernel read the partition table again (`BLKRRPART`). Does nothing on a regular
    /// file.
    pub fn reread_partition_table(&self) -> Result<(), BlockError> {
        self.control(ioctl::reread_partition_table)
    }

    fn control(&self, request: impl Fn(&File) -> io::Result<()>) -> Result<(), BlockError> {
        if !self.is_block_device {
            return Ok(());
        }
        request(&self.file)
            .map_err(|source| BlockError::io(&self.name, Operation::Control, 0, 0, source))
    }

    fn check_access(
        &self,
        operation: Operation,
        buffer: &[u8],
        offset: u64,
    ) -> Result<(), BlockError> {
        let length = buffer.len();
        check_range(self, operation, offset, length)?;
        let sector = self.geometry.logical_sector;
        let aligned = (offset | length as u64 | buffer.as_ptr().addr() as u64)
            .is_multiple_of(u64::from(sector));
        if self.direct && !aligned {
            return Err(BlockError::Unaligned {
                device: self.name.clone(),
                operation,
                offset,
                length: length as u64,
                sector,
            });
        }
        Ok(())
    }

    fn failure(
        &self,
        operation: Operation,
        offset: u64,
        length: u64,
        source: io::Error,
    ) -> BlockError {
        if self.is_block_device {
            return BlockError::of_disk(&self.name, operation, offset, length, source);
        }
        BlockError::io(&self.name, operation, offset, length, source)
    }

    fn check_writable(&self) -> Result<(), BlockError> {
        match self.access {
            Access::Read => Err(BlockError::ReadOnly { device: self.name.clone() }),
            Access::ReadWrite | Access::Exclusive => Ok(()),
        }
    }

    fn zero_in_kernel(&self, extent: Extent) -> io::Result<()> {
        if self.is_block_device {
            return ioctl::zero_out(&self.file, extent);
        }
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        Ok(rustix::fs::fallocate(&self.file, flags, extent.start, extent.length)?)
    }
}

fn open_file(path: &Path, access: Access, caching: Caching) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(access != Access::Read);
    let exclusive = if access == Access::Exclusive { OFlags::EXCL } else { OFlags::empty() };
    let flags = |flags: OFlags| i32::try_from(flags.bits()).unwrap_or(0);
    if caching == Caching::Bypassed {
        let direct = options.clone().custom_flags(flags(exclusive | OFlags::DIRECT)).open(path);
        match direct {
            Ok(file) => return Ok((file, true)),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            Err(error) => return Err(error),
        }
    }
    Ok((options.custom_flags(flags(exclusive)).open(path)?, false))
}

fn read_geometry(file: &File, is_block_device: bool) -> io::Result<Geometry> {
    let size = current_size(file)?;
    if !is_block_device {
        return Ok(Geometry { size, logical_sector: FILE_SECTOR, physical_sector: FILE_SECTOR });
    }
    let logical_sector = rustix::fs::ioctl_blksszget(file)?;
    Ok(Geometry {
        // Bytes behind the last whole sector cannot be addressed: a loop device may have some.
        size: size - size % u64::from(logical_sector),
        logical_sector,
        physical_sector: rustix::fs::ioctl_blkpbszget(file)?,
    })
}

/// Size of a file or block device, in bytes.
fn current_size(file: &File) -> io::Result<u64> {
    Ok(rustix::fs::seek(file, rustix::fs::SeekFrom::End(0))?)
}

impl BlockDevice for FileDevice {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.check_access(Operation::Read, buffer, offset)?;
        let length = buffer.len() as u64;
        self.file
            .read_exact_at(buffer, offset)
            .map_err(|source| self.failure(Operation::Read, offset, length, source))
    }

    fn write_at(&self, data: &[u8], offset: u64) -> Result<(), BlockError> {
        self.check_writable()?;
        self.check_access(Operation::Write, data, offset)?;
        let _alone = (!self.is_block_device)
            .then(|| self.writing.lock().unwrap_or_else(PoisonError::into_inner));
        self.file
            .write_all_at(data, offset)
            .map_err(|source| self.failure(Operation::Write, offset, data.len() as u64, source))
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.file.sync_all().map_err(|source| self.failure(Operation::Flush, 0, 0, source))
    }

    fn zero(&self, extent: Extent) -> Result<(), BlockError> {
        self.check_writable()?;
        match self.zero_in_kernel(extent) {
            Ok(()) => Ok(()),
            Err(_) => write_zeros(self, extent),
        }
    }

    fn is_hole(&self, extent: Extent) -> bool {
        if self.is_block_device {
            return false;
        }
        match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(extent.start)) {
            Ok(data) => data >= extent.end(),
            // There is no data behind the offset, or the file ends before it by now.
            Err(rustix::io::Errno::NXIO) => {
                let is_whole = current_size(&self.file).is_ok_and(|now| now >= self.geometry.size);
                extent.end() <= self.geometry.size && is_whole
            }
            Err(_) => false,
        }
    }

    fn check_unchanged(&self) -> Result<(), BlockError> {
        let Some(opened) = &self.opened else { return Ok(()) };
        let now = Stamp::of(&self.file)
            .map_err(|source| BlockError::io(&self.name, Operation::Control, 0, 0, source))?;
        let device = self.name.clone();
        match now.size.cmp(&opened.size) {
            Ordering::Less => {
                Err(BlockError::CutShort { device, size: opened.size, found: now.size })
            }
            Ordering::Equal if now == *opened => Ok(()),
            _ => Err(BlockError::Changed { device }),
        }
    }

    fn forget(&self, extent: Extent) {
        // Only what lies within the range as a whole is dropped.
        let around = extent.aligned_out(LARGEST_FOLIO);
        if let Some(length) = NonZeroU64::new(around.length) {
            // The kernel has no reason to refuse it on a disk or regular file.
            let _ = fadvise(&self.file, around.start, Some(length), Advice::DontNeed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_a_file_and_refuses_what_it_must() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(8192).unwrap();
        let writable = FileDevice::open(file.path(), Access::ReadWrite, Caching::Cached).unwrap();
        writable.write_at(b"abc", 1000).unwrap();
        assert_eq!(writable.read_vec(999, 5).unwrap(), b"\0abc\0");
        assert!(matches!(writable.write_at(b"abc", 8190), Err(BlockError::OutOfRange { .. })));
        writable.zero(Extent::new(1001, 1)).unwrap();
        assert_eq!(writable.read_vec(999, 5).unwrap(), b"\0a\0c\0");

        let readable = FileDevice::open(file.path(), Access::Read, Caching::Cached).unwrap();
        assert!(matches!(readable.write_at(b"x", 0), Err(BlockError::ReadOnly { .. })));
        assert!(matches!(readable.zero(Extent::new(0, 1)), Err(BlockError::ReadOnly { .. })));
    }

    #[test]
    fn tells_holes_of_a_sparse_file_from_data() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(8 << 20).unwrap();
        file.as_file().write_all_at(b"x", 4 << 20).unwrap();
        let device = FileDevice::open(file.path(), Access::Read, Caching::Cached).unwrap();
        assert!(!device.is_hole(Extent::new(3 << 20, 2 << 20)));
        assert!(device.is_hole(Extent::new(6 << 20, 2 << 20)));
        assert!(!device.is_hole(Extent::new(6 << 20, 4 << 20)), "beyond the end is no hole");
    }

    #[test]
    fn a_file_has_many_readers_or_one_writer() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = |access| FileDevice::open(file.path(), access, Caching::Cached).unwrap();
        let readers = [open(Access::Read), open(Access::Read)];
        assert!(readers.iter().all(FileDevice::claim));
        assert!(!open(Access::ReadWrite).claim());
        drop(readers);
        let writer = open(Access::ReadWrite);
        assert!(writer.claim());
        assert!(!open(Access::Read).claim() && !open(Access::ReadWrite).claim());
    }

    #[test]
    fn a_file_cut_short_has_no_holes_behind_its_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(8 << 20).unwrap();
        let device = FileDevice::open(file.path(), Access::Read, Caching::Cached).unwrap();
        assert!(device.is_hole(Extent::new(6 << 20, 2 << 20)));
        device.check_unchanged().unwrap();
        file.as_file().set_len(4 << 20).unwrap();
        assert!(!device.is_hole(Extent::new(6 << 20, 2 << 20)));
        let error = device.check_unchanged().unwrap_err();
        assert!(matches!(error, BlockError::CutShort { size, found, .. } if found < size));
    }

    #[test]
    fn a_file_is_changed_by_writers_and_not_by_readers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let write = |at| file.as_file().write_all_at(b"x", at).unwrap();
        let changes: [&dyn Fn(); 2] = [&|| write(0), &|| write(8 << 20)];
        for change in changes {
            file.as_file().set_len(8 << 20).unwrap();
            // The clock of the kernel may not tick between two writes.
            file.as_file().set_modified(std::time::UNIX_EPOCH).unwrap();
            let device = FileDevice::open(file.path(), Access::Read, Caching::Cached).unwrap();
            let other = FileDevice::open(file.path(), Access::Read, Caching::Dropped).unwrap();
            assert!(other.claim() && other.read_vec(0, 512).is_ok());
            device.check_unchanged().unwrap();
            change();
            let error = device.check_unchanged().unwrap_err();
            assert!(matches!(error, BlockError::Changed { .. }), "{error}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_disk() {
        let folder = tempfile::tempdir().unwrap();
        assert!(FileDevice::open(folder.path(), Access::Read, Caching::Cached).is_err());
        assert!(FileDevice::open(Path::new("/dev/null"), Access::Read, Caching::Cached).is_err());
    }
}
