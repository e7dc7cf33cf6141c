//! One copy of a GUID partition table (UEFI specification 2.10, section 5.3).
//!
//! The crate gpt decodes the header and the entries and checks their checksums. It is given
//! buffers that were read and bounded here, because by itself it takes any number of entries,
//! panics unless they have 128 bytes, and looks for copies in two places only. It writes nothing
//! here: it would drop what it does not know of a header, and renumber partitions.

use std::collections::BTreeMap;
use std::io::Cursor;

use block::Extent;
use gpt::disk::LogicalBlockSize;
use gpt::header::{Header, HeaderError, read_header_from_arbitrary_device};
use gpt::partition::{Partition as Entry, file_read_partitions};

use crate::bytes::{Sectors, has, le32};
use crate::layout::{Partition, PartitionRole};
use crate::notes::Notes;
use crate::type_names::gpt_type_name;

/// Most bytes of entries that are read; Linux refuses larger tables too (`efi.c`).
const MOST_ENTRY_BYTES: u64 = 4 << 20;

/// Bytes in a header, unless a later version of the format appends fields.
const HEADER_SIZE: usize = 92;

/// Bytes in an entry, unless a later version of the format appends fields.
const ENTRY_SIZE: usize = 128;

/// Bytes in all entries.
fn entry_bytes(header: &Header) -> u64 {
    u64::from(header.num_parts) * u64::from(header.part_size)
}

/// Sectors of `unit` bytes that the entries fill.
pub(crate) fn entry_sectors(header: &Header, unit: u64) -> u64 {
    entry_bytes(header).div_ceil(unit)
}

/// A copy whose checksums are right.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) header: Header,
    /// The whole sector of the header.
    sector: Vec<u8>,
    /// The entries, filled up to whole sectors.
    pub(crate) entries: Vec<u8>,
    /// The entries that are not zero, by number.
    decoded: BTreeMap<u32, Entry>,
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
        let checksum = header_checksum(&sector[..size]);
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
    let length = entry_sectors(&header, disk.unit) * disk.unit;
    let entries = disk.read(header.part_start, length).map_err(unreadable)?;
    let decoded = decode_entries(&header, &entries)
        .ok_or_else(|| damaged("the checksum of its entries is wrong"))?;
    Ok(Copy { header, sector, entries, decoded })
}

/// The fields of a header whose checksum is right.
fn read_header(sector: &[u8]) -> Result<Header, Fault> {
    if !has(sector, 0, b"EFI PART") {
        return Err(Fault::Missing);
    }
    let size = usize::try_from(le32(sector, 12)).unwrap_or(usize::MAX);
    if size < HEADER_SIZE || size > sector.len() {
        return Err(Fault::Damaged("its header has an impossible size".into(), None));
    }
    let wrong = || Fault::Damaged("the checksum of its header is wrong".into(), None);
    let short = as_short_header(&sector[..size]).ok_or_else(wrong)?;
    // The crate wants it in the second sector of a disk.
    let disk = [vec![0; LogicalBlockSize::Lb512.as_usize()], short].concat();
    read_header_from_arbitrary_device(&mut Cursor::new(disk), LogicalBlockSize::Lb512).map_err(
        |error| match error {
            HeaderError::InvalidCRC32Checksum => wrong(),
            other => Fault::Damaged(other.to_string(), None),
        },
    )
}

/// The first 92 bytes of a header. As the crate sums these whatever the header says of its size,
/// a longer one gets another checksum when its own is right, and is `None` when it is wrong.
fn as_short_header(header: &[u8]) -> Option<Vec<u8>> {
    let mut short = header[..HEADER_SIZE].to_vec();
    if header.len() > HEADER_SIZE {
        if header_checksum(header) != le32(header, 16) {
            return None;
        }
        let checksum = header_checksum(&short);
        short[16..20].copy_from_slice(&checksum.to_le_bytes());
    }
    Some(short)
}

/// The checksum of a header, in which its own field counts as zeros.
fn header_checksum(header: &[u8]) -> u32 {
    let mut summed = header.to_vec();
    summed[16..20].fill(0);
    crc32fast::hash(&summed)
}

/// The entries that are not zero, by number; `None` when their checksum is wrong.
///
/// The crate panics on entries of other sizes than 128 bytes. Longer ones have the same fields
/// first, so it gets these, with another checksum when their own is right.
fn decode_entries(header: &Header, entries: &[u8]) -> Option<BTreeMap<u32, Entry>> {
    let mut entries = entries.get(..usize::try_from(entry_bytes(header)).ok()?)?.to_vec();
    let mut header = Header { part_start: 0, ..header.clone() };
    let size = usize::try_from(header.part_size).ok()?;
    if size != ENTRY_SIZE {
        if crc32fast::hash(&entries) != header.crc32_parts {
            return None;
        }
        entries = entries.chunks_exact(size).flat_map(|e| &e[..ENTRY_SIZE]).copied().collect();
        header.part_size = u32::try_from(ENTRY_SIZE).ok()?;
        header.crc32_parts = crc32fast::hash(&entries);
    }
    file_read_partitions(&mut Cursor::new(entries), &header, LogicalBlockSize::Lb512).ok()
}

/// What Linux checks (`is_gpt_valid`), except that a disk may be shorter than its table says: a
/// cut-off disk still holds the partitions at its start.
fn check_header(header: &Header, lba: u64, disk: Sectors<'_>) -> Result<(), &'static str> {
    if header.current_lba != lba {
        return Err("its header belongs to another place");
    }
    if header.part_size < 128 || header.part_size > 4096 || !header.part_size.is_power_of_two() {
        return Err("its entries have an impossible size");
    }
    if header.num_parts == 0 || entry_bytes(header) > MOST_ENTRY_BYTES {
        return Err("it has an impossible number of entries");
    }
    if header.last_usable < header.first_usable {
        return Err("its range for partitions is empty");
    }
    let end = header.part_start.checked_add(entry_sectors(header, disk.unit));
    let inside = end.is_some_and(|end| end <= disk.count());
    if header.part_start < 2 || !inside {
        return Err("its entries lie outside the disk");
    }
    Ok(())
}

/// The partitions of a copy, by number.
pub(crate) fn partitions(disk: Sectors<'_>, copy: &Copy, notes: &mut Notes) -> Vec<Partition> {
    let used = copy.decoded.iter().filter(|(_, entry)| entry.is_used());
    used.filter_map(|(number, entry)| partition(disk, *number, entry, notes)).collect()
}

fn partition(
    disk: Sectors<'_>,
    number: u32,
    entry: &Entry,
    notes: &mut Notes,
) -> Option<Partition> {
    let Ok(count) = entry.sectors_len() else {
        notes.add(format!("GPT entry {number} ends before it starts; it is ignored, as by Linux"));
        return None;
    };
    let type_id = format!("{:X}", entry.part_type_guid.guid);
    Some(Partition {
        number,
        role: PartitionRole::Primary,
        extent: disk.extent(entry.first_lba, count),
        type_name: gpt_type_name(&entry.part_type_guid)
            .map_or_else(|| type_id.clone(), str::to_owned),
        type_id,
        name: (!entry.name.is_empty()).then(|| entry.name.clone()),
        guid: Some(format!("{:X}", entry.part_guid)),
        bootable: entry.flags & 1 << 2 != 0,
        flags: flags(entry.flags),
    })
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
    let entries = disk.extent(header.part_start, entry_sectors(header, disk.unit));
    (disk.extent(header.current_lba, 1), entries)
}
