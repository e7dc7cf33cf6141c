//! Putting a saved table on a disk of the same or a larger size.

use block::{BlockDevice, Extent, ExtentSet, Geometry};

use crate::boot_sector::{Entry, PROTECTIVE, record_entries, set_end};
use crate::bytes::{Sectors, read_bytes};
use crate::gpt::{Copy, entry_sectors};
use crate::gpt_copies::Copies;
use crate::layout::{CopyState, GptTable, Layout, Table};
use crate::saved::{SavedTable, TableWrite};
use crate::{TableError, read};

/// What brings a table onto a target disk: a plain value, nothing is written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocation {
    /// The writes, to be done last (the image has bytes for these places too: hold them back, or
    /// write zeros first) and in this order: entries of the backup GPT, its header,
    /// entries of the primary GPT, its header, first sector of the disk. Until the last one the
    /// disk plainly has no partitions.
    pub writes: Vec<TableWrite>,
    /// Bytes that must read as zeros in the end although the image has them: the backup GPT at
    /// the end of the smaller disk would be in the middle of the larger one.
    pub wipe: Vec<Extent>,
    /// What [`read`] finds when all is written, as far as the table alone tells.
    pub layout: Layout,
    /// What is different from the captured disk, and what was not changed although it could be
    /// expected.
    pub notes: Vec<String>,
}

impl Relocation {
    /// The same, but for bytes in `kept`, which are not made zeros: by now they belong to a partition
    /// of the target that stays.
    #[must_use]
    pub fn sparing(&self, kept: &ExtentSet) -> Self {
        let wipe: ExtentSet = self.wipe.iter().copied().collect();
        Self { wipe: wipe.difference(kept).iter().collect(), ..self.clone() }
    }
}

/// Plans how to put the table of `source` on a disk with the sizes of `target`.
///
/// `source` is the captured disk or its [`SavedTable`]. A target with the same number of sectors
/// gets the same bytes, damaged copies included. On a larger one the backup GPT moves to the end;
/// numbers, GUIDs, names, attributes, order and holes of the entries stay, both checksums are
/// computed anew, a hybrid MBR keeps its entries. An MBR stays as it is.
pub fn relocate(source: &dyn BlockDevice, target: Geometry) -> Result<Relocation, TableError> {
    let layout = read(source)?;
    check_target(source, &layout, target)?;
    let fail = |offset| move |error| TableError::device(source.name(), offset, error);
    let first = Extent::new(0, u64::from(layout.sector_size).min(source.size()));
    let first_sector = read_bytes(source, first).map_err(fail(0))?;
    let mut relocation = verbatim(source, &layout, target, &first_sector)?;
    let unit = u64::from(layout.sector_size);
    if let Table::Gpt(table) = &layout.table
        && target.size / unit != source.size() / unit
    {
        match moved(source, &layout, table, target, &first_sector) {
            Ok(better) => relocation = better,
            Err(reason) => relocation.notes.push(format!(
                "the GPT is kept as it was, with its backup where the captured disk ended: {reason}"
            )),
        }
    }
    if relocation.layout.partitions != layout.partitions {
        let note = "no partitions will be found on the target, because of the damage to the table";
        relocation.notes.push(note.to_owned());
    }
    Ok(relocation)
}

fn check_target(
    source: &dyn BlockDevice,
    layout: &Layout,
    target: Geometry,
) -> Result<(), TableError> {
    let device = source.name().to_owned();
    let own_sector = source.geometry().logical_sector;
    if ![own_sector, layout.sector_size].contains(&target.logical_sector) {
        let (source_sector, target_sector) = (own_sector, target.logical_sector);
        return Err(TableError::SectorSize { device, source_sector, target_sector });
    }
    if target.size < source.size() {
        let (needed, available) = (source.size(), target.size);
        return Err(TableError::TooSmall { device, needed, available });
    }
    Ok(())
}

/// The same bytes in the same places.
fn verbatim(
    source: &dyn BlockDevice,
    layout: &Layout,
    target: Geometry,
    first_sector: &[u8],
) -> Result<Relocation, TableError> {
    let mut notes = Vec::new();
    let mut writes = Vec::new();
    if let Table::Gpt(table) = &layout.table {
        let disk = Extent::new(0, source.size());
        for (name, copy) in [("backup", &table.backup), ("first", &table.primary)] {
            for extent in [copy.entries, copy.header] {
                let Some(extent) = extent.intersection(&disk) else { continue };
                let bytes = read_bytes(source, extent)
                    .map_err(|error| TableError::device(source.name(), extent.start, error))?;
                writes.push(TableWrite { offset: extent.start, bytes });
            }
            if copy.state != CopyState::Intact {
                notes.push(format!("the {name} copy of the GPT is restored as it was: not intact"));
            }
        }
    }
    writes.push(TableWrite { offset: 0, bytes: first_sector.to_vec() });
    // What stays in its place counts too: extended boot records come with the other content.
    let stays = SavedTable::save(source, layout);
    let there = [stays.pieces(), &writes].concat();
    let after = read(&SavedTable::after(source.name(), target, &there))?;
    Ok(Relocation { writes, wipe: Vec::new(), layout: after, notes })
}

