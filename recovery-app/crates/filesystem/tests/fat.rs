//! FAT volumes made by mkfs.fat and filled by mtools, against partclone's map and fsck.fat.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use block::double::{CountingDevice, FaultDevice};
use block::{BlockDevice, Extent, ExtentSet, MemoryDevice};
use common::{assert_close, open, partclone_map, scramble_free, sh, sparse_file, try_sh};
use filesystem::{
    Allocation, AllocationMap, Kind, State, VolumeInfo, allocation, files_on, identify, read_file,
};
use tempfile::TempDir;

/// A volume file in a folder of its own.
struct Volume {
    folder: TempDir,
    path: PathBuf,
}

fn make(size: u64, options: &str) -> Volume {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, size);
    sh(&format!("mkfs.fat {options} -i 1234ABCD -n LABEL {}", path.display()));
    Volume { folder, path }
}

impl Volume {
    fn mtools(&self, command: &str) -> String {
        let command = command.replace("@", &self.path.display().to_string());
        sh(&format!("export MTOOLS_SKIP_CHECK=1; {command}"))
    }

    /// Copies files of many sizes in, deletes every third and copies larger ones in, which end
    /// up in pieces.
    fn fill(&self, files: usize, most: usize) {
        let tree = self.folder.path().join("tree");
        let noise: Vec<u8> = (0..most).map(|i| u8::try_from(i * 7919 % 251).unwrap()).collect();
        for number in 0..files {
            let folder = tree.join(format!("a longer folder name {}", number % 5));
            fs::create_dir_all(&folder).unwrap();
            let size = most * (number + 1) / files;
            fs::write(folder.join(format!("file number {number}.bin")), &noise[..size]).unwrap();
        }
        self.mtools(&format!("mcopy -s -i @ {}/* ::/", tree.display()));
        for number in (0..files).step_by(3) {
            self.mtools(&format!(
                "mdel -i @ '::/a longer folder name {}/file number {number}.bin'",
                number % 5
            ));
        }
        let late: Vec<u8> = noise.iter().map(|byte| !byte).collect();
        fs::write(tree.join("late.bin"), late).unwrap();
        self.mtools(&format!("mcopy -i @ {}/late.bin ::/", tree.display()));
    }

    fn map(&self) -> ExtentSet {
        mapped(&open(&self.path))
    }

    /// Bytes before the first cluster, as mkfs.fat laid them out.
    fn overhead(&self) -> u64 {
        let report = sh(&format!("fsck.fat -n -v {}", self.path.display()));
        let line = report.lines().find(|line| line.contains("Data area starts at byte")).unwrap();
        line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
    }

    /// Bytes in clusters that fsck.fat counts as used.
    fn bytes_in_clusters(&self) -> u64 {
        let report = sh(&format!("fsck.fat -n -v {}", self.path.display()));
        let number = |line: &str| line.split_whitespace().find_map(|word| word.parse::<u64>().ok());
        let size = report.lines().find(|line| line.contains("bytes per cluster")).unwrap();
        let used =
            report.lines().find(|line| line.contains("clusters") && line.contains(" files, "));
        let (used, _) = used.unwrap().rsplit_once('/').unwrap();
        number(size).unwrap() * used.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    }

    /// Names and hashes of all files.
    fn hashes(&self) -> String {
        let out = self.folder.path().join("out");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir(&out).unwrap();
        self.mtools(&format!("mcopy -s -n -i @ '::/*' {0}; cd {0}; ", out.display()));
        sh(&format!(
            "cd {} && find . -type f -print0 | sort -z | xargs -0 sha256sum",
            out.display()
        ))
    }

    fn le32(&self, offset: u64) -> u32 {
        let bytes = open(&self.path).read_vec(offset, 4).unwrap();
        u32::from_le_bytes(bytes.try_into().unwrap())
    }

    /// Writes `bytes` at `offset`.
    fn poke(&self, offset: u64, bytes: &[u8]) {
        use std::os::unix::fs::FileExt;
        fs::OpenOptions::new()
            .write(true)
            .open(&self.path)
            .unwrap()
            .write_all_at(bytes, offset)
            .unwrap();
    }
}

fn mapped(volume: &dyn BlockDevice) -> ExtentSet {
    allocation_map(volume).used
}

