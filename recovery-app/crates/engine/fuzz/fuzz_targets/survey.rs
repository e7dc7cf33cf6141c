//! Disks of any size with real volumes and tables in any place: what `info`, `capture` and the
//! choice of a restore's target make of them. Deleted partitions, doubtful tables, gaps.
#![no_main]

use std::process::Command;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use block::{BlockDevice, BlockError, Extent, Geometry, Operation};
use engine::{Cancel, SurveyOptions, survey};
use libfuzzer_sys::fuzz_target;
use partition_table::{SavedTable, read, relocate, suspected_partitions};

const BLOCK: u64 = 4096;

/// The blocks of a volume that are not zero.
struct Volume(Vec<(u64, Vec<u8>)>);

impl Volume {
    fn new(bytes: &[u8]) -> Self {
        let blocks = (0..).step_by(BLOCK as usize).zip(bytes.chunks(BLOCK as usize));
        let blocks = blocks.filter(|(_, block)| block.iter().any(|byte| *byte != 0));
        Self(blocks.map(|(at, block): (u64, &[u8])| (at, block.to_vec())).collect())
    }
}

static VOLUMES: LazyLock<Vec<Volume>> = LazyLock::new(|| {
    let packed: [&[u8]; 5] = [
        include_bytes!("../../../filesystem/tests/fixtures/ext/ext2.zst"),
        include_bytes!("../../../filesystem/tests/fixtures/ext/ext4-dirty.zst"),
        include_bytes!("../../../filesystem/tests/fixtures/ext/ext4-bigalloc.zst"),
        include_bytes!("../../../filesystem/tests/fixtures/btrfs/block-group-tree.zst"),
        include_bytes!("../../../filesystem/tests/xfs_images/dirty.zst"),
    ];
    let mut volumes: Vec<_> =
        packed.iter().map(|packed| Volume::new(&zstd::decode_all(*packed).unwrap())).collect();
    for (size, command) in [
        ("2M", "mkfs.fat -F 12 v"),
        ("3M", "mkfs.fat -F 32 -s 1 v"),
        ("2M", "mkfs.exfat -b 64K v"),
        ("4M", "mkntfs -q -F -Q v"),
        ("1M", "mkswap v"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let script =
            format!("cd '{}'; truncate -s {size} v; {command} >&2", folder.path().display());
        let status = Command::new("bash").args(["-euc", &script]).status().unwrap();
        assert!(status.success(), "{command}");
        volumes.push(Volume::new(&std::fs::read(folder.path().join("v")).unwrap()));
    }
    volumes.push(Volume::new(&lvm()));
    volumes
});

const LVM: &str = r#"vg {
id = "abcdef-ghij-klmn-opqr-stuv-wxyz-abcdef"
seqno = 2
format = "lvm2"
status = ["RESIZEABLE", "READ", "WRITE"]
extent_size = 8
max_lv = 0
max_pv = 0
physical_volumes { pv0 { id = "abcdef-ghij-klmn-opqr-stuv-wxyz-abcdef" device = "/dev/x" status = ["ALLOCATABLE"] dev_size = 8192 pe_start = 2048 pe_count = 700 } }
logical_volumes { root { id = "bbcdef-ghij-klmn-opqr-stuv-wxyz-abcdef" status = ["READ", "WRITE", "VISIBLE"] segment_count = 2
segment1 { start_extent = 0 extent_count = 300 type = "striped" stripe_count = 1 stripes = [ "pv0", 0 ] }
segment2 { start_extent = 300 extent_count = 30 type = "striped" stripe_count = 1 stripes = [ "pv0", 600 ] } } }
}
# trailing
"#;

fn lvm_crc(bytes: &[u8]) -> [u8; 4] {
    let crc = bytes.iter().fold(0xf597_a6cf_u32, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 };
        }
        crc
    });
    crc.to_le_bytes()
}

fn lvm() -> Vec<u8> {
    let mut disk = vec![0; 256 << 10];
    let (area_at, area_size, size) = (4096_u64, 128_u64 << 10, 4_u64 << 20);
    let label = &mut disk[512..1024];
    label[..8].copy_from_slice(b"LABELONE");
    label[8] = 1;
    label[20] = 32;
    label[24..32].copy_from_slice(b"LVM2 001");
    label[32..64].copy_from_slice(b"abcdefghijklmnopqrstuvwxyzabcdef");
    label[64..72].copy_from_slice(&size.to_le_bytes());
    label[72..80].copy_from_slice(&(1_u64 << 20).to_le_bytes());
    label[104..112].copy_from_slice(&area_at.to_le_bytes());
    label[112..120].copy_from_slice(&area_size.to_le_bytes());
    let sum = lvm_crc(&label[20..]);
    label[16..20].copy_from_slice(&sum);
    disk[4096 + 512..][..LVM.len()].copy_from_slice(LVM.as_bytes());
    let area = &mut disk[4096..4096 + 512];
    area[4..20].copy_from_slice(b" LVM2 x[5A%r0N*>");
    area[20] = 1;
    area[24..32].copy_from_slice(&area_at.to_le_bytes());
    area[32..40].copy_from_slice(&area_size.to_le_bytes());
    area[40..48].copy_from_slice(&512_u64.to_le_bytes());
    area[48..56].copy_from_slice(&(LVM.len() as u64).to_le_bytes());
    area[56..60].copy_from_slice(&lvm_crc(LVM.as_bytes()));
    let sum = lvm_crc(&area[4..]);
    area[..4].copy_from_slice(&sum);
    disk
}

