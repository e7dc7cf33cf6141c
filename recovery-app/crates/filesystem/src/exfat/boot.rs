use block::BlockDevice;

use crate::MapError;
use crate::bytes::Bytes;
use crate::clusters::{Content, EntryWidth, Heap, Table};

/// Bytes of the boot sector that hold its fields.
pub(super) const BOOT_BYTES: usize = 512;
/// Sectors in a boot region, the last of which holds the checksum.
const REGION_SECTORS: usize = 12;
/// Bytes of the boot sector that change while it is mounted: flags and percentage in use.
const CHANGING: [usize; 3] = [106, 107, 112];
/// Most clusters (specification section 3.1.9).
const MOST_CLUSTERS: u32 = 0xffff_fff5;

/// Where the parts of an exFAT volume lie, from its boot sector. Offsets are bytes.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Bytes that the filesystem covers.
    pub size: u64,
    pub bytes_per_sector: usize,
    /// First byte of each copy of the table, the active one first.
    tables: Vec<u64>,
    table_length: u64,
    pub root: Content,
    pub heap: Heap,
    pub serial: u32,
    /// The flag of a volume that was not unmounted in order.
    pub is_dirty: bool,
    /// The flag of a volume on which reading or writing failed.
    pub has_failed: bool,
}

impl Layout {
    /// Also checks the main boot region against its checksum.
    pub(super) fn read(volume: &dyn BlockDevice) -> Result<Self, MapError> {
        let layout = Self::parse(&volume.read_vec(0, BOOT_BYTES)?)?;
        if layout.size > volume.size() {
            return Err(damaged("the volume is smaller than the filesystem"));
        }
        if region(volume, &layout, 0)?.is_none() {
            return Err(damaged("the checksum of its boot region is wrong"));
        }
        Ok(layout)
    }

    /// Refuses what the kernel would not mount (`exfat_read_boot_sector`).
    pub(super) fn parse(sector: &[u8]) -> Result<Self, MapError> {
        let boot = Bytes::new(sector, "exFAT boot sector");
        let is_exfat = boot.slice(3, 8)? == b"EXFAT   "
            && boot.le16(510)? == 0xaa55
            && boot.slice(11, 53)?.iter().all(|byte| *byte == 0);
        let (sector_shift, cluster_shift) = (boot.u8(108)?, boot.u8(109)?);
        let copies = boot.u8(110)?;
        let known = is_exfat
            && (9..=12).contains(&sector_shift)
            && cluster_shift <= 25 - sector_shift
            && (1..=2).contains(&copies);
        if !known {
            return Err(damaged("its boot sector is not valid"));
        }
        let sectors = |count: u32| u64::from(count) << sector_shift;
        let size = boot
            .le64(72)?
            .checked_mul(1 << sector_shift)
            .ok_or_else(|| damaged("its size is impossible"))?;
        let (table, table_length) = (sectors(boot.le32(80)?), sectors(boot.le32(84)?));
        let heap = Heap {
            start: sectors(boot.le32(88)?),
            cluster: 1 << (sector_shift + cluster_shift),
            count: boot.le32(92)?,
        };
        let flags = boot.le16(106)?;
        let fits = (1..=MOST_CLUSTERS).contains(&heap.count)
            && table >= 24 << sector_shift
            && table_length >= (u64::from(heap.count) + 2) * 4
            && heap.start >= table + table_length * u64::from(copies)
            && heap.end() <= size;
        if !fits {
            return Err(damaged("the parts that its boot sector names do not fit together"));
        }
        let mut tables: Vec<u64> =
            (0..u64::from(copies)).map(|copy| table + copy * table_length).collect();
        if flags & 1 != 0 {
            tables.reverse();
        }
        Ok(Self {
            size,
            bytes_per_sector: 1 << sector_shift,
            tables,
            table_length,
            root: Content::Chain(boot.le32(96)?),
            heap,
            serial: boot.le32(100)?,
            is_dirty: flags & 2 != 0,
            has_failed: flags & 4 != 0,
        })
    }

    /// True when it claims that it was unmounted in order and that nothing on it failed.
    pub(super) fn is_clean(&self) -> bool {
        !self.is_dirty && !self.has_failed
    }

    pub(super) fn table<'a>(&self, volume: &'a dyn BlockDevice) -> Table<'a> {
        let (tables, length) = (self.tables.clone(), self.table_length);
        Table::new(volume, tables, length, EntryWidth::Bits32, self.heap)
    }

    /// TexFAT keeps two tables and two bitmaps.
    pub(super) fn bitmaps(&self) -> usize {
        self.tables.len()
    }

    /// True when the backup of the boot region is whole and says the same as the main one.
    pub(super) fn has_backup(&self, volume: &dyn BlockDevice) -> bool {
        let main = region(volume, self, 0).ok().flatten();
        let backup = region(volume, self, REGION_SECTORS).ok().flatten();
        main.is_some() && main == backup
    }
}

/// The boot region that starts at `sector`, without the bytes that change while it is mounted;
/// `None` when its checksum is wrong.
fn region(
    volume: &dyn BlockDevice,
    layout: &Layout,
    sector: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let size = layout.bytes_per_sector;
    let mut bytes = volume.read_vec((sector * size) as u64, REGION_SECTORS * size)?;
    let (content, checksums) = bytes.split_at_mut((REGION_SECTORS - 1) * size);
    for at in CHANGING {
        content[at] = 0;
    }
    let sum = content
        .iter()
        .enumerate()
        .filter(|(at, _)| !CHANGING.contains(at))
        .fold(0_u32, |sum, (_, byte)| sum.rotate_right(1).wrapping_add((*byte).into()));
    let is_sound = checksums.chunks_exact(4).all(|stored| stored == sum.to_le_bytes());
    Ok(is_sound.then(|| content.to_vec()))
}

pub(super) fn damaged(reason: &str) -> MapError {
    MapError::damaged(format!("exFAT: {reason}"))
}