fn allocation_map(volume: &dyn BlockDevice) -> AllocationMap {
    match allocation(volume, &identify(volume).unwrap()) {
        Allocation::Mapped(map) => map,
        Allocation::Whole(reason) => panic!("captured whole: {reason}"),
    }
}

fn whole(volume: &dyn BlockDevice) -> String {
    match allocation(volume, &identify(volume).unwrap()) {
        Allocation::Mapped(map) => panic!("mapped: {}", map.source),
        Allocation::Whole(reason) => reason,
    }
}

/// Size in KiB, options, kind.
const VARIANTS: [(u64, &str, Kind); 9] = [
    (1440, "-F 12", Kind::Fat12),
    (8 << 10, "-F 12 -s 8 -f 1", Kind::Fat12),
    (4 << 10, "-F 12 -S 1024 -r 512", Kind::Fat12),
    (16 << 10, "-F 16 -s 1", Kind::Fat16),
    (60 << 10, "-F 16 -S 4096 -s 1", Kind::Fat16),
    (100 << 10, "-F 16 -s 32 -R 16", Kind::Fat16),
    (40 << 10, "-F 32 -s 1", Kind::Fat32),
    (280 << 10, "-F 32 -S 4096 -s 1 -R 64 -b 8", Kind::Fat32),
    (280 << 10, "-F 32 -s 8 -f 1", Kind::Fat32),
];

#[test]
fn maps_agree_with_partclone_and_restored_volumes_are_sound() {
    for (kib, options, kind) in VARIANTS {
        let volume = make(kib << 10, options);
        let most = usize::try_from((kib << 10) / 40).unwrap().min(1 << 20);
        volume.fill(40, most);
        let info = identify(&open(&volume.path)).unwrap();
        assert_eq!(info.kind, kind, "{options}");
        assert_eq!(info.label.as_deref(), Some("LABEL"));
        assert_eq!(info.uuid.as_deref(), Some("1234-ABCD"));
        assert_eq!(info.state, State::Clean);

        let used = volume.map();
        // partclone reads tables of 12-bit entries wrongly: its map lacks files.
        if kind != Kind::Fat12 {
            assert_close(&used, &partclone_map("fat", &volume.path));
        }
        assert_eq!(info.used.unwrap() - volume.overhead(), volume.bytes_in_clusters(), "{options}");
        assert!(used.total() - info.used.unwrap() < 128 << 10, "a part of a cluster at the end");
        let before = volume.hashes();
        scramble_free(&volume.path, &used);
        sh(&format!("fsck.fat -n {}", volume.path.display()));
        assert_eq!(volume.hashes(), before, "{options}");
        assert_eq!(volume.map(), used);
    }
}

#[test]
fn says_what_blkid_says() {
    for (kib, options, _) in VARIANTS {
        let volume = make(kib << 10, options);
        let blkid = sh(&format!("blkid -p -o export {}", volume.path.display()));
        let info = identify(&open(&volume.path)).unwrap();
        let line =
            |key: &str| blkid.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
        assert_eq!(line("UUID="), info.uuid);
        assert_eq!(line("LABEL="), info.label);
        assert_eq!(line("VERSION="), Some(info.kind.to_string()), "{options}");
    }
}

#[test]
fn of_two_tebibytes_little_more_than_the_tables_is_read() {
    let volume = make((1 << 41) - (1 << 20), "-F 32 -s 128");
    let device = CountingDevice::new(open(&volume.path));
    let info = identify(&device).unwrap();
    assert_eq!(info.kind, Kind::Fat32);
    let used = mapped(&device);
    assert!(used.total() < 300 << 20, "{}", used.total());
    assert!(device.read() < 300 << 20, "{} bytes read", device.read());
}

/// A volume of FAT16 with one file, and the byte offset of its first cluster.
fn one_file() -> (Volume, u64) {
    let volume = make(16 << 20, "-F 16 -s 4");
    fs::write(volume.folder.path().join("x"), vec![7; 10_000]).unwrap();
    volume.mtools(&format!("mcopy -i @ {}/x ::/x.bin", volume.folder.path().display()));
    let bytes = fs::read(&volume.path).unwrap();
    let first = bytes.windows(512).position(|window| window == [7; 512]).unwrap();
    (volume, first as u64)
}

