//! MBRs made by sfdisk and by hand, compared with what sfdisk says about them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use block::double::FaultDevice;
use block::{Extent, ExtentSet};
use common::{Disk, GIB, KIB, MIB, TIB, open_as, seen_by_sfdisk, seen_by_us, sh};
use partition_table::{Layout, MbrTable, PartitionRole, Table, read};

fn mbr(layout: &Layout) -> &MbrTable {
    match &layout.table {
        Table::Mbr(table) => table,
        other => panic!("{other:?} {:?}", layout.notes),
    }
}

/// One entry of a boot record.
fn entry(kind: u8, start: u32, count: u32) -> [u8; 16] {
    let mut entry = [0; 16];
    entry[4] = kind;
    entry[8..12].copy_from_slice(&start.to_le_bytes());
    entry[12..].copy_from_slice(&count.to_le_bytes());
    entry
}

/// Writes a boot record with `entries` into a sector of 512 bytes.
fn record(disk: &Disk, lba: u64, entries: &[[u8; 16]]) {
    let mut sector = [0; 512];
    for (index, entry) in entries.iter().enumerate() {
        sector[446 + 16 * index..][..16].copy_from_slice(entry);
    }
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    disk.write(lba * 512, &sector);
}

const LOGICAL: &str = "label: dos\nlabel-id: 0xdeadbeef\n\
    start=2048, size=204800, type=83, bootable\n\
    start=2097152, size=19000000, type=f\n\
    start=2099200, size=4096, type=83\n\
    start=4196352, size=409600, type=7\n\
    start=20971520, size=100000, type=82";

#[test]
fn reads_primary_and_logical_partitions() {
    let disk = Disk::new(16 * GIB);
    disk.sfdisk(LOGICAL);
    let layout = disk.layout();
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    assert_eq!(mbr(&layout).disk_signature, "deadbeef");
    let roles: Vec<_> = layout.partitions.iter().map(|p| (p.number, p.role)).collect();
    use PartitionRole::{Extended, Logical, Primary};
    assert_eq!(roles, [(1, Primary), (2, Extended), (5, Logical), (6, Logical), (7, Logical)]);
    assert!(layout.partitions[0].bootable);
    assert_eq!(layout.volumes().count(), 4);
    assert_eq!(layout.notes, Vec::<String>::new());
    assert_eq!(layout.uncertain, []);
}

#[test]
fn structure_holds_every_boot_record_and_the_gap_behind() {
    let disk = Disk::new(16 * GIB);
    disk.sfdisk(LOGICAL);
    let layout = disk.layout();
    let records = &mbr(&layout).extended_boot_records;
    assert_eq!(records.len(), 3);
    let structural = layout.structural();
    assert!(structural.contains(Extent::new(0, MIB)));
    for (record, volume) in records.iter().zip(layout.volumes().skip(1)) {
        assert!(structural.contains(Extent::between(record.start, volume.extent.start)));
    }
    assert!(structural.contains(Extent::between(16 * GIB - MIB, 16 * GIB)));
    assert!(structural.total() < 8 * MIB, "{structural:?}");
}

#[test]
fn reads_chains_far_out() {
    let disk = Disk::new(3 * TIB);
    // The last partition starts just below 2 TiB and ends behind it.
    disk.sfdisk(
        "label: dos\nstart=20971520, size=4273995775, type=5\nstart=20973568, size=2048\n\
         start=3221225472, size=409600\nstart=4294961152, size=2048",
    );
    let layout = disk.layout();
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    assert_eq!(layout.partitions[2].extent.start, 3_221_225_472 * 512);

    record(&disk, 0, &[entry(0x83, 2048, 2048), entry(0x83, 0xffff_f000, 0xffff_ffff)]);
    let extent = disk.layout().partitions[1].extent;
    assert_eq!(extent, Extent::new(0xffff_f000 * 512, 0xffff_ffff * 512));
    assert!(disk.layout().notes[0].contains("reaches beyond"));
}

#[test]
fn reads_sectors_of_4096_bytes() {
    let disk = Disk::with_sectors(4 * GIB, 4096);
    disk.sfdisk(
        "label: dos\nstart=256, size=1000\nstart=2048, size=90000, type=5\nstart=4096, size=77",
    );
    let layout = disk.layout();
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    assert_eq!(mbr(&layout).extended_boot_records.len(), 1);

    // Read with the wrong sector size nothing fits, and a filesystem shows which one is right.
    let start = 256 * 4096;
    sh(&format!("mke2fs -q -F -E offset={start} {} 3900k 2>/dev/null", disk.path().display()));
    assert_eq!(read(&open_as(&disk.path(), 4096)).unwrap().partitions, layout.partitions);
    let misread = read(&open_as(&disk.path(), 512)).unwrap();
    assert_eq!(misread.table, Table::Doubtful);
    let said = |words: &str| misread.notes.iter().any(|note| note.contains(words));
    assert!(said("sectors of 4096 bytes"), "{:?}", misread.notes);
}

