use block::{BlockDevice, Extent};

use crate::bytes::Bytes;
use crate::clusters::{Content, EntryWidth, Heap, Table};
use crate::{Kind, MapError};

/// Bytes of the boot sector that are read; the structure is the same for larger sectors.
pub(super) const BOOT_BYTES: usize = 512;
/// Most clusters with entries of 12 and of 16 bits (specification section 3.5).
const MOST_FAT12: u64 = 4084;
const MOST_FAT16: u64 = 65524;
const MOST_FAT32: u64 = 0x0fff_fff4;

/// Where the parts of a FAT volume lie, from its BIOS parameter block. Offsets are bytes.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub kind: Kind,
    pub width: EntryWidth,
    /// Bytes that the filesystem covers.
    pub size: u64,
    /// First byte of each copy of the table, the active one first.
    pub tables: Vec<u64>,
    /// False when only the active copy is kept up to date.
    pub is_mirrored: bool,
    /// Bytes in one copy.
    pub table_length: u64,
    pub root: Content,
    pub heap: Heap,
    /// The byte that the first entry of the table repeats.
    pub media: u8,
    /// The filesystem's own flag in the boot sector: not unmounted in order.
    pub is_dirty: bool,
    pub label: Option<[u8; 11]>,
    pub serial: Option<u32>,
    /// FAT32: byte offset of the sector with the number of free clusters.
    pub info_sector: Option<u64>,
}

impl Layout {
    pub(super) fn read(volume: &dyn BlockDevice) -> Result<Self, MapError> {
        Self::parse(&volume.read_vec(0, BOOT_BYTES)?)
    }

    /// Refuses what the kernel or `blkid` would not take for FAT.
    pub(super) fn parse(sector: &[u8]) -> Result<Self, MapError> {
        let boot = Bytes::new(sector, "FAT boot sector");
        check_signature(&boot)?;
        let bytes_per_sector = u64::from(boot.le16(11)?);
        let sectors_per_cluster = u64::from(boot.u8(13)?);
        let reserved = u64::from(boot.le16(14)?);
        let copies = boot.u8(16)?;
        let root_entries = u64::from(boot.le16(17)?);
        let media = boot.u8(21)?;
        let known = bytes_per_sector.is_power_of_two()
            && (512..=4096).contains(&bytes_per_sector)
            && sectors_per_cluster.is_power_of_two()
            && reserved > 0
            && (1..=8).contains(&copies)
            && (media == 0xf0 || media >= 0xf8)
            && (root_entries * 32).is_multiple_of(bytes_per_sector);
        if !known {
            return Err(not_fat("its parameters are not those of FAT"));
        }
        let is_fat32 = boot.le16(22)? == 0;
        let table_sectors =
            if is_fat32 { u64::from(boot.le32(36)?) } else { boot.le16(22)?.into() };
        let sectors = match boot.le16(19)? {
            0 => u64::from(boot.le32(32)?),
            sectors => sectors.into(),
        };
        let table_length = table_sectors * bytes_per_sector;
        let root_start = reserved * bytes_per_sector + u64::from(copies) * table_length;
        let root_length = root_entries * 32;
        let size = sectors * bytes_per_sector;
        let cluster = sectors_per_cluster * bytes_per_sector;
        let start = root_start + root_length;
        let in_volume = size.checked_sub(start).map_or(0, |bytes| bytes / cluster);
        let (kind, width) = kind_of(is_fat32, in_volume)?;
        let count = in_volume.min((table_length * 8 / width.bits()).saturating_sub(2));
        let heap = Heap { start, cluster, count: u32::try_from(count).unwrap_or(0) };
        if heap.count == 0 {
            return Err(not_fat("it has no clusters"));
        }
        let root = if is_fat32 {
            Content::Chain(boot.le32(44)?)
        } else {
            Content::Fixed(Extent::new(root_start, root_length))
        };
        let mut tables: Vec<u64> = (0..u64::from(copies))
            .map(|copy| reserved * bytes_per_sector + copy * table_length)
            .collect();
        let active = if is_fat32 { active_table(&boot)? } else { None };
        if active.is_some_and(|active| active >= tables.len()) {
            return Err(not_fat("its active table does not exist"));
        }
        tables.swap(0, active.unwrap_or(0));
        let extended = if is_fat32 { 64 } else { 36 };
        let signature = boot.u8(extended + 2)?;
        let mut label = [0; 11];
        label.copy_from_slice(boot.slice(extended + 7, 11)?);
        let info = u64::from(boot.le16(48)?);
        Ok(Self {
            kind,
            width,
            size,
            tables,
            is_mirrored: active.is_none(),
            table_length,
            root,
            heap,
            media,
            is_dirty: boot.u8(extended + 1)? & 1 != 0,
            label: (signature == 0x29).then_some(label),
            serial: matches!(signature, 0x28 | 0x29).then_some(boot.le32(extended + 3)?),
            info_sector: (is_fat32 && (1..reserved).contains(&info))
                .then_some(info * bytes_per_sector),
        })
    }

    pub(super) fn table<'a>(&self, volume: &'a dyn BlockDevice) -> Table<'a> {
        let tables = match self.is_mirrored {
            true => self.tables.clone(),
            false => self.tables[..1].to_vec(),
        };
        Table::new(volume, tables, self.table_length, self.width, self.heap)
    }
}

/// The number of the only table that is kept up to date, where that is so (`BPB_ExtFlags`).
fn active_table(boot: &Bytes<'_>) -> Result<Option<usize>, MapError> {
    let flags = boot.le16(40)?;
    Ok((flags & 0x80 != 0).then_some(usize::from(flags & 0xf)))
}

/// The number of clusters decides; only FAT32 has no 16-bit table size (kernel `fat_fill_super`).
fn kind_of(is_fat32: bool, clusters: u64) -> Result<(Kind, EntryWidth), MapError> {
    match clusters {
        _ if is_fat32 && clusters <= MOST_FAT32 => Ok((Kind::Fat32, EntryWidth::Bits28)),
        0..=MOST_FAT12 => Ok((Kind::Fat12, EntryWidth::Bits12)),
        _ if clusters <= MOST_FAT16 => Ok((Kind::Fat16, EntryWidth::Bits16)),
        _ => Err(not_fat("it has too many clusters")),
    }
}

/// A jump and the end mark, or one of the names that formatters write; and not the name of
/// another filesystem that uses the same block (as `blkid` does).
fn check_signature(boot: &Bytes<'_>) -> Result<(), MapError> {
    let (name16, name32) = (boot.slice(54, 8)?, boot.slice(82, 8)?);
    let has_name = name16.starts_with(b"FAT") || name32 == b"FAT32   ";
    let has_jump = matches!(boot.u8(0)?, 0xeb | 0xe9) && boot.le16(510)? == 0xaa55;
    let is_other = [&b"JFS     "[..], b"HPFS    "].contains(&name16)
        || [&b"NTFS    "[..], b"EXFAT   ", b"-FVE-FS-"].contains(&boot.slice(3, 8)?);
    if is_other || !(has_name || has_jump) {
        return Err(not_fat("it has no FAT signature"));
    }
    Ok(())
}

fn not_fat(reason: &str) -> MapError {
    MapError::damaged(format!("FAT: {reason}"))
}
