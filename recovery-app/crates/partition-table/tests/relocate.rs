//! Tables brought to disks of the same and of a larger size, checked with sgdisk and sfdisk.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use block::double::FaultDevice;
use block::{BlockDevice, Extent, Geometry, MemoryDevice};
use common::{Disk, GIB, seen_by_sfdisk, seen_by_us, sh};
use partition_table::{Relocation, SavedTable, Table, TableError, read, relocate};
use proptest::prelude::*;

const HOLES: &str = "-n 1:2048:+100M -t 1:ef00 -c 1:'EFI System' -n 5:0:+1G -n 9:0:+2G -c 9:Größe \
     -n 2:0:+1G -t 2:8200 -A 5:set:2 -A 9:set:60";

/// Saves the table of `disk`, takes it through its serialised form, and relocates it.
fn plan(disk: &Disk, size: u64) -> Relocation {
    let device = disk.open();
    let saved = SavedTable::save(&device, &read(&device).unwrap());
    let text = serde_json::to_string(&saved).unwrap();
    let saved: SavedTable = serde_json::from_str(&text).unwrap();
    let target = Geometry { size, ..device.geometry() };
    let relocation = relocate(&saved, target).unwrap();
    assert_eq!(relocation, relocate(&device, target).unwrap());
    relocation
}

/// A larger disk with the bytes of the smaller one, the wipes and the writes.
fn restored(disk: &Disk, size: u64) -> (Disk, Relocation) {
    let relocation = plan(disk, size);
    let target = Disk::copy_of(disk, size);
    let device = target.open();
    for extent in &relocation.wipe {
        device.zero(*extent).unwrap();
    }
    for write in &relocation.writes {
        device.write_at(&write.bytes, write.offset).unwrap();
    }
    device.flush().unwrap();
    drop(device);
    (target, relocation)
}

/// No complaint of sgdisk, and of sfdisk.
fn assert_verified(disk: &Disk) {
    let said = verdict(disk);
    assert!(said.contains("No problems found"), "{said}");
    let complaints = ["Caution", "CRC", "invalid", "ERROR", "protective"];
    assert!(!complaints.iter().any(|complaint| said.contains(complaint)), "{said}");
    let said = sh(&format!("sfdisk --verify {} 2>&1", disk.node()));
    assert!(said.contains("No errors detected"), "{said}");
}

fn verdict(disk: &Disk) -> String {
    sh(&format!("sgdisk -v {} 2>&1", disk.node()))
}

#[test]
fn backup_moves_to_the_end_of_a_larger_disk() {
    let disk = Disk::new(8 * GIB);
    disk.sgdisk(HOLES);
    disk.write(0, b"boot code");
    let (larger, relocation) = restored(&disk, 20 * GIB);
    assert_verified(&larger);
    assert_eq!(seen_by_sfdisk(&larger), seen_by_sfdisk(&disk));
    assert_eq!(larger.bytes(0, 9), b"boot code");
    assert_eq!(larger.layout(), relocation.layout);
    assert_eq!(larger.bytes(8 * GIB - 33 * 512, 33 * 512), [0; 33 * 512]);
    assert_eq!(relocation.wipe, [Extent::new(8 * GIB - 33 * 512, 33 * 512)]);
    assert!(larger.sgdisk("-i 9").contains("Attribute flags: 1000000000000000"));
    let free = larger.sgdisk("-p");
    assert!(free.contains(&format!("last usable sector is {}", 20 * GIB / 512 - 34)), "{free}");
    let guid = |disk: &Disk| sh(&format!("sgdisk -p {} | grep GUID", disk.node()));
    assert_eq!(guid(&larger), guid(&disk));
}

#[test]
fn works_with_4096_byte_sectors_and_more_entries() {
    let disk = Disk::with_sectors(2 * GIB, 4096);
    disk.sfdisk("label: gpt\ntable-length: 256\n1: start=256, size=1000\n200: start=9999, size=77");
    let (larger, _) = restored(&disk, 4 * GIB);
    assert_verified(&larger);
    assert_eq!(seen_by_sfdisk(&larger), seen_by_sfdisk(&disk));

    let disk = Disk::new(2 * GIB);
    disk.sgdisk("--resize-table=256");
    disk.sgdisk("-n 1:0:+1M -n 200:0:+1M");
    let (larger, _) = restored(&disk, 4 * GIB);
    assert_verified(&larger);
    assert_eq!(seen_by_sfdisk(&larger), seen_by_sfdisk(&disk));
}