/// Frees all clusters of the only file in the copies of the table that are asked for.
fn forget(volume: &Volume, copies: &[u64]) {
    let table_length =
        u64::from(u16::from_le_bytes(fs::read(&volume.path).unwrap()[22..24].try_into().unwrap()))
            * 512;
    let reserved = 4 * 512;
    for copy in copies {
        volume.poke(reserved + copy * table_length + 4, &[0; 40]);
    }
}

#[test]
fn what_only_the_directories_name_is_used_on_a_clean_volume_too() {
    let (volume, first) = one_file();
    let cluster = Extent::new(first, 2048);
    assert_eq!(allocation_map(&open(&volume.path)).source, "FAT16 table and directories");
    forget(&volume, &[0, 1]);
    let damaged = allocation_map(&open(&volume.path));
    assert!(damaged.used.contains(cluster));
    assert_eq!(damaged.source, "FAT16 table and directories (2048 bytes only in directories)");
    volume.poke(37, &[1]);
    assert!(matches!(identify(&open(&volume.path)).unwrap().state, State::Dirty(_)));
    assert_eq!(allocation_map(&open(&volume.path)), damaged);
}

#[test]
fn the_dirty_bit_in_the_table_counts_too() {
    let (volume, first) = one_file();
    forget(&volume, &[0, 1]);
    let table_length = u64::from(fs::read(&volume.path).unwrap()[22]) * 512;
    for copy in [0, table_length] {
        volume.poke(4 * 512 + copy + 2, &[0xff, 0x7f]);
    }
    assert!(matches!(identify(&open(&volume.path)).unwrap().state, State::Dirty(_)));
    assert!(volume.map().contains(Extent::new(first, 2048)));
}

#[test]
fn what_either_copy_of_the_table_has_in_use_is_used() {
    for copy in [0, 1] {
        let (volume, first) = one_file();
        let before = volume.map();
        forget(&volume, &[copy]);
        assert!(volume.map().contains(Extent::new(first, 10_000)));
        assert_eq!(volume.map(), before);
    }
}

#[test]
fn the_cluster_that_a_chain_leads_to_is_used() {
    let (volume, first) = one_file();
    let before = volume.map();
    let table_length = u64::from(fs::read(&volume.path).unwrap()[22]) * 512;
    // The second cluster of the file is free, the first leads to it.
    for copy in [0, table_length] {
        volume.poke(4 * 512 + copy + 6, &[0; 2]);
    }
    assert!(volume.map().contains(Extent::new(first, 4096)));
    assert_eq!(volume.map(), before);
}

#[test]
fn an_unreadable_table_costs_only_the_clusters_it_describes() {
    let volume = make(9 << 30, "-F 32 -s 16");
    let used = volume.map();
    let table_length = u64::from(volume.le32(36)) * 512;
    let second_piece = Extent::new(32 * 512 + (200 << 10), 512);
    let one_copy = FaultDevice::new(open(&volume.path)).unreadable(second_piece);
    assert_eq!(mapped(&one_copy), used);
    let no_copy = one_copy.unreadable(second_piece.shifted_by(table_length));
    let first = volume.overhead() + (49_152 - 2) * 8192;
    assert_eq!(mapped(&no_copy), used.union(&Extent::new(first, 49_152 * 8192).into()));
}

/// A volume of which only table 1 is kept up to date, table 0 as it was when the volume was made;
/// and what it was before, with both up to date.
fn not_mirrored() -> (Volume, ExtentSet, VolumeInfo) {
    let volume = make(40 << 20, "-F 32 -s 1");
    let length = usize::try_from(volume.le32(36)).unwrap() * 512;
    let old = open(&volume.path).read_vec(32 * 512, length).unwrap();
    volume.fill(30, 50_000);
    let (used, info) = (volume.map(), identify(&open(&volume.path)).unwrap());
    volume.poke(32 * 512, &old);
    volume.poke(40, &[0x81, 0]);
    (volume, used, info)
}

