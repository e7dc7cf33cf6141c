//! GPTs made by sgdisk, sfdisk and parted, compared with what sfdisk says about them.

#[cfg(test)]
mod common;

use common::{Disk, GIB, KIB, MIB, TIB, seen_by_sfdisk, seen_by_us};
use partition_table::{CopyState, GptTable, Layout, Table};

fn gpt(layout: &Layout) -> &GptTable {
    match &layout.table {
        Table::Gpt(table) => table,
        other => panic!("{other:?} {:?}", layout.notes),
    }
}

/// Entries 1, 2, 5 and 9, the second of them last on the disk.
fn disk_with_holes() -> Disk {
    let disk = Disk::new(8 * GIB);
    disk.sgdisk(
        "-n 1:2048:+100M -t 1:ef00 -c 1:'EFI System' -n 5:0:+1G -n 9:0:+2G -c 9:Größe \
         -n 2:0:+1G -t 2:8200 -A 5:set:2 -A 5:set:0 -A 9:set:60",
    );
    disk
}

#[test]
fn reads_entries_with_holes_in_any_order() {
    let disk = disk_with_holes();
    let layout = disk.layout();
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    assert_eq!(layout.partitions.iter().map(|p| p.number).collect::<Vec<_>>(), [1, 2, 5, 9]);
    assert_eq!(layout.partitions[0].type_name, "EFI system");
    assert!(layout.partitions[2].bootable);
    assert_eq!(layout.partitions[2].flags, ["required by the platform"]);
    assert_eq!(layout.partitions[3].flags, ["bit 60"]);
    assert_eq!(layout.notes, Vec::<String>::new());
    assert_eq!(gpt(&layout).primary.state, CopyState::Intact);
    assert_eq!(gpt(&layout).backup.state, CopyState::Intact);
}