#[test]
fn hybrid_entries_stay() {
    let disk = Disk::new(8 * GIB);
    disk.sgdisk(HOLES);
    disk.sgdisk("--hybrid 1:5");
    let (larger, _) = restored(&disk, 20 * GIB);
    assert_eq!(larger.bytes(446, 64), disk.bytes(446, 64));
    assert!(verdict(&larger).contains("No problems found"));
    assert_eq!(seen_by_us(&larger.layout()), seen_by_us(&disk.layout()));
}

#[test]
fn protective_mbr_stops_at_what_it_can_express() {
    let disk = Disk::new(8 * GIB);
    disk.sgdisk(HOLES);
    let (larger, _) = restored(&disk, 3 << 40);
    assert_verified(&larger);
    assert_eq!(larger.bytes(446 + 12, 4), [0xff; 4]);
}

#[test]
fn a_damaged_copy_is_made_good_on_a_larger_disk() {
    for damaged in [512 + 60, 1024 + 5, 8 * GIB - 512 + 60] {
        let disk = Disk::new(8 * GIB);
        disk.sgdisk(HOLES);
        let before = seen_by_sfdisk(&disk);
        disk.write(damaged, b"x");
        let (larger, _) = restored(&disk, 20 * GIB);
        assert_verified(&larger);
        assert_eq!(seen_by_sfdisk(&larger), before);
    }
}

/// Places for the entries as boards have them whose firmware wants its loader in sector 2.
#[test]
fn a_loader_in_front_of_the_entries_stays() {
    for damaged in [512, 512 + 60, 1000 * 512 + 5] {
        let disk = Disk::new(GIB);
        disk.sgdisk("-j 1000");
        disk.sgdisk("-n 1:2048:+100M");
        let before = seen_by_sfdisk(&disk);
        let loader: Vec<u8> = (0..900 * 512).map(|at: u32| (at % 251).to_le_bytes()[0]).collect();
        disk.write(1024, &loader);
        disk.write(damaged, b"x");
        let (larger, relocation) = restored(&disk, 2 * GIB);
        assert!(larger.bytes(1024, loader.len() as u64) == loader, "{:?}", relocation.notes);
        assert_verified(&larger);
        assert_eq!(seen_by_sfdisk(&larger), before);
    }
}

#[test]
fn a_protective_entry_that_only_linux_takes_is_no_hindrance() {
    for (at, value) in [(446, 0x40), (446 + 12, 0)] {
        let disk = Disk::new(GIB);
        disk.sgdisk("-n 1:2048:+100M");
        disk.write(at, &[value; 4][..if at == 446 { 1 } else { 4 }]);
        let (larger, relocation) = restored(&disk, 2 * GIB);
        assert_eq!(relocation.layout.partitions.len(), 1, "{:?}", relocation.notes);
        assert_eq!(larger.layout(), relocation.layout);
        assert_eq!(larger.bytes(2 * GIB - 512, 8), b"EFI PART");
        assert_eq!(larger.bytes(at, 1), [value]);
    }
}

#[test]
fn the_same_size_means_the_same_bytes() {
    for damaged in [None, Some(512 + 60), Some(8 * GIB - 512 + 60)] {
        let disk = Disk::new(8 * GIB);
        disk.sgdisk(HOLES);
        if let Some(offset) = damaged {
            disk.write(offset, b"x");
        }
        let relocation = plan(&disk, 8 * GIB);
        assert_eq!(relocation.wipe, []);
        assert_eq!(relocation.notes.len(), usize::from(damaged.is_some()));
        let places: Vec<u64> = relocation.writes.iter().map(|write| write.offset).collect();
        let end = 8 * GIB;
        assert_eq!(places, [end - 33 * 512, end - 512, 1024, 512, 0]);
        for write in &relocation.writes {
            assert_eq!(write.bytes, disk.bytes(write.offset, write.bytes.len() as u64));
        }
    }
}

#[test]
fn a_disk_that_had_grown_loses_the_backup_in_its_middle() {
    let disk = Disk::new(8 * GIB);
    disk.sgdisk(HOLES);
    disk.grow(10 * GIB);
    let (larger, relocation) = restored(&disk, 20 * GIB);
    assert_verified(&larger);
    assert_eq!(relocation.wipe, [Extent::new(8 * GIB - 33 * 512, 33 * 512)]);
}

