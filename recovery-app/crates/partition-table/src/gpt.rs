//! One copy of a GUID partition table (UEFI specification 2.10, section 5.3).
//!
//! Written by hand: the gpt crate 4.1 panics on entries that do not have 128 bytes, rejects a
//! header together with its entries, and renumbers partitions when it writes.

use block::Extent;

use crate::bytes::{Sectors, has, le32, le64};
use crate::layout::{Partition, PartitionRole};
use crate::notes::Notes;
use crate::type_names::gpt_type_name;

/// Most bytes of entries that are read; Linux refuses larger tables too (`efi.c`).
const MOST_ENTRY_BYTES: u64 = 4 << 20;

/// The fields of a header. Positions are sectors.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) own_lba: u64,
    pub(crate) alternate_lba: u64,
    pub(crate) first_usable_lba: u64,
    pub(crate) last_usable_lba: u64,
    pub(crate) disk_guid: String,
    pub(crate) entries_lba: u64,
    pub(crate) entry_count: u32,
    pub(crate) entry_size: u32,
    entries_crc: u32,
}

impl Header {
    /// Bytes in all entries.
    pub(crate) fn entry_bytes(&self) -> u64 {
        u64::from(self.entry_count) * u64::from(self.entry_size)
    }

    /// Sectors of `unit` bytes that the entries fill.
    pub(crate) fn entry_sectors(&self, unit: u64) -> u64 {
        self.entry_bytes().div_ceil(unit)
    }
}

/// A copy whose checksums are right.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) header: Header,
    /// The whole sector of the header.
    sector: Vec<u8>,
    /// The entries, filled up to whole sectors.
    pub(crate) entries: Vec<u8>,
}