/// A place on the disk, where such things often are or anywhere.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Place {
    Start,
    Sector(u16),
    Track,
    Mib(u8),
    End(u16),
    Any(u64),
}

impl Place {
    fn byte(self, size: u64, sector: u64) -> u64 {
        match self {
            Self::Start => 0,
            Self::Sector(number) => u64::from(number) * sector,
            Self::Track => 63 * 512,
            Self::Mib(number) => u64::from(number) << 20,
            Self::End(sectors) => size.saturating_sub(u64::from(sectors) * sector),
            Self::Any(byte) => byte % size.max(1),
        }
    }
}

#[derive(Arbitrary, Debug)]
struct Slot {
    kind: u8,
    first: Place,
    length: Place,
    bits: u8,
}

#[derive(Arbitrary, Debug)]
struct Input {
    size: u8,
    large_sectors: bool,
    /// 0 none, 1 MBR, 2 GPT, 3 GPT without its protective MBR, 4 only the last copy of a GPT.
    table: u8,
    slots: Vec<Slot>,
    volumes: Vec<(u8, Place)>,
    patches: Vec<(Place, u16, Vec<u8>)>,
    chosen: Option<u8>,
    target: u64,
}

struct Disk<'a> {
    size: u64,
    sector: u32,
    volumes: Vec<(u64, &'a Volume)>,
    /// Start and bytes, later ones over earlier ones.
    patches: Vec<(u64, Vec<u8>)>,
}

fn lay(buffer: &mut [u8], offset: u64, start: u64, bytes: &[u8]) {
    let all = Extent::new(offset, buffer.len() as u64);
    if let Some(both) = Extent::new(start, bytes.len() as u64).intersection(&all) {
        let (from, to) = ((both.start - start) as usize, (both.start - offset) as usize);
        buffer[to..to + both.length as usize]
            .copy_from_slice(&bytes[from..][..both.length as usize]);
    }
}

impl BlockDevice for Disk<'_> {
    fn geometry(&self) -> Geometry {
        Geometry { size: self.size, logical_sector: self.sector, physical_sector: 4096 }
    }

    fn name(&self) -> &str {
        "disk"
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let length = buffer.len() as u64;
        assert!(length <= 64 << 20, "a read of {length} bytes at once");
        if offset.checked_add(length).is_none_or(|end| end > self.size) {
            let device = self.name().to_owned();
            let (operation, size) = (Operation::Read, self.size);
            return Err(BlockError::OutOfRange { device, operation, offset, length, size });
        }
        buffer.fill(0);
        for (start, Volume(blocks)) in &self.volumes {
            let first = blocks.partition_point(|(at, _)| start + at + BLOCK <= offset);
            for (at, bytes) in &blocks[first..] {
                if start + at >= offset + length {
                    break;
                }
                lay(buffer, offset, start + at, bytes);
            }
        }
        for (start, bytes) in &self.patches {
            lay(buffer, offset, *start, bytes);
        }
        Ok(())
    }

    fn write_at(&self, _: &[u8], _: u64) -> Result<(), BlockError> {
        panic!("a survey must not write");
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}

const SIZES: [u64; 8] = [0, 700, 2 << 20, (8 << 20) + 512, 48 << 20, 130 << 20, 3 << 40, 1 << 62];

fn mbr(input: &Input, size: u64, sector: u64, patches: &mut Vec<(u64, Vec<u8>)>) {
    let mut bytes = vec![0; 512];
    bytes[510..].copy_from_slice(&[0x55, 0xaa]);
    let mut record = 0;
    for (slot, place) in input.slots.iter().take(12).zip([446, 462, 478, 494].into_iter().cycle()) {
        let first = slot.first.byte(size, sector) / sector;
        let length = slot.length.byte(size, sector) / sector;
        let kind = [0x83, 0x07, 0x0c, 0x82, 0x8e, 0x05, 0x0f, 0xee, 0xfd, 0x27, slot.bits]
            [usize::from(slot.kind % 11)];
        bytes[place] = slot.bits & 0x80;
        bytes[place + 4] = kind;
        bytes[place + 8..place + 12].copy_from_slice(&(first as u32).to_le_bytes());
        bytes[place + 12..place + 16].copy_from_slice(&(length as u32).to_le_bytes());
        if kind == 5 || kind == 0xf {
            // What follows stands in the extended partition.
            patches.push((record, std::mem::replace(&mut bytes, vec![0; 512])));
            bytes[510..].copy_from_slice(&[0x55, 0xaa]);
            record = first * sector;
        }
    }
    patches.push((record, bytes));
}