#[test]
fn partitions_are_never_wiped() {
    // A grown disk whose new partition covers the place of the old backup, to which the
    // protective MBR still points.
    let disk = Disk::new(8 * GIB);
    disk.sgdisk(HOLES);
    let backup = disk.bytes(8 * GIB - 33 * 512, 33 * 512);
    let mbr = disk.bytes(0, 512);
    disk.grow(10 * GIB);
    disk.sgdisk("-e");
    disk.sgdisk("-n 3:7G:+2G");
    disk.write(8 * GIB - 33 * 512, &backup);
    disk.write(0, &mbr);
    let (larger, relocation) = restored(&disk, 20 * GIB);
    assert_verified(&larger);
    assert_eq!(relocation.wipe, [Extent::new(10 * GIB - 33 * 512, 33 * 512)]);
    assert_eq!(larger.bytes(8 * GIB - 33 * 512, 33 * 512), backup);
}

#[test]
fn an_mbr_stays_as_it_is() {
    let disk = Disk::new(GIB);
    disk.sfdisk("label: dos\nstart=2048, size=9999\nstart=99999, size=99999, type=5\nstart=102400");
    let (larger, relocation) = restored(&disk, 2 * GIB);
    assert_eq!(relocation.writes.len(), 1);
    assert_eq!(relocation.writes[0].bytes, disk.bytes(0, 512));
    assert_eq!(seen_by_sfdisk(&larger), seen_by_sfdisk(&disk));
    assert_eq!(relocation.wipe, []);
    assert_eq!(relocation.layout.partitions, disk.layout().partitions);
    assert_eq!(relocation.notes, Vec::<String>::new());
    let blank = Disk::new(GIB);
    assert_eq!(plan(&blank, 2 * GIB).writes.len(), 1);
    assert_eq!(plan(&blank, 2 * GIB).layout.table, Table::None);
}

#[test]
fn other_sizes_are_refused() {
    let disk = Disk::new(GIB);
    disk.sgdisk("-n 1:0:+1M");
    let source = disk.open();
    let smaller = Geometry { size: GIB - 512, ..source.geometry() };
    assert!(matches!(
        relocate(&source, smaller),
        Err(TableError::TooSmall { needed: GIB, available, .. }) if available == GIB - 512
    ));
    let other = Geometry { logical_sector: 4096, ..source.geometry() };
    let refusal = relocate(&source, other).unwrap_err();
    assert!(matches!(refusal, TableError::SectorSize { source_sector: 512, .. }));
    assert!(!refusal.guidance().is_empty());
}

#[test]
fn an_image_of_a_4096_disk_goes_back_to_one() {
    let disk = Disk::with_sectors(2 * GIB, 4096);
    disk.sfdisk("label: gpt\n1: start=256, size=1000");
    let as_file = common::open_as(&disk.path(), 512);
    let target = Geometry { size: 4 * GIB, logical_sector: 4096, physical_sector: 4096 };
    let relocation = relocate(&as_file, target).unwrap();
    assert_eq!(relocation.writes[1].offset, 4 * GIB - 4096);
    assert_eq!(relocation.layout.partitions, disk.layout().partitions);
}

#[test]
fn unreadable_sectors_are_zeros_and_listed() {
    let disk = Disk::new(GIB);
    disk.sgdisk("-n 1:0:+1M");
    let bad = Extent::new(GIB - 512, 512);
    let failing = FaultDevice::new(disk.open()).unreadable(bad);
    let saved = SavedTable::save(&failing, &read(&failing).unwrap());
    assert_eq!(saved.unreadable(), [bad]);
    assert_eq!(saved.read_vec(bad.start, 512).unwrap(), [0; 512]);
    assert_eq!(saved.read_vec(0, 34 * 512).unwrap(), disk.bytes(0, 34 * 512));
    let relocation = relocate(&saved, failing.geometry()).unwrap();
    assert_eq!(relocation.layout.partitions, disk.layout().partitions);
}

#[test]
fn the_check_notices_one_wrong_byte() {
    let disk = Disk::new(GIB);
    disk.sgdisk("-n 1:0:+1M");
    let (larger, _) = restored(&disk, 2 * GIB);
    larger.write(2 * GIB - 512 + 50, b"x");
    assert!(verdict(&larger).contains("Caution"));
}

