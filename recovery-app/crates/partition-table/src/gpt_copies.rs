//! Finding both copies of a GPT, and what they say together.

use block::Extent;
use gpt::header::Header;

use crate::boot_sector::{Entry, PROTECTIVE};
use crate::bytes::Sectors;
use crate::gpt::{Copy, Fault, entry_sectors, extents, partitions, read_copy};
use crate::layout::{CopyState, GptCopy, GptTable, Layout, Partition, Table};
use crate::notes::Notes;
use crate::signature;

/// The sector of the primary header.
const PRIMARY_LBA: u64 = 1;

/// A place where a copy was looked for, and what was there.
pub(crate) struct Found {
    pub(crate) lba: u64,
    pub(crate) copy: Result<Copy, Fault>,
}

impl Found {
    fn look(disk: Sectors<'_>, lba: u64) -> Self {
        Self { lba, copy: read_copy(disk, lba) }
    }

    pub(crate) fn intact(&self) -> Option<&Copy> {
        self.copy.as_ref().ok()
    }

    fn is_missing(&self) -> bool {
        matches!(self.copy, Err(Fault::Missing))
    }

    /// The fields, if they pass their own checksum.
    fn header(&self) -> Option<&Header> {
        match &self.copy {
            Ok(copy) => Some(&copy.header),
            Err(Fault::Damaged(_, header)) => header.as_deref(),
            Err(_) => None,
        }
    }
}

/// Both copies of a table.
pub(crate) struct Copies {
    pub(crate) primary: Found,
    pub(crate) backup: Found,
    /// Further places with a header: left over from a former size of the disk.
    pub(crate) stale: Vec<Found>,
}

impl Copies {
    /// Looks for the primary copy, and for the backup where the primary says, at the end of the
    /// disk, and where the protective MBR says the disk ended.
    pub(crate) fn find(disk: Sectors<'_>, entries: &[Entry; 4]) -> Self {
        let primary = Found::look(disk, PRIMARY_LBA);
        let last = disk.count().saturating_sub(1);
        let mut places = Vec::new();
        places.extend(primary.header().map(|header| header.backup_lba));
        places.push(last);
        places.extend(
            entries
                .iter()
                .filter(|entry| entry.kind == PROTECTIVE)
                .map(|entry| entry.end().saturating_sub(1)),
        );
        let mut seen = Vec::new();
        for lba in places {
            let known = seen.iter().any(|found: &Found| found.lba == lba);
            if lba > PRIMARY_LBA && lba <= last && !known {
                seen.push(Found::look(disk, lba));
            }
        }
        let backup = take_best(&mut seen).unwrap_or(Found { lba: last, copy: Err(Fault::Missing) });
        seen.retain(|found| !found.is_missing());
        Self { primary, backup, stale: seen }
    }

    /// The copy that counts: the primary one if it is intact, as in Linux.
    pub(crate) fn chosen(&self) -> Option<&Copy> {
        self.primary.intact().or_else(|| self.backup.intact())
    }

    pub(crate) fn all_missing(&self) -> bool {
        self.primary.is_missing() && self.backup.is_missing()
    }
}

/// The first intact place, or else the first with any trace of a header, or else the first.
fn take_best(seen: &mut Vec<Found>) -> Option<Found> {
    let intact = seen.iter().position(|found| found.copy.is_ok());
    let traces = || seen.iter().position(|found| !found.is_missing());
    let index = intact.or_else(traces).unwrap_or(0);
    (index < seen.len()).then(|| seen.remove(index))
}

/// The layout of a disk with a protective MBR; `None` when no copy of the GPT can be trusted.
pub(crate) fn layout(disk: Sectors<'_>, entries: &[Entry; 4], notes: &mut Notes) -> Option<Layout> {
    let copies = Copies::find(disk, entries);
    let Some(chosen) = copies.chosen() else {
        notes.add("there is a protective MBR, but no intact copy of the GPT");
        return None;
    };
    if copies.primary.intact().is_none() {
        // An array or volume made on the whole disk destroys the first copy and leaves the last.
        if let Some(what) = signature::at(disk.device, 0) {
            notes.add(format!("the first copy of the GPT is overwritten by {what}"));
            return None;
        }
    }
    remark_on(&copies, disk, notes);
    let partitions = partitions(disk, chosen, notes);
    let mut uncertain = told_by_other_copies(disk, &copies, chosen, &partitions);
    let hybrid = add_hybrid(disk, entries, &partitions, &mut uncertain, notes);
    let table = GptTable {
        disk_guid: format!("{:X}", chosen.header.disk_guid),
        entry_count: chosen.header.num_parts,
        entry_size: chosen.header.part_size,
        first_usable_lba: chosen.header.first_usable,
        last_usable_lba: chosen.header.last_usable,
        primary: describe(disk, &copies.primary, chosen),
        backup: describe(disk, &copies.backup, chosen),
        stale: copies.stale.iter().map(|found| disk.extent(found.lba, 1)).collect(),
        hybrid,
    };
    Some(Layout {
        table: Table::Gpt(table),
        partitions,
        sector_size: u32::try_from(disk.unit).unwrap_or(512),
        disk_size: disk.device.size(),
        uncertain,
        notes: Vec::new(),
    })
}

