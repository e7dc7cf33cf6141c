use block::{BlockDevice, Extent};

use crate::boot_sector::{BOOT_SECTOR_SIZE, Entry, PROTECTIVE, entries, read_mbr, record_entries};
use crate::bytes::{Sectors, read_bytes, sector_size};
use crate::gpt::read_copy;
use crate::gpt_copies::{self, Copies};
use crate::layout::{Layout, Table};
use crate::notes::Notes;
use crate::{TableError, mbr, signature, suspects};

/// Sector sizes, in bytes, for which a GPT may be written when it is not the size of the device.
const OTHER_UNITS: [u64; 4] = [512, 1024, 2048, 4096];

/// Reads the partition table of `device`.
///
/// Fails only when the first sector cannot be read. Damage elsewhere ends up in
/// [`Layout::notes`], in [`Layout::uncertain`] or in [`Table::Doubtful`].
pub fn read(device: &dyn BlockDevice) -> Result<Layout, TableError> {
    let mut notes = Notes::default();
    let mut layout = decode(device, &mut notes)?;
    remark_on_partitions(&layout, &mut notes);
    layout.notes = notes.into_texts();
    Ok(layout)
}

/// The layout of a disk of which [`read`] fails with `error`: what its first sector said is lost, so
/// all of it is to be captured.
#[must_use]
pub fn unread(device: &dyn BlockDevice, error: &TableError) -> Layout {
    let disk = Sectors { device, unit: sector_size(device) };
    Layout { notes: vec![error.to_string()], ..without_partitions(disk, Table::Doubtful) }
}

fn decode(device: &dyn BlockDevice, notes: &mut Notes) -> Result<Layout, TableError> {
    let disk = Sectors { device, unit: sector_size(device) };
    if device.size() < BOOT_SECTOR_SIZE {
        return Ok(without_partitions(disk, Table::None));
    }
    let sector = read_bytes(device, Extent::new(0, BOOT_SECTOR_SIZE))
        .map_err(|source| TableError::device(device.name(), 0, source))?;
    let of_gpt = |table: &[Entry; 4]| {
        let mut used = table.iter().filter(|entry| entry.is_used());
        table.iter().any(Entry::protects) || used.any(|entry| entry.kind == PROTECTIVE)
    };
    if let Some(table) = record_entries(&sector).filter(of_gpt) {
        let layout = protected(disk, &table, notes);
        return Ok(layout.unwrap_or_else(|| without_partitions(disk, Table::Doubtful)));
    }
    let mbr = read_mbr(&sector).filter(|mbr| entries(mbr).iter().any(Entry::is_used));
    let Some(mbr) = mbr else {
        return Ok(without_partitions(disk, leftover_gpt(disk, notes)));
    };
    let table = entries(&mbr);
    if let Some(filesystem) = signature::boot_sector(&sector)
        && !could_be_partitions(disk, &table)
    {
        notes.add(format!("the first sector is a boot sector of {filesystem}, not a table"));
        return Ok(without_partitions(disk, Table::None));
    }
    let layout = mbr::layout(disk, &mbr, notes);
    if let Some(objection) = mbr::objection(disk, &layout, &table) {
        notes.add(format!("the partition table is not to be trusted: {objection}"));
        return Ok(without_partitions(disk, Table::Doubtful));
    }
    if read_copy(disk, 1).is_ok() {
        notes.add("there are remains of a GPT; the MBR counts, as for Linux");
    }
    Ok(layout)
}

/// True when every used entry of a boot sector could also be that of a partition.
fn could_be_partitions(disk: Sectors<'_>, table: &[Entry; 4]) -> bool {
    let used = || table.iter().filter(|entry| entry.is_used());
    used().all(|entry| entry.kind != 0 && entry.start > 0 && entry.end() <= disk.count())
}

/// The GPT behind a protective MBR, in sectors of the device, or else of another size.
fn protected(disk: Sectors<'_>, table: &[Entry; 4], notes: &mut Notes) -> Option<Layout> {
    if !Copies::find(disk, table).all_missing() {
        return gpt_copies::layout(disk, table, notes);
    }
    for unit in OTHER_UNITS.into_iter().filter(|unit| *unit != disk.unit) {
        let other = Sectors { unit, ..disk };
        if Copies::find(other, table).primary.intact().is_some() {
            notes.add(format!(
                "the GPT is written for sectors of {unit} bytes, while the disk has {}",
                disk.unit
            ));
            return gpt_copies::layout(other, table, notes);
        }
    }
    gpt_copies::layout(disk, table, notes)
}

/// A GPT without a protective MBR does not count, but its first copy being whole means that no
/// filesystem was put straight on the disk since, whatever else may look like one. Of the last copy
/// alone this cannot be said: see [`crate::suspected_partitions`].
fn leftover_gpt(disk: Sectors<'_>, notes: &mut Notes) -> Table {
    if read_copy(disk, 1).is_ok() {
        notes.add("there is a GPT, but its protective MBR is missing");
        return Table::Doubtful;
    }
    if suspects::last_copy(disk).is_some() {
        notes.add("there are remains of a GPT at the end of the disk");
    }
    Table::None
}

fn without_partitions(disk: Sectors<'_>, table: Table) -> Layout {
    Layout {
        table,
        partitions: Vec::new(),
        sector_size: u32::try_from(disk.unit).unwrap_or(512),
        disk_size: disk.device.size(),
        uncertain: Vec::new(),
        notes: Vec::new(),
    }
}

fn remark_on_partitions(layout: &Layout, notes: &mut Notes) {
    let mut by_start: Vec<_> = layout.volumes().collect();
    by_start.sort_by_key(|partition| (partition.extent.start, partition.number));
    let mut furthest: Option<(u64, u32)> = None;
    for partition in by_start {
        if let Some((end, number)) = furthest
            && partition.extent.start < end
        {
            notes.add(format!("partitions {number} and {} overlap", partition.number));
        }
        let here = (partition.extent.end(), partition.number);
        furthest = Some(furthest.map_or(here, |before| before.max(here)));
    }
    for partition in &layout.partitions {
        let number = partition.number;
        if partition.extent.start >= layout.disk_size {
            notes.add(format!("partition {number} lies beyond the end of the disk"));
        } else if partition.extent.end() > layout.disk_size {
            notes.add(format!("partition {number} reaches beyond the end of the disk"));
        }
    }
}
