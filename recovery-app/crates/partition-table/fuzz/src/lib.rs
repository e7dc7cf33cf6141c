//! What must hold for any disk.
//!
//! The first three bytes of an input choose the disk, the rest lies at its start and its end.

use block::{BlockDevice, Extent, Geometry, MemoryDevice};
use partition_table::{Layout, SavedTable, Table, read, relocate, suspected_partitions};

const SIZE: usize = 256 << 10;

/// Builds the disk of `input` and checks it.
pub fn check(input: &[u8]) {
    let [options, split, growth, content @ ..] = input else { return };
    let disk = disk(*options, usize::from(*split), content);
    let Ok(layout) = read(&disk) else { return };
    check_layout(&layout, &disk);

    let suspects = suspected_partitions(&disk);
    assert!(suspects.len() <= 256 + 3);
    assert!(suspects.iter().all(|place| place.start > 0 && place.end() <= disk.size()));

    let saved = SavedTable::save(&disk, &layout);
    for extra in [0, u64::from(*growth) * 4096, 1 << 42] {
        let target = Geometry { size: disk.size() + extra, ..disk.geometry() };
        check_relocation(&disk, &saved, &layout, target);
    }
}

fn disk(options: u8, split: usize, content: &[u8]) -> MemoryDevice {
    let sector = if options & 1 == 0 { 512 } else { 4096 };
    let mut bytes = vec![0; SIZE];
    let split = (split * 256).min(content.len());
    let (head, tail) = content.split_at(split);
    let tail = &tail[..tail.len().min(SIZE)];
    let head = &head[..head.len().min(SIZE)];
    bytes[..head.len()].copy_from_slice(head);
    bytes[SIZE - tail.len()..].copy_from_slice(tail);
    if options & 2 != 0 {
        bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
    }
    if options & 4 != 0 {
        bytes[446..462]
            .copy_from_slice(&[0, 0, 2, 0, 0xee, 255, 255, 255, 1, 0, 0, 0, 255, 255, 255, 255]);
    }
    if options & 8 == 0 {
        let unit = if options & 16 == 0 { sector } else { 4608 - sector };
        sign(&mut bytes, unit, 1);
        sign(&mut bytes, unit, SIZE / unit - 1);
    }
    MemoryDevice::new(bytes, u32::try_from(sector).unwrap())
}

/// Makes the checksums of a GPT header right, which no fuzzer would find.
fn sign(bytes: &mut [u8], unit: usize, lba: usize) {
    let at = lba * unit;
    let number = |bytes: &[u8], offset: usize, length: usize| {
        bytes[at + offset..][..length]
            .iter()
            .rev()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    if !bytes[at..].starts_with(b"EFI PART") {
        return;
    }
    let start = number(bytes, 72, 8).saturating_mul(unit as u64);
    let length = number(bytes, 80, 4) * number(bytes, 84, 4);
    let end = start.saturating_add(length);
    if end <= bytes.len() as u64 {
        let sum = crc32fast::hash(&bytes[start as usize..end as usize]);
        bytes[at + 88..at + 92].copy_from_slice(&sum.to_le_bytes());
    }
    let size = (number(bytes, 12, 4) as usize).min(unit);
    bytes[at + 16..at + 20].fill(0);
    let sum = crc32fast::hash(&bytes[at..at + size]);
    bytes[at + 16..at + 20].copy_from_slice(&sum.to_le_bytes());
}

fn check_layout(layout: &Layout, disk: &MemoryDevice) {
    let whole = Extent::new(0, disk.size());
    let structural = layout.structural();
    assert!(structural.iter().all(|extent| whole.contains(&extent)));
    assert!(layout.notes.len() <= 33);
    match layout.table {
        Table::None => assert!(layout.partitions.is_empty()),
        Table::Doubtful => assert!(layout.partitions.is_empty() && structural.contains(whole)),
        _ => assert!(layout.table_sectors().difference(&structural).is_empty()),
    }
}

fn check_relocation(disk: &MemoryDevice, saved: &SavedTable, layout: &Layout, target: Geometry) {
    let relocation = relocate(disk, target).unwrap();
    let again = relocate(saved, target).unwrap();
    let doubtful = matches!(layout.table, Table::Doubtful);
    assert!(doubtful || relocation.writes == again.writes);
    let volumes = layout.volume_bytes();
    assert!(relocation.wipe.iter().all(|extent| !volumes.intersects(*extent)));
    for write in &relocation.writes {
        assert!(write.extent().end() <= target.size);
        if target.size == disk.size() {
            let there = disk.read_vec(write.offset, write.bytes.len()).unwrap();
            assert_eq!(there, write.bytes);
        }
    }
    if let Table::Gpt(_) = layout.table {
        let kept = relocation.layout.partitions == layout.partitions;
        let said = relocation.notes.iter().any(|note| note.contains("no partitions will be found"));
        assert!(kept || (said && target.size != disk.size()));
    }
}