#[test]
fn a_table_that_cannot_move_stays_and_is_said_not_to_be_found() {
    // Found by fuzzing: only the backup is intact, and a partition claims the first sectors.
    let mut bytes = made_by_hand(&[(0, 0, 50)]);
    let count = bytes.len();
    let entries = count - 33 * 512..count - 512;
    bytes[entries.start + 32..entries.start + 40].fill(0);
    let header = count - 512;
    let sum = crc32fast::hash(&bytes[entries]);
    bytes[header + 88..header + 92].copy_from_slice(&sum.to_le_bytes());
    bytes[header + 16..header + 20].fill(0);
    let sum = crc32fast::hash(&bytes[header..header + 92]);
    bytes[header + 16..header + 20].copy_from_slice(&sum.to_le_bytes());
    bytes[512..1024].fill(0);
    let device = MemoryDevice::from(bytes);
    assert_eq!(read(&device).unwrap().partitions.len(), 1);
    let target = Geometry { size: 2 * device.size(), ..device.geometry() };
    let relocation = relocate(&device, target).unwrap();
    assert_eq!(relocation.wipe, []);
    assert!(relocation.notes.iter().any(|note| note.contains("lies in its place")));
}

/// A table with partitions at random places, sometimes with a damaged byte.
fn some_disk() -> impl Strategy<Value = Vec<u8>> {
    let slots = prop::collection::vec((0_u32..16, 0_u64..3900, 0_u64..50), 0..8);
    let damage = prop::option::of((0_usize..4 << 20, any::<u8>()));
    let near_ends = prop::option::of((0_usize..34 * 512, any::<u8>()));
    (slots, damage, near_ends).prop_map(|(slots, damage, near_ends)| {
        let mut bytes = made_by_hand(&slots);
        if let Some((at, value)) = damage {
            bytes[at] = value;
        }
        if let Some((at, value)) = near_ends {
            let at = if at % 2 == 0 { at } else { bytes.len() - at };
            bytes[at] = value;
        }
        bytes
    })
}

/// A GPT on 4 MiB: the layout of the specification, written without the code under test.
fn made_by_hand(slots: &[(u32, u64, u64)]) -> Vec<u8> {
    let count = 8192_u64;
    let mut bytes = vec![0; 4 << 20];
    bytes[446..462].copy_from_slice(&[0, 0, 2, 0, 0xee, 255, 255, 255, 1, 0, 0, 0, 255, 31, 0, 0]);
    bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
    let mut entries = vec![0; 16384];
    for (slot, start, length) in slots {
        let at = *slot as usize * 128;
        entries[at..at + 32].fill(7);
        entries[at + 32..at + 40].copy_from_slice(&(start + 34).to_le_bytes());
        entries[at + 40..at + 48].copy_from_slice(&(start + length + 34).to_le_bytes());
    }
    let header = |own: u64, other: u64, at: u64| {
        let mut header = vec![0; 512];
        header[..16].copy_from_slice(b"EFI PART\0\0\x01\0\x5c\0\0\0");
        for (at, value) in [(24, own), (32, other), (40, 34), (48, count - 34), (72, at)] {
            header[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        header[80..88].copy_from_slice(&[128, 0, 0, 0, 128, 0, 0, 0]);
        header[88..92].copy_from_slice(&crc32fast::hash(&entries).to_le_bytes());
        let sum = crc32fast::hash(&header[..92]);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
        header
    };
    let end = bytes.len();
    bytes[512..1024].copy_from_slice(&header(1, count - 1, 2));
    bytes[1024..1024 + 16384].copy_from_slice(&entries);
    bytes[end - 512..].copy_from_slice(&header(count - 1, 1, count - 33));
    bytes[end - 33 * 512..end - 512].copy_from_slice(&entries);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_size_is_the_same_bytes(bytes in some_disk()) {
        let device = MemoryDevice::from(bytes);
        let relocation = relocate(&device, device.geometry()).unwrap();
        prop_assert!(relocation.wipe.is_empty());
        for write in &relocation.writes {
            let there = device.read_vec(write.offset, write.bytes.len()).unwrap();
            prop_assert_eq!(&there, &write.bytes);
        }
    }

    #[test]
    fn a_larger_size_is_the_same_partitions(bytes in some_disk(), more in 1_usize..64) {
        let device = MemoryDevice::from(bytes.clone());
        let layout = read(&device).unwrap();
        let size = bytes.len() + more * 65536;
        let target = Geometry { size: size as u64, ..device.geometry() };
        let relocation = relocate(&device, target).unwrap();
        let mut larger = bytes;
        larger.resize(size, 0xa5);
        for extent in &relocation.wipe {
            larger[usize::try_from(extent.start).unwrap()..usize::try_from(extent.end()).unwrap()].fill(0);
        }
        for write in &relocation.writes {
            larger[usize::try_from(write.offset).unwrap()..][..write.bytes.len()].copy_from_slice(&write.bytes);
        }
        let after = read(&MemoryDevice::from(larger)).unwrap();
        prop_assert_eq!(&after.partitions, &layout.partitions);
        prop_assert_eq!(&after.partitions, &relocation.layout.partitions);
    }
}