fn remark_on(copies: &Copies, disk: Sectors<'_>, notes: &mut Notes) {
    for (name, found) in [("first", &copies.primary), ("backup", &copies.backup)] {
        match &found.copy {
            Ok(_) => {}
            Err(Fault::Missing) => notes.add(format!("the {name} copy of the GPT is missing")),
            Err(Fault::Damaged(reason, _)) => {
                notes.add(format!("the {name} copy of the GPT is damaged: {reason}"));
            }
            Err(Fault::Unreadable(error)) => {
                notes.add(format!("the {name} copy of the GPT cannot be read: {error}"));
            }
        }
    }
    if copies.backup.intact().is_some() && copies.backup.lba + 1 != disk.count() {
        notes.add("the backup copy of the GPT is not at the end of the disk, which has grown");
    }
    if !copies.stale.is_empty() {
        notes.add("there are remains of a further GPT");
    }
    if let (Some(primary), Some(backup)) = (copies.primary.intact(), copies.backup.intact())
        && !same_content(primary, backup)
    {
        notes.add("the two copies of the GPT differ; the first one counts");
    }
}

fn same_content(one: &Copy, other: &Copy) -> bool {
    one.header.disk_guid == other.header.disk_guid
        && one.header.part_size == other.header.part_size
        && one.header.num_parts == other.header.num_parts
        && one.entries == other.entries
}

fn describe(disk: Sectors<'_>, found: &Found, chosen: &Copy) -> GptCopy {
    let state = match &found.copy {
        Ok(copy) if same_content(copy, chosen) => CopyState::Intact,
        Ok(_) => CopyState::Differs,
        Err(Fault::Missing) => CopyState::Missing,
        Err(Fault::Damaged(..)) => CopyState::Damaged,
        Err(Fault::Unreadable(_)) => CopyState::Unreadable,
    };
    if let Some(copy) = found.intact() {
        let (header, entries) = extents(disk, &copy.header);
        return GptCopy { state, header, entries };
    }
    let sectors = entry_sectors(&chosen.header, disk.unit);
    let entries_lba = match found.lba {
        PRIMARY_LBA => primary_entries(disk, found, chosen),
        lba => lba.saturating_sub(sectors),
    };
    let entries = disk.extent(entries_lba, sectors);
    GptCopy { state, header: disk.extent(found.lba, 1), entries }
}

/// The sector where the entries of a primary copy that is not intact belong. Usually it is the one
/// behind the header, but some boards want their boot loader there: then the entries lie where
/// the header says, or else right in front of the first sector for partitions.
fn primary_entries(disk: Sectors<'_>, primary: &Found, chosen: &Copy) -> u64 {
    let usual = PRIMARY_LBA + 1;
    let last = chosen.header.first_usable.saturating_sub(entry_sectors(&chosen.header, disk.unit));
    let own = primary.header().filter(|header| header.current_lba == PRIMARY_LBA);
    match own.map(|header| header.part_start) {
        Some(own) if (usual..=last).contains(&own) => own,
        _ if last > usual && !may_hold_entries(disk, usual, chosen) => last,
        _ => usual,
    }
}

/// True unless the sectors from `lba` on hold something else than entries: they are blank, cannot
/// be read, or have at least one of the entries of `copy` in its place.
fn may_hold_entries(disk: Sectors<'_>, lba: u64, copy: &Copy) -> bool {
    let Ok(found) = disk.read(lba, copy.entries.len() as u64) else { return true };
    let size = usize::try_from(copy.header.part_size).unwrap_or(usize::MAX);
    let mut pairs = found.chunks(size).zip(copy.entries.chunks(size));
    found.iter().all(|byte| *byte == 0)
        || pairs.any(|(one, other)| one == other && one.iter().any(|byte| *byte != 0))
}

/// Partitions that only another intact copy names. Which of two copies is the truth cannot be
/// known when writing them was cut short, so their bytes count as used.
fn told_by_other_copies(
    disk: Sectors<'_>,
    copies: &Copies,
    chosen: &Copy,
    known: &[Partition],
) -> Vec<Extent> {
    let others = [&copies.primary, &copies.backup].into_iter().chain(&copies.stale);
    let differing = others.filter_map(Found::intact).filter(|copy| !same_content(copy, chosen));
    differing
        .flat_map(|copy| partitions(disk, copy, &mut Notes::default()))
        .map(|partition| partition.extent)
        .filter(|extent| known.iter().all(|partition| partition.extent != *extent))
        .collect()
}

/// Entries of the MBR besides the protective one: usually they repeat partitions of the GPT.
fn add_hybrid(
    disk: Sectors<'_>,
    entries: &[Entry; 4],
    known: &[Partition],
    uncertain: &mut Vec<Extent>,
    notes: &mut Notes,
) -> bool {
    let mut hybrid = false;
    for entry in entries.iter().filter(|entry| entry.is_used() && entry.kind != PROTECTIVE) {
        hybrid = true;
        let extent = disk.extent(entry.start, entry.count);
        if known.iter().all(|partition| partition.extent != extent) {
            uncertain.push(extent);
            notes.add("an entry of the hybrid MBR matches no partition of the GPT");
        }
    }
    if hybrid {
        notes.add("the MBR is hybrid: it has partitions besides the protective one");
    }
    hybrid
}