#[test]
fn reads_a_chain_that_points_backwards() {
    let disk = Disk::new(GIB);
    record(&disk, 0, &[entry(0x83, 2048, 2048), entry(0x85, 10_000, 90_000)]);
    record(&disk, 10_000, &[entry(0x83, 100, 500), entry(0x05, 60_000, 3000)]);
    record(&disk, 70_000, &[entry(0x83, 63, 500), entry(0x0f, 20_000, 3000)]);
    record(&disk, 30_000, &[entry(0, 0, 0), entry(0x05, 1000, 3000)]);
    record(&disk, 11_000, &[entry(0x82, 1, 99)]);
    let layout = disk.layout();
    assert_eq!(seen_by_us(&layout), seen_by_sfdisk(&disk));
    let starts: Vec<_> =
        layout.partitions.iter().map(|p| (p.number, p.extent.start / 512)).collect();
    assert_eq!(starts, [(1, 2048), (2, 10_000), (5, 10_100), (6, 70_063), (7, 11_001)]);
    let records: Vec<_> =
        mbr(&layout).extended_boot_records.iter().map(|r| r.start / 512).collect();
    assert_eq!(records, [10_000, 70_000, 30_000, 11_000]);
}

#[test]
fn broken_chains_count_as_used() {
    let whole = Extent::new(10_000 * 512, 90_000 * 512);
    let broken = |second: &[[u8; 16]], note: &str| {
        let disk = Disk::new(GIB);
        record(&disk, 0, &[entry(0x05, 10_000, 90_000)]);
        record(&disk, 10_000, &[entry(0x83, 100, 500), entry(0x05, 60_000, 3000)]);
        if !second.is_empty() {
            record(&disk, 70_000, second);
        }
        let layout = disk.layout();
        assert_eq!(layout.uncertain, [whole]);
        assert!(layout.structural().contains(whole));
        assert!(layout.notes.iter().any(|text| text.contains(note)), "{:?}", layout.notes);
        layout
    };
    broken(&[], "there is no boot record in sector 70000");
    broken(&[entry(0x83, 63, 500), entry(0x05, 60_000, 500)], "returns to sector 70000");
    let layout = broken(&[entry(0x83, 63, 500), entry(0x05, 0xffff_0000, 500)], "beyond the disk");
    assert_eq!(layout.volumes().count(), 2);

    let disk = Disk::new(GIB);
    record(&disk, 0, &[entry(0x05, 10_000, 90_000)]);
    record(&disk, 10_000, &[entry(0x83, 100, 500)]);
    let failing = FaultDevice::new(disk.open()).unreadable(Extent::new(10_000 * 512, 512));
    assert_eq!(read(&failing).unwrap().uncertain, [whole]);
}

#[test]
fn logical_partition_out_of_its_extended_one_is_noted() {
    let disk = Disk::new(GIB);
    record(&disk, 0, &[entry(0x05, 10_000, 90_000)]);
    record(&disk, 10_000, &[entry(0x83, 100, 200_000)]);
    let layout = disk.layout();
    assert_eq!(layout.volumes().count(), 1);
    assert!(layout.notes[0].contains("reaches out"));
}

#[test]
fn overlaps_are_noted() {
    let disk = Disk::new(GIB);
    record(&disk, 0, &[entry(0x83, 2048, 9000), entry(0x83, 90_000, 10), entry(0x83, 4000, 10)]);
    assert_eq!(disk.layout().notes, ["partitions 1 and 3 overlap"]);
}

#[test]
fn filesystems_straight_on_the_disk_are_no_tables() {
    for command in [
        "mkfs.fat -F 16",
        "mkfs.fat -F 32",
        "mkfs.fat --mbr=no -F 32",
        "mkntfs -q -F -Q",
        "mkfs.exfat",
        "mke2fs -q -F -t ext4",
        "mkfs.xfs -q -f",
        "mkfs.btrfs -q -f",
        "mkswap -q",
    ] {
        let disk = Disk::new(400 * MIB);
        sh(&format!("{command} {} >/dev/null 2>&1", disk.path().display()));
        let layout = disk.layout();
        assert_eq!(layout.table, Table::None, "{command}: {:?}", layout.notes);
        assert_eq!(layout.structural(), ExtentSet::empty());
    }
}

#[test]
fn fat_with_the_table_that_windows_wants_is_one_volume() {
    let disk = Disk::new(400 * MIB);
    sh(&format!("mkfs.fat --mbr=yes -F 32 {}", disk.path().display()));
    assert_eq!(disk.bytes(450, 1), [0x0c], "the tool made no table");
    assert_eq!(disk.layout().table, Table::None);
}

#[test]
fn blank_and_tiny_disks_have_no_table() {
    for size in [0, 1, 511, 512, 513, 4096, 100 * KIB] {
        let disk = Disk::new(size);
        assert_eq!(disk.layout().table, Table::None);
        assert_eq!(read(&open_as(&disk.path(), 4096)).unwrap().table, Table::None);
    }
}

#[test]
fn partitions_on_a_disk_that_is_a_volume_too_are_doubtful() {
    let disk = Disk::new(400 * MIB);
    sh(&format!("mke2fs -q -F {}", disk.path().display()));
    record(&disk, 0, &[entry(0x83, 2048, 8192)]);
    assert_eq!(disk.layout().table, Table::Doubtful);
    assert!(disk.layout().notes[0].contains("ext2"), "{:?}", disk.layout().notes);

    let disk = Disk::new(400 * MIB);
    sh(&format!("mkfs.fat --mbr=no -F 32 {} >/dev/null", disk.path().display()));
    disk.write(446, &entry(0x83, 2048, 8192));
    assert_eq!(disk.layout().table, Table::Doubtful);

    // The label of an LVM physical volume.
    let disk = Disk::new(400 * MIB);
    record(&disk, 0, &[entry(0x83, 2048, 8192)]);
    disk.write(512, b"LABELONE");
    disk.write(512 + 24, b"LVM2 001");
    assert_eq!(disk.layout().table, Table::Doubtful);
}