#[test]
fn the_active_table_counts_where_mirroring_is_off() {
    let (volume, used, info) = not_mirrored();
    let device = open(&volume.path);
    assert_eq!(identify(&device).unwrap(), info);
    assert_eq!(info.state, State::Clean);
    assert_eq!(volume.map(), used);
    assert_eq!(read_file(&device, &info, "late.bin", 1 << 20).unwrap().len(), 50_000);

    // What the other table has in use is used all the same.
    let number = 70_000;
    let heap = 32 * 512 + u64::from(volume.le32(36)) * 512 * 2;
    let free = Extent::new(heap + (number - 2) * 512, 512);
    assert!(!used.intersects(free));
    volume.poke(32 * 512 + number * 4, &0x0fff_ffff_u32.to_le_bytes());
    assert_eq!(volume.map(), used.union(&free.into()));
}

#[test]
fn an_active_table_that_cannot_be_read_or_found_is_not_replaced_by_another() {
    let (volume, used, info) = not_mirrored();
    let length = u64::from(volume.le32(36)) * 512;
    let piece = Extent::new(32 * 512 + length + (200 << 10), 512);
    let bad = mapped(&FaultDevice::new(open(&volume.path)).unreadable(piece));
    let first = 32 * 512 + length * 2 + (49_152 - 2) * 512;
    assert_eq!(bad, used.union(&Extent::between(first, info.size.unwrap()).into()));
    volume.poke(40, &[0x82, 0]);
    whole(&open(&volume.path));
}

#[test]
fn damage_is_captured_whole() {
    let (volume, _) = one_file();
    let bytes = fs::read(&volume.path).unwrap();
    let damaged = |offset: usize, change: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[offset..offset + change.len()].copy_from_slice(change);
        whole(&MemoryDevice::from(bytes))
    };
    // An overwritten table, a chain that leads outside, a volume that was cut.
    assert!(damaged(2048, &[0; 512]).contains("does not start"));
    assert!(damaged(2048 + 4, &0x9000_u16.to_le_bytes()).contains("does not exist"));
    assert!(whole(&MemoryDevice::from(bytes[..8 << 20].to_vec())).contains("smaller"));
}

#[test]
fn takes_nothing_else_for_fat() {
    let folder = tempfile::tempdir().unwrap();
    for make in [
        "mkntfs -q -F",
        "mkfs.exfat -q",
        "mke2fs -q -t ext4",
        "mkfs.xfs -q",
        "parted -s mklabel msdos mkpart primary fat32 1MiB 100% -- ",
        "grub",
    ] {
        let path = folder.path().join("other");
        let _ = fs::remove_file(&path);
        sparse_file(&path, 400 << 20);
        let path = path.display();
        match make.split_once(' ') {
            Some(("parted", script)) => {
                try_sh(&format!("parted {} {path} {}", &script[..3], &script[3..]))
            }
            Some(_) => try_sh(&format!("{make} {path}")),
            None => try_sh(&format!(
                "printf '\\353\\143\\220' | dd of={path} conv=notrunc; printf '\\125\\252' | dd of={path} bs=1 seek=510 conv=notrunc"
            )),
        };
        assert!(
            filesystem::fat::probe(&open(Path::new(&path.to_string()))).unwrap().is_none(),
            "{make}"
        );
    }
}

#[test]
fn names_and_reads_files() {
    let volume = make(64 << 20, "-F 32 -s 1");
    volume.fill(30, 50_000);
    let device = open(&volume.path);
    let info = identify(&device).unwrap();
    let path = "a longer folder name 1/file number 1.bin";
    let content = read_file(&device, &info, path, 1 << 20).unwrap();
    assert_eq!(content, fs::read(volume.folder.path().join("tree").join(path)).unwrap());
    assert_eq!(
        read_file(&device, &info, "A LONGER folder name 1/FILE number 1.BIN", 1 << 20),
        Some(content)
    );
    assert_eq!(read_file(&device, &info, path, 100), None);
    assert_eq!(read_file(&device, &info, "nothing", 100), None);

    let late = read_file(&device, &info, "late.bin", 1 << 20).unwrap();
    assert_eq!(late.len(), 50_000);
    let all = files_on(&device, &info, &ExtentSet::whole(device.size()), 1000);
    assert_eq!(all.len(), 20 + 5 + 1, "{all:?}");
    let bytes = fs::read(&volume.path).unwrap();
    let at = bytes.windows(512).rposition(|window| window == &late[49_152..49_664]).unwrap() as u64;
    let hit = files_on(&device, &info, &Extent::new(at, 1).into(), 10);
    assert_eq!(hit, ["late.bin"]);
}

