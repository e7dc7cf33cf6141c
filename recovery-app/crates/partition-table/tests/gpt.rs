//! GPTs made by sgdisk, sfdisk and parted, compared with what sfdisk says about them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use block::double::FaultDevice;
use block::{BlockDevice, Extent, MemoryDevice};
use common::{Disk, GIB, KIB, MIB, TIB, open_as, seen_by_sfdisk, seen_by_us, sh};
use partition_table::{CopyState, GptTable, Layout, Table, read};

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

fn states(layout: &Layout) -> (CopyState, CopyState) {
    (gpt(layout).primary.state, gpt(layout).backup.state)
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
    assert_eq!(states(&layout), (CopyState::Intact, CopyState::Intact));
}

#[test]
fn structure_is_both_ends_and_the_small_gaps() {
    let disk = Disk::new(8 * GIB);
    disk.sgdisk("-a 1 -n 1:2048:+100M -n 2:206914:+100M -n 3:4G:+1G");
    let layout = disk.layout();
    let structural = layout.structural();
    assert!(structural.contains(Extent::new(0, MIB)));
    assert!(structural.contains(Extent::between(101 * MIB, 206_914 * 512)));
    assert!(structural.contains(Extent::between(8 * GIB - MIB, 8 * GIB)));
    assert!(structural.total() < 3 * MIB, "{structural:?}");
    assert!(!structural.intersects(Extent::new(3 * GIB, GIB)));
}

#[test]
fn first_gap_is_bounded() {
    let disk = Disk::new(8 * GIB);
    disk.sgdisk("-n 1:4G:+1G");
    let structural = disk.layout().structural();
    assert!(structural.contains(Extent::new(0, 32 * MIB)));
    assert!(structural.total() < 70 * MIB);
}

#[test]
fn reads_more_than_128_entries() {
    let disk = Disk::new(GIB);
    disk.sgdisk("--resize-table=256");
    let entries: Vec<String> =
        (1..=200).map(|number| format!("-n {number}:{}:+1M", 2048 * (2 * number + 1))).collect();
    disk.sgdisk(&entries.join(" "));
    let layout = disk.layout();
    assert_eq!(layout.partitions.len(), 200);
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    assert_eq!(gpt(&layout).entry_count, 256);
    assert_eq!(gpt(&layout).primary.entries, Extent::new(1024, 32 * KIB));
}

#[test]
fn reads_sectors_of_4096_bytes() {
    let disk = Disk::with_sectors(4 * GIB, 4096);
    disk.sfdisk("label: gpt\n1: start=256, size=1000\n4: start=9999, size=77, name=four");
    let layout = disk.layout();
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    assert_eq!(layout.partitions[1].extent, Extent::new(9999 * 4096, 77 * 4096));
    assert_eq!(layout.sector_size, 4096);

    // The same bytes as a plain file, as from a disk behind an adapter.
    let misread = read(&open_as(&disk.path(), 512)).unwrap();
    assert_eq!(misread.partitions, layout.partitions);
    assert_eq!(misread.sector_size, 4096);
    assert!(misread.notes[0].contains("written for sectors of 4096 bytes"));
}

#[test]
fn reads_512_byte_table_on_4096_byte_sectors() {
    let disk = disk_with_holes();
    let layout = read(&open_as(&disk.path(), 4096)).unwrap();
    assert_eq!(layout.partitions, disk.layout().partitions);
    assert_eq!(layout.sector_size, 512);
}

#[test]
fn reads_a_table_of_parted_on_a_huge_disk() {
    let disk = Disk::new(16 * TIB - 512 * KIB);
    let path = disk.path();
    sh(&format!(
        "parted -s {} mklabel gpt mkpart a ext4 1MiB 9TiB mkpart b 9TiB 100%",
        path.display()
    ));
    let layout = disk.layout();
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    assert!(layout.structural().total() < 4 * MIB);
}

#[test]
fn either_copy_alone_is_enough() {
    for (offset, expected) in [
        (512 + 60, (CopyState::Damaged, CopyState::Intact)),
        (1024 + 5, (CopyState::Damaged, CopyState::Intact)),
        (8 * GIB - 512 + 60, (CopyState::Intact, CopyState::Damaged)),
        (8 * GIB - 512 - 16384, (CopyState::Intact, CopyState::Damaged)),
    ] {
        let disk = disk_with_holes();
        let before = disk.layout();
        let byte = disk.bytes(offset, 1)[0];
        disk.write(offset, &[!byte]);
        let layout = disk.layout();
        assert_eq!(layout.partitions, before.partitions);
        assert_eq!(states(&layout), expected);
        assert!(layout.notes[0].contains("is damaged"), "{:?}", layout.notes);
        assert_eq!(layout.structural(), before.structural());
    }
}

#[test]
fn erased_primary_is_missing_and_unreadable_is_said() {
    let disk = disk_with_holes();
    let before = disk.layout();
    disk.write(512, &[0; 33 * 512]);
    assert_eq!(states(&disk.layout()), (CopyState::Missing, CopyState::Intact));
    assert_eq!(disk.layout().partitions, before.partitions);

    let failing = FaultDevice::new(disk.open()).unreadable(Extent::new(512, 512));
    assert_eq!(states(&read(&failing).unwrap()), (CopyState::Unreadable, CopyState::Intact));
    let dead = FaultDevice::new(disk.open()).unreadable(Extent::new(0, 512));
    assert!(read(&dead).is_err());
}

#[test]
fn both_copies_damaged_is_doubtful() {
    let disk = disk_with_holes();
    disk.write(600, b"xxxx");
    disk.write(8 * GIB - 440, b"xxxx");
    let layout = disk.layout();
    assert_eq!(layout.table, Table::Doubtful);
    assert_eq!(layout.structural().total(), 8 * GIB);
}

