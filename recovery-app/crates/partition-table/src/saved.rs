use block::{BlockDevice, BlockError, Extent, Geometry, Operation};
use serde::{Deserialize, Serialize};

use crate::bytes::{read_bytes, sector_size};
use crate::hex;
use crate::layout::Layout;

/// The sectors of a partition table, verbatim, as they go into the manifest of an image.
///
/// It is also a [`BlockDevice`] of the size of the disk that can be read: everything but the
/// table is zeros. [`crate::read`] and [`crate::relocate`] take it in place of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTable {
    /// What errors call it.
    name: String,
    /// Size of the disk in bytes.
    disk_size: u64,
    /// Logical sector size of the disk in bytes.
    logical_sector: u32,
    /// The sectors, ascending, none twice.
    pieces: Vec<TableWrite>,
    /// What could not be read; zeros stand for it.
    unreadable: Vec<Extent>,
}

/// Bytes of a table and their place on a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableWrite {
    /// First byte on the disk.
    pub offset: u64,
    /// The bytes: hexadecimal digits when serialised.
    #[serde(with = "hex")]
    pub bytes: Vec<u8>,
}

impl TableWrite {
    /// The bytes of the disk that it covers.
    #[must_use]
    pub fn extent(&self) -> Extent {
        Extent::new(self.offset, self.bytes.len() as u64)
    }
}

impl SavedTable {
    /// Copies [`Layout::table_sectors`] of `device`, which `layout` describes.
    ///
    /// Sectors that cannot be read are zeros in the copy and listed in [`Self::unreadable`].
    #[must_use]
    pub fn save(device: &dyn BlockDevice, layout: &Layout) -> Self {
        let geometry = device.geometry();
        let mut saved = Self {
            name: device.name().to_owned(),
            disk_size: geometry.size,
            logical_sector: geometry.logical_sector,
            pieces: Vec::new(),
            unreadable: Vec::new(),
        };
        for extent in layout.table_sectors().iter() {
            let bytes = match read_bytes(device, extent) {
                Ok(bytes) => bytes,
                Err(_) => saved.read_by_sectors(device, extent),
            };
            saved.pieces.push(TableWrite { offset: extent.start, bytes });
        }
        saved
    }

    /// The table as `writes` leave it on an otherwise blank disk; later writes win.
    pub(crate) fn after(name: &str, geometry: Geometry, writes: &[TableWrite]) -> Self {
        Self {
            name: name.to_owned(),
            disk_size: geometry.size,
            logical_sector: geometry.logical_sector,
            pieces: writes.to_vec(),
            unreadable: Vec::new(),
        }
    }

    /// The bytes, by place on the disk.
    #[must_use]
    pub fn pieces(&self) -> &[TableWrite] {
        &self.pieces
    }

    /// What could not be read when it was saved.
    #[must_use]
    pub fn unreadable(&self) -> &[Extent] {
        &self.unreadable
    }

    fn read_by_sectors(&mut self, device: &dyn BlockDevice, extent: Extent) -> Vec<u8> {
        let mut bytes = Vec::new();
        for sector in extent.pieces(sector_size(device)) {
            match read_bytes(device, sector) {
                Ok(read) => bytes.extend(read),
                Err(_) => {
                    self.unreadable.push(sector);
                    bytes.extend(sector.pieces(1).map(|_| 0));
                }
            }
        }
        bytes
    }

    fn refuse(&self) -> BlockError {
        BlockError::ReadOnly { device: self.name.clone() }
    }
}

impl BlockDevice for SavedTable {
    fn geometry(&self) -> Geometry {
        Geometry {
            size: self.disk_size,
            logical_sector: self.logical_sector,
            physical_sector: self.logical_sector,
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let wanted = Extent::new(offset, buffer.len() as u64);
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.disk_size) {
            return Err(BlockError::OutOfRange {
                device: self.name.clone(),
                operation: Operation::Read,
                offset,
                length: wanted.length,
                size: self.disk_size,
            });
        }
        buffer.fill(0);
        for piece in &self.pieces {
            let Some(both) = piece.extent().intersection(&wanted) else { continue };
            let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            let length = index(both.length);
            let from = index(both.start - piece.offset);
            let to = index(both.start - offset);
            buffer[to..][..length].copy_from_slice(&piece.bytes[from..][..length]);
        }
        Ok(())
    }

    fn write_at(&self, _data: &[u8], _offset: u64) -> Result<(), BlockError> {
        Err(self.refuse())
    }

    fn flush(&self) -> Result<(), BlockError> {
        Err(self.refuse())
    }
}