fn gpt(input: &Input, size: u64, sector: u64, patches: &mut Vec<(u64, Vec<u8>)>) {
    let unit = if input.slots.first().is_some_and(|slot| slot.bits & 64 != 0) {
        4608 - sector
    } else {
        sector
    };
    let last = (size / unit).saturating_sub(1);
    let count = input.slots.len().clamp(1, 128) as u32;
    let mut entries = vec![0; count as usize * 128];
    for (slot, entry) in input.slots.iter().zip(entries.chunks_mut(128)) {
        let first = slot.first.byte(size, unit) / unit;
        let end = first.saturating_add(slot.length.byte(size, unit) / unit);
        entry[..16].fill(slot.kind | 1);
        entry[16..32].fill(slot.bits);
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&end.to_le_bytes());
        entry[56..72].copy_from_slice(b"n\0a\0m\0e\0\0\xd8\x1b\0\n\0\0\0");
    }
    let length = entries.len() as u64;
    let header = |own: u64, other: u64, at: u64| {
        let mut bytes = vec![0; 512];
        bytes[..8].copy_from_slice(b"EFI PART");
        bytes[8..16].copy_from_slice(&[0, 0, 1, 0, 92, 0, 0, 0]);
        for (place, value) in
            [(24, own), (32, other), (40, 34), (48, last.saturating_sub(34)), (72, at)]
        {
            bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
        }
        bytes[56..72].fill(7);
        bytes[80..84].copy_from_slice(&count.to_le_bytes());
        bytes[84..88].copy_from_slice(&128_u32.to_le_bytes());
        bytes[88..92].copy_from_slice(&crc32fast::hash(&entries).to_le_bytes());
        let sum = crc32fast::hash(&bytes[..92]);
        bytes[16..20].copy_from_slice(&sum.to_le_bytes());
        bytes
    };
    let behind = last.saturating_sub(length.div_ceil(unit));
    if input.table % 5 != 4 {
        patches.push((unit, header(1, last, 2)));
        patches.push((2 * unit, entries.clone()));
    }
    patches.push((last * unit, header(last, 1, behind)));
    patches.push((behind * unit, entries.clone()));
    if input.table % 5 == 2 {
        let mut bytes = vec![0; 512];
        bytes[446..462]
            .copy_from_slice(&[0, 0, 2, 0, 0xee, 255, 255, 255, 1, 0, 0, 0, 255, 255, 255, 255]);
        bytes[510..].copy_from_slice(&[0x55, 0xaa]);
        patches.push((0, bytes));
    }
}

fn disk(input: &Input) -> Disk<'static> {
    let sector = if input.large_sectors { 4096 } else { 512 };
    let size = SIZES[usize::from(input.size % 8)] / sector * sector;
    let mut patches = Vec::new();
    match input.table % 5 {
        0 => {}
        1 => mbr(input, size, sector, &mut patches),
        _ => gpt(input, size, sector, &mut patches),
    }
    for (place, within, bytes) in input.patches.iter().take(24) {
        patches.push((place.byte(size, sector).saturating_add((*within).into()), bytes.clone()));
    }
    let volumes = input.volumes.iter().take(6).map(|(number, place)| {
        (place.byte(size, sector), &VOLUMES[usize::from(*number) % VOLUMES.len()])
    });
    Disk { size, sector: sector as u32, volumes: volumes.collect(), patches }
}

fuzz_target!(init: { LazyLock::force(&VOLUMES); }, |input: Input| {
    let disk = disk(&input);
    let whole = Extent::new(0, disk.size);
    for place in suspected_partitions(&disk) {
        assert!(place.start > 0 && whole.contains(&place));
    }
    let chosen = input.chosen.map(|number| vec![u32::from(number % 8) + 1]);
    for options in [
        SurveyOptions::default(),
        SurveyOptions { partitions: chosen.clone(), all_sectors: false },
        SurveyOptions { partitions: chosen, all_sectors: true },
    ] {
        let Ok(found) = survey(&disk, &options, &Cancel::default()) else { continue };
        assert!(found.used.end() <= disk.size && found.excluded.end() <= disk.size);
        assert!(found.used.intersection(&found.excluded).is_empty());
        assert!(found.layout.notes.len() < 200);
        let _ = report::content::of_survey(&found);
    }
    let _ = engine::restore::content_of(&disk);
    let _ = engine::restore::unfinished_restore(&disk);
    if let Ok(layout) = read(&disk) {
        let saved = SavedTable::save(&disk, &layout);
        for size in [disk.size, disk.size.saturating_add(input.target >> 16), input.target.max(disk.size)] {
            let target = Geometry { size, ..disk.geometry() };
            let _ = relocate(&disk, target);
            let _ = relocate(&saved, target);
        }
    }
});