#[test]
fn backup_of_a_grown_disk_is_found_in_the_middle() {
    let disk = disk_with_holes();
    disk.grow(20 * GIB);
    let layout = disk.layout();
    assert_eq!(gpt(&layout).backup.header, Extent::new(8 * GIB - 512, 512));
    assert!(layout.notes[0].contains("not at the end"));
    assert!(layout.structural().contains(Extent::between(8 * GIB - 33 * 512, 8 * GIB)));
    assert!(layout.structural().contains(Extent::between(20 * GIB - MIB, 20 * GIB)));

    // With the primary erased, only the protective MBR tells where it is.
    disk.write(512, &[0; 33 * 512]);
    assert_eq!(disk.layout().partitions, layout.partitions);
}

#[test]
fn cut_off_disk_keeps_its_partitions() {
    let disk = disk_with_holes();
    let whole = disk.layout();
    disk.grow(5 * GIB);
    let layout = disk.layout();
    assert_eq!(layout.partitions, whole.partitions);
    assert_eq!(states(&layout), (CopyState::Intact, CopyState::Missing));
    assert!(layout.structural().end() <= 5 * GIB);
    assert!(!disk.layout().notes.iter().any(|note| note.contains("reaches beyond")));
    disk.grow(GIB);
    assert!(disk.layout().notes.iter().any(|note| note.contains("reaches beyond")));
}

#[test]
fn hybrid_mbr_is_noted_and_its_strangers_are_used() {
    let disk = disk_with_holes();
    disk.sgdisk("--hybrid 1:5");
    let layout = disk.layout();
    assert!(gpt(&layout).hybrid);
    assert_eq!(seen_by_us(&layout).len(), 4);
    assert!(layout.uncertain.is_empty());
    // An entry for a range that the GPT does not know.
    let mut entry = [0; 16];
    entry[4] = 0x83;
    entry[8..12].copy_from_slice(&13_000_000_u32.to_le_bytes());
    entry[12..16].copy_from_slice(&1000_u32.to_le_bytes());
    disk.write(446 + 48, &entry);
    let layout = disk.layout();
    let stranger = Extent::new(13_000_000 * 512, 512_000);
    assert_eq!(layout.uncertain, [stranger]);
    assert!(layout.structural().contains(stranger));
}

#[test]
fn partitions_that_only_a_differing_backup_names_are_used() {
    let disk = disk_with_holes();
    let table = disk.bytes(0, 34 * 512);
    disk.sgdisk("-n 3:7G:+100M");
    let extent = disk.layout().partitions[2].extent;
    disk.write(0, &table);
    let layout = disk.layout();
    assert_eq!(states(&layout), (CopyState::Intact, CopyState::Differs));
    assert_eq!(layout.uncertain, [extent]);
}

#[test]
fn leftovers_on_a_disk_without_table_do_not_count() {
    // A filesystem straight on a disk that had a GPT: the backup copy is still there.
    let disk = disk_with_holes();
    let backup = disk.bytes(8 * GIB - 33 * 512, 33 * 512);
    sh(&format!("mke2fs -q -F -E lazy_itable_init=1,nodiscard -t ext4 {}", disk.path().display()));
    disk.write(8 * GIB - 33 * 512, &backup);
    assert_eq!(disk.layout().table, Table::None);
    assert!(disk.layout().notes[0].contains("remains of a GPT"));

    // The MBR alone lost: nobody knows what happened to the disk.
    let disk = disk_with_holes();
    disk.write(0, &[0; 512]);
    assert_eq!(disk.layout().table, Table::Doubtful);
}

#[test]
fn raid_on_a_whole_disk_with_an_old_gpt_is_doubtful() {
    let disk = disk_with_holes();
    // The superblock of md 1.2 lies within the entries and breaks the primary copy.
    disk.write(4096, &0xa92b_4efc_u32.to_le_bytes());
    let layout = disk.layout();
    assert_eq!(layout.table, Table::Doubtful);
    assert!(layout.notes[0].contains("RAID"));
}

#[test]
fn entries_of_256_bytes_are_read() {
    let mut bytes = vec![0; 1 << 20];
    let source = disk_with_holes();
    bytes[..512].copy_from_slice(&source.bytes(0, 512));
    bytes[512..1024].copy_from_slice(&source.bytes(512, 512));
    for index in 0..16 {
        let entry = source.bytes(1024 + 128 * index, 128);
        let at = 1024 + 256 * usize::try_from(index).unwrap();
        bytes[at..at + 128].copy_from_slice(&entry);
    }
    bytes[512 + 80..512 + 84].copy_from_slice(&16_u32.to_le_bytes());
    bytes[512 + 84..512 + 88].copy_from_slice(&256_u32.to_le_bytes());
    let sum = crc32fast::hash(&bytes[1024..1024 + 4096]);
    bytes[512 + 88..512 + 92].copy_from_slice(&sum.to_le_bytes());
    bytes[512 + 16..512 + 20].fill(0);
    let sum = crc32fast::hash(&bytes[512..604]);
    bytes[512 + 16..512 + 20].copy_from_slice(&sum.to_le_bytes());
    let device = MemoryDevice::from(bytes);
    assert_eq!(device.size(), 1 << 20);
    let layout = read(&device).unwrap();
    assert_eq!(layout.partitions, source.layout().partitions);
}

#[test]
fn layout_survives_serialisation() {
    let layout = disk_with_holes().layout();
    let text = serde_json::to_string(&layout).unwrap();
    assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout);
}