impl Copy {
    /// The sector of a header that says the same for other places (all in sectors).
    pub(crate) fn header_at(
        &self,
        own_lba: u64,
        alternate_lba: u64,
        entries_lba: u64,
        last_usable_lba: u64,
    ) -> Vec<u8> {
        let mut sector = self.sector.clone();
        let fields = [(24, own_lba), (32, alternate_lba), (48, last_usable_lba), (72, entries_lba)];
        for (at, value) in fields {
            sector[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        let size = usize::try_from(le32(&sector, 12)).unwrap_or(sector.len()).min(sector.len());
        sector[16..20].fill(0);
        let checksum = crc32fast::hash(&sector[..size]);
        sector[16..20].copy_from_slice(&checksum.to_le_bytes());
        sector
    }
}

/// Why a copy cannot be used.
#[derive(Debug)]
pub(crate) enum Fault {
    /// There is no header.
    Missing,
    /// There is one, but it is wrong; with its fields if they pass their checksum.
    Damaged(String, Option<Box<Header>>),
    /// The device failed.
    Unreadable(String),
}

/// Reads the copy whose header is in sector `lba`.
pub(crate) fn read_copy(disk: Sectors<'_>, lba: u64) -> Result<Copy, Fault> {
    if lba == 0 || lba >= disk.count() {
        return Err(Fault::Missing);
    }
    let unreadable = |error: block::BlockError| Fault::Unreadable(error.to_string());
    let sector = disk.read(lba, disk.unit).map_err(unreadable)?;
    let header = read_header(&sector)?;
    let damaged = |reason: &str| Fault::Damaged(reason.to_owned(), Some(Box::new(header.clone())));
    check_header(&header, lba, disk).map_err(damaged)?;
    let length = header.entry_sectors(disk.unit) * disk.unit;
    let entries = disk.read(header.entries_lba, length).map_err(unreadable)?;
    let used = usize::try_from(header.entry_bytes()).unwrap_or(0);
    if crc32fast::hash(&entries[..used]) != header.entries_crc {
        return Err(damaged("the checksum of its entries is wrong"));
    }
    Ok(Copy { header, sector, entries })
}

/// The fields of a header whose checksum is right.
fn read_header(sector: &[u8]) -> Result<Header, Fault> {
    if !has(sector, 0, b"EFI PART") {
        return Err(Fault::Missing);
    }
    let size = usize::try_from(le32(sector, 12)).unwrap_or(usize::MAX);
    if size < 92 || size > sector.len() {
        return Err(Fault::Damaged("its header has an impossible size".into(), None));
    }
    let mut summed = sector[..size].to_vec();
    summed[16..20].fill(0);
    if crc32fast::hash(&summed) != le32(sector, 16) {
        return Err(Fault::Damaged("the checksum of its header is wrong".into(), None));
    }
    Ok(Header {
        own_lba: le64(sector, 24),
        alternate_lba: le64(sector, 32),
        first_usable_lba: le64(sector, 40),
        last_usable_lba: le64(sector, 48),
        disk_guid: guid(&sector[56..72]),
        entries_lba: le64(sector, 72),
        entry_count: le32(sector, 80),
        entry_size: le32(sector, 84),
        entries_crc: le32(sector, 88),
    })
}

/// What Linux checks (`is_gpt_valid`), except that a disk may be shorter than its table says: a
/// cut-off disk still holds the partitions at its start.
fn check_header(header: &Header, lba: u64, disk: Sectors<'_>) -> Result<(), &'static str> {
    if header.own_lba != lba {
        return Err("its header belongs to another place");
    }
    if header.entry_size < 128 || header.entry_size > 4096 || !header.entry_size.is_power_of_two() {
        return Err("its entries have an impossible size");
    }
    if header.entry_count == 0 || header.entry_bytes() > MOST_ENTRY_BYTES {
        return Err("it has an impossible number of entries");
    }
    if header.last_usable_lba < header.first_usable_lba {
        return Err("its range for partitions is empty");
    }
    let end = header.entries_lba.checked_add(header.entry_sectors(disk.unit));
    let inside = end.is_some_and(|end| end <= disk.count());
    if header.entries_lba < 2 || !inside {
        return Err("its entries lie outside the disk");
    }
    Ok(())
}

/// The partitions of a copy, by number.
pub(crate) fn partitions(disk: Sectors<'_>, copy: &Copy, notes: &mut Notes) -> Vec<Partition> {
    let size = usize::try_from(copy.header.entry_size).unwrap_or(128);
    let count = usize::try_from(copy.header.entry_count).unwrap_or(0);
    let slots = copy.entries.chunks_exact(size).take(count);
    (1..).zip(slots).filter_map(|(number, slot)| partition(disk, number, slot, notes)).collect()
}

fn partition(disk: Sectors<'_>, number: u32, slot: &[u8], notes: &mut Notes) -> Option<Partition> {
    if slot[..16].iter().all(|byte| *byte == 0) {
        return None;
    }
    let (first, last) = (le64(slot, 32), le64(slot, 40));
    let Some(count) = last.checked_sub(first).and_then(|count| count.checked_add(1)) else {
        notes.add(format!("GPT entry {number} ends before it starts; it is ignored, as by Linux"));
        return None;
    };
    let attributes = le64(slot, 48);
    let type_id = guid(&slot[..16]);
    let name = name(&slot[56..128]);
    Some(Partition {
        number,
        role: PartitionRole::Primary,
        extent: disk.extent(first, count),
        type_name: gpt_type_name(&type_id).map_or_else(|| type_id.clone(), str::to_owned),
        type_id,
        name: (!name.is_empty()).then_some(name),
        guid: Some(guid(&slot[16..32])),
        bootable: attributes & 1 << 2 != 0,
        flags: flags(attributes),
    })
}

/// UTF-16, ended by a zero or by the end of the field.
fn name(field: &[u8]) -> String {
    let units: Vec<u16> = field
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_le_bytes(*pair))
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16_lossy(&units)
}

/// The first three fields of a GUID are little-endian numbers, the rest are bytes.
fn guid(bytes: &[u8]) -> String {
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut text = String::with_capacity(36);
    for (position, index) in order.into_iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{:02X}", bytes.get(index).copied().unwrap_or(0)));
    }
    text
}

/// Bits 0 and 1 are common to all types; what bits 48 to 63 mean depends on the type.
fn flags(attributes: u64) -> Vec<String> {
    let mut words = Vec::new();
    if attributes & 1 != 0 {
        words.push("required by the platform".to_owned());
    }
    if attributes & 1 << 1 != 0 {
        words.push("ignored by the firmware".to_owned());
    }
    words.extend((3..64).filter(|bit| attributes >> bit & 1 != 0).map(|bit| format!("bit {bit}")));
    words
}

/// The places of `header` and its entries.
pub(crate) fn extents(disk: Sectors<'_>, header: &Header) -> (Extent, Extent) {
    let entries = disk.extent(header.entries_lba, header.entry_sectors(disk.unit));
    (disk.extent(header.own_lba, 1), entries)
}