/// The GPT with its backup at the end of a larger disk, or why that cannot be done.
fn moved(
    source: &dyn BlockDevice,
    layout: &Layout,
    table: &GptTable,
    target: Geometry,
    first_sector: &[u8],
) -> Result<Relocation, String> {
    let disk = Sectors { device: source, unit: u64::from(layout.sector_size) };
    let entries = record_entries(first_sector).ok_or("the first sector is no MBR")?;
    let copies = Copies::find(disk, &entries);
    let chosen = copies.chosen().ok_or("no copy of it is intact")?;
    let places = Places::on(disk, table, chosen, target)?;
    places.check_free(disk, layout)?;

    let boot_sector = with_grown_protection(first_sector, &entries, disk.count(), places.count);
    let (primary, backup) = (places.primary_header(chosen), places.backup_header(chosen));
    let at = |lba: u64, bytes: Vec<u8>| TableWrite { offset: lba * disk.unit, bytes };
    let writes = vec![
        at(places.backup_entries, chosen.entries.clone()),
        at(places.backup, backup),
        at(places.primary_entries, chosen.entries.clone()),
        at(1, primary),
        at(0, boot_sector),
    ];
    let after = read(&SavedTable::after(source.name(), target, &writes))
        .map_err(|error| error.to_string())?;
    if !is_whole(&after) || after.partitions != layout.partitions {
        return Err("its parts would overwrite each other".to_owned());
    }
    let wipe = left_behind(layout, table, &writes);
    let mut notes = vec![
        "the disk is larger: the rest of it stays free, and the second copy of the partition table \
         moves to its end"
            .to_owned(),
    ];
    if [&table.primary, &table.backup].iter().any(|copy| copy.state != CopyState::Intact) {
        notes.push("both copies of the GPT are written anew from the one that counts".to_owned());
    }
    Ok(Relocation { writes, wipe, layout: after, notes })
}

/// True when both copies of a GPT are good.
fn is_whole(layout: &Layout) -> bool {
    let Table::Gpt(table) = &layout.table else { return false };
    [&table.primary, &table.backup].iter().all(|copy| copy.state == CopyState::Intact)
}

/// Where the parts of a GPT go on the target, in sectors.
struct Places {
    /// Sectors of the target.
    count: u64,
    primary_entries: u64,
    backup_entries: u64,
    /// The header of the backup.
    backup: u64,
    entry_sectors: u64,
}

impl Places {
    fn on(
        disk: Sectors<'_>,
        table: &GptTable,
        chosen: &Copy,
        target: Geometry,
    ) -> Result<Self, String> {
        let count = target.size / disk.unit;
        let entry_sectors = entry_sectors(&chosen.header, disk.unit);
        let backup = count.checked_sub(1).ok_or("the target has no sectors")?;
        Ok(Self {
            count,
            primary_entries: table.primary.entries.start / disk.unit,
            backup_entries: backup.checked_sub(entry_sectors).ok_or("the target is too small")?,
            backup,
            entry_sectors,
        })
    }

    /// Refuses places that partitions of the captured disk claim.
    fn check_free(&self, disk: Sectors<'_>, layout: &Layout) -> Result<(), String> {
        let parts = [
            disk.extent(0, 2),
            disk.extent(self.primary_entries, self.entry_sectors),
            Extent::between(self.backup_entries * disk.unit, (self.backup + 1) * disk.unit),
        ];
        let taken = layout.partitions.iter().find(|partition| {
            parts.iter().any(|part| part.intersection(&partition.extent).is_some())
        });
        match taken {
            Some(partition) => Err(format!("partition {} lies in its place", partition.number)),
            None => Ok(()),
        }
    }

    fn primary_header(&self, chosen: &Copy) -> Vec<u8> {
        chosen.header_at(1, self.backup, self.primary_entries, self.last_usable())
    }

    fn backup_header(&self, chosen: &Copy) -> Vec<u8> {
        chosen.header_at(self.backup, 1, self.backup_entries, self.last_usable())
    }

    fn last_usable(&self) -> u64 {
        self.backup_entries - 1
    }
}

/// The first sector with the protective entry reaching to the end of the larger disk, if it
/// reached to the end of the smaller one or is the only entry. Boot code and other entries stay.
fn with_grown_protection(
    sector: &[u8],
    entries: &[Entry; 4],
    old_count: u64,
    new_count: u64,
) -> Vec<u8> {
    let mut sector = sector.to_vec();
    let alone = entries.iter().filter(|entry| entry.is_used()).count() == 1;
    for (index, entry) in entries.iter().enumerate() {
        // A size of 2^32 - 1 means "to the end" on a disk of any size.
        let open = entry.count == u64::from(u32::MAX);
        if entry.kind != PROTECTIVE || open || !(alone || entry.end() == old_count) {
            continue;
        }
        let count = u32::try_from(new_count.saturating_sub(entry.start)).unwrap_or(u32::MAX);
        set_end(&mut sector, index, count);
    }
    sector
}

/// Old copies of the table that would be found in the middle of the larger disk. Bytes that
/// belong to a partition, or might, are never wiped.
fn left_behind(layout: &Layout, table: &GptTable, writes: &[TableWrite]) -> Vec<Extent> {
    let mut old: Vec<Extent> = table.stale.clone();
    if table.backup.state != CopyState::Missing {
        old.extend([table.backup.entries, table.backup.header]);
    }
    let old: ExtentSet = old.into_iter().collect();
    let written: ExtentSet = writes.iter().map(TableWrite::extent).collect();
    let doubted: ExtentSet = layout.uncertain.iter().copied().collect();
    let kept = layout.volume_bytes().union(&doubted).union(&written);
    old.clipped(Extent::new(0, layout.disk_size)).difference(&kept).iter().collect()
}