/// Adds directories of one cluster each to a volume with 512-byte clusters, each in the one before
/// it, the first in the root directory and in cluster `first`; returns where that cluster is.
fn plant_levels(volume: &Volume, first: u16, count: u16) -> u64 {
    let entry = |number: u16| {
        let mut entry = [b' '; 32];
        entry[..12].copy_from_slice(b"X          \x10");
        entry[12..].fill(0);
        entry[26..28].copy_from_slice(&number.to_le_bytes());
        entry
    };
    let heap = volume.overhead();
    let start = |number: u16| heap + (u64::from(number) - 2) * 512;
    let root_entries =
        u16::from_le_bytes(open(&volume.path).read_vec(17, 2).unwrap().try_into().unwrap());
    // The label is the first entry.
    volume.poke(heap - u64::from(root_entries) * 32 + 32, &entry(first));
    for number in first..first + count {
        volume.poke(start(number), &entry(number + 1));
    }
    start(first)
}

#[test]
fn a_directory_that_cannot_be_read_is_no_reason_to_capture_a_clean_volume_whole() {
    let volume = make(16 << 20, "-F 16 -s 1");
    let first = plant_levels(&volume, 100, 3);
    let bad = || FaultDevice::new(open(&volume.path)).unreadable(Extent::new(first + 512, 512));
    let map = allocation_map(&bad());
    assert!(map.source.contains("not all were read: reading"), "{}", map.source);
    assert!(map.used.contains(Extent::new(first, 1024)), "what was found is used");
    assert!(!map.used.intersects(Extent::new(first + 1024, 512)));
    volume.poke(37, &[1]);
    assert!(whole(&bad()).contains("reading"));

    // FAT12 does not tell that it is clean.
    let volume = make(1 << 20, "-F 12 -s 1");
    let first = plant_levels(&volume, 100, 3);
    whole(&FaultDevice::new(open(&volume.path)).unreadable(Extent::new(first, 512)));
}

#[test]
fn more_directories_than_can_be_checked_are_no_reason_to_capture_a_clean_volume_whole() {
    let volume = make(16 << 20, "-F 16 -s 1");
    let before = volume.map();
    let first = plant_levels(&volume, 100, 1_100);
    let map = allocation_map(&open(&volume.path));
    assert!(map.source.contains("not all were read: it has more directories"), "{}", map.source);
    assert!(before.difference(&map.used).is_empty());
    assert!(map.used.contains(Extent::new(first, 1_000 * 512)), "what was found is used");
    assert!(map.used.total() < 2 << 20, "{}", map.used.total());
    volume.poke(37, &[1]);
    assert!(whole(&open(&volume.path)).contains("more directories"));
}

#[test]
fn a_directory_in_a_circle_is_read_once() {
    let volume = make(1 << 30, "-F 32 -s 1");
    let length = u64::from(volume.le32(36)) * 512;
    // Clusters that lie in as many pieces of the table, more than are kept in memory.
    let clusters: Vec<u32> = (20..420).map(|page| page * 3072 + 100).collect();
    let next = clusters[1..].iter().chain(&clusters[..1]);
    for (cluster, next) in clusters.iter().zip(next) {
        for table in [32 * 512, 32 * 512 + length] {
            volume.poke(table + u64::from(*cluster) * 4, &next.to_le_bytes());
        }
    }
    let mut entry = *b"X          \x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let [low, high] = [clusters[0] & 0xffff, clusters[0] >> 16].map(|half| half.to_le_bytes());
    entry[20..22].copy_from_slice(&high[..2]);
    entry[26..28].copy_from_slice(&low[..2]);
    volume.poke(32 * 512 + length * 2 + 32, &entry);
    let device = CountingDevice::new(open(&volume.path));
    let info = identify(&device).unwrap();
    let before = device.read();
    let allocation = allocation(&device, &info);
    assert!(matches!(allocation, Allocation::Mapped(_)));
    let read = device.read() - before;
    assert!(read < 2 * length + (40 << 20), "{read} bytes");
}
