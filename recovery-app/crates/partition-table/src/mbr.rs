//! The layout of a disk with an MBR partition table.

use block::Extent;
use mbrman::MBRHeader;

use crate::boot_sector::{Entry, entries};
use crate::bytes::Sectors;
use crate::ebr::Chains;
use crate::layout::{Layout, MbrTable, Partition, PartitionRole, Table};
use crate::notes::Notes;
use crate::signature;
use crate::type_names::mbr_type_name;

/// Drivers that hide the true place of all sectors: OnTrack Disk Manager and EZ-Drive.
const TRANSLATED: [u8; 4] = [0x51, 0x53, 0x54, 0x55];

/// Volumes that are looked at to see whether the sector size is right.
const MOST_LOOKED_AT: usize = 8;

/// The layout that `mbr`, the first sector of the disk, describes.
pub(crate) fn layout(disk: Sectors<'_>, mbr: &MBRHeader, notes: &mut Notes) -> Layout {
    let signature = format!("{:08x}", u32::from_le_bytes(mbr.disk_signature));
    let mut chains = Chains::default();
    let mut partitions = Vec::new();
    for (number, entry) in (1..).zip(&entries(mbr)) {
        if !entry.is_used() {
            continue;
        }
        let role = match entry.is_extended() {
            true => PartitionRole::Extended,
            false => PartitionRole::Primary,
        };
        partitions.push(partition(disk, &signature, number, role, entry));
        if entry.is_extended() {
            chains.follow(disk, *entry, notes);
        }
    }
    for (number, logical) in (5..).zip(&chains.logical) {
        let role = PartitionRole::Logical;
        partitions.push(partition(disk, &signature, number, role, &logical.entry));
    }
    let records = chains.records.iter().map(|lba| disk.extent(*lba, 1)).collect();
    let table = MbrTable { disk_signature: signature, extended_boot_records: records };
    Layout {
        table: Table::Mbr(table),
        partitions,
        sector_size: u32::try_from(disk.unit).unwrap_or(512),
        disk_size: disk.device.size(),
        uncertain: chains.broken,
        notes: Vec::new(),
    }
}

fn partition(
    disk: Sectors<'_>,
    signature: &str,
    number: u32,
    role: PartitionRole,
    entry: &Entry,
) -> Partition {
    let type_id = format!("0x{:02x}", entry.kind);
    Partition {
        number,
        role,
        extent: disk.extent(entry.start, entry.count),
        type_name: mbr_type_name(entry.kind).map_or_else(|| type_id.clone(), str::to_owned),
        type_id,
        name: None,
        guid: Some(format!("{signature}-{number:02x}")),
        bootable: entry.boot_flag == 0x80,
        flags: Vec::new(),
    }
}

/// Why a table with valid boot flags is not to be believed, in words.
pub(crate) fn objection(
    disk: Sectors<'_>,
    layout: &Layout,
    entries: &[Entry; 4],
) -> Option<String> {
    if entries.iter().any(|entry| entry.is_used() && TRANSLATED.contains(&entry.kind)) {
        return Some("a disk manager from before 2000 hides where its sectors are".into());
    }
    // With a partition from sector 0 on, both can be true (images of CDs, FAT of Windows).
    let from_start = entries.iter().any(|entry| entry.is_used() && entry.start == 0);
    if !from_start && let Some(what) = signature::at(disk.device, 0) {
        return Some(format!("the disk has partitions, and {what} as a whole"));
    }
    let volumes: Vec<Extent> =
        layout.volumes().take(MOST_LOOKED_AT).map(|volume| volume.extent).collect();
    let fits = |from: u64, to: u64| {
        volumes.iter().any(|volume| {
            let start = (volume.start / from).checked_mul(to);
            start.is_some_and(|start| signature::at(disk.device, start).is_some())
        })
    };
    if fits(disk.unit, disk.unit) {
        return None;
    }
    let others = [512, 1024, 2048, 4096].into_iter().filter(|unit| *unit != disk.unit);
    let other = others.into_iter().find(|unit| fits(disk.unit, *unit))?;
    Some(format!(
        "it seems to be written for sectors of {other} bytes, while the disk has {}",
        disk.unit
    ))
}
