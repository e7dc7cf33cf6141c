//! exFAT volumes with chains and directories that no formatter would write.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use block::double::{CountingDevice, FaultDevice};
use block::{BlockDevice, Extent, ExtentSet};
use common::{open, sh, sparse_file};
use filesystem::{Allocation, AllocationMap, allocation, identify};
use tempfile::TempDir;

const DIRECTORY: u16 = 0x10;
/// Flags of a stream: clusters that the table describes, and those that follow each other.
const CHAIN: u8 = 1;
const CONTIGUOUS: u8 = 3;

/// A volume file in a folder of its own.
struct Volume {
    _folder: TempDir,
    path: PathBuf,
}

fn make(size: u64, options: &str) -> Volume {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, size);
    sh(&format!("mkfs.exfat {options} {}", path.display()));
    Volume { _folder: folder, path }
}

impl Volume {
    fn poke(&self, offset: u64, bytes: &[u8]) {
        let file = fs::OpenOptions::new().write(true).open(&self.path).unwrap();
        file.write_all_at(bytes, offset).unwrap();
    }

    fn peek<const N: usize>(&self, offset: u64) -> [u8; N] {
        open(&self.path).read_vec(offset, N).unwrap().try_into().unwrap()
    }

    fn le32(&self, offset: u64) -> u32 {
        u32::from_le_bytes(self.peek(offset))
    }

    fn cluster(&self, number: u32) -> Extent {
        let shifts: [u8; 2] = self.peek(108);
        let size = 1 << (shifts[0] + shifts[1]);
        let heap = u64::from(self.le32(88)) << shifts[0];
        Extent::new(heap + u64::from(number - 2) * size, size)
    }

    fn root(&self) -> u32 {
        self.le32(96)
    }

    /// Writes a chain into the table.
    fn chain(&self, clusters: &[u32]) {
        let next = clusters[1..].iter().copied().chain([u32::MAX]);
        for (cluster, next) in clusters.iter().zip(next) {
            self.lead(*cluster, next);
        }
    }

    /// Makes the table lead from one cluster to another.
    fn lead(&self, from: u32, to: u32) {
        let [shift] = self.peek::<1>(108);
        let table = u64::from(self.le32(80)) << shift;
        self.poke(table + u64::from(from) * 4, &to.to_le_bytes());
    }

    /// Adds an entry to the root directory, which must have room for it.
    fn plant(&self, attributes: u16, flags: u8, first: u32, length: u64) {
        self.plant_entries(&entry(attributes, flags, first, length));
    }

    /// Adds entries to the root directory, which must have room for them.
    fn plant_entries(&self, entries: &[u8]) {
        let root = self.cluster(self.root()).start;
        let free = (root..).step_by(32).find(|place| self.peek(*place) == [0]).unwrap();
        self.poke(free, entries);
    }

    /// Adds `count` directories of one cluster each, all in one directory that starts at `first`.
    fn plant_directories(&self, first: u32, count: u32) {
        let cluster = self.cluster(first).length;
        let bytes = (u64::from(count) * 96).next_multiple_of(cluster);
        let below = first + u32::try_from(bytes / cluster).unwrap();
        let entries: Vec<u8> = (below..below + count)
            .flat_map(|number| entry(DIRECTORY, CONTIGUOUS, number, cluster))
            .collect();
        self.poke(self.cluster(first).start, &entries);
        self.plant(DIRECTORY, CONTIGUOUS, first, bytes);
    }

    /// Adds directories of one cluster each from `first` on, each in the one before it.
    fn plant_levels(&self, first: u32, count: u32) {
        let cluster = self.cluster(first).length;
        self.plant(DIRECTORY, CONTIGUOUS, first, cluster);
        for number in first..first + count {
            let below = entry(DIRECTORY, CONTIGUOUS, number + 1, cluster);
            self.poke(self.cluster(number).start, &below);
        }
    }

    /// Sets VolumeDirty.
    fn make_dirty(&self) {
        self.poke(106, &[2]);
    }

    /// The map, and the bytes that were read for it.
    fn map(&self) -> (Allocation, u64) {
        let device = CountingDevice::new(open(&self.path));
        let info = identify(&device).unwrap();
        let before = device.read();
        let allocation = allocation(&device, &info);
        (allocation, device.read() - before)
    }
}

/// The entries of a file or directory that is called `x`.
fn entry(attributes: u16, flags: u8, first: u32, length: u64) -> [u8; 96] {
    let mut entry = [0; 96];
    entry[..2].copy_from_slice(&[0x85, 2]);
    entry[4..6].copy_from_slice(&attributes.to_le_bytes());
    entry[32..36].copy_from_slice(&[0xc0, flags, 0, 1]);
    entry[52..56].copy_from_slice(&first.to_le_bytes());
    entry[56..64].copy_from_slice(&length.to_le_bytes());
    entry[64..68].copy_from_slice(&[0xc1, 0, b'x', 0]);
    entry
}

fn mapped(allocation: Allocation) -> AllocationMap {
    match allocation {
        Allocation::Mapped(map) => map,
        Allocation::Whole(reason) => panic!("captured whole: {reason}"),
    }
}

fn used(allocation: Allocation) -> ExtentSet {
    mapped(allocation).used
}

fn whole(allocation: Allocation) -> String {
    match allocation {
        Allocation::Mapped(map) => panic!("mapped: {}", map.source),
        Allocation::Whole(reason) => reason,
    }
}

#[test]
fn a_chain_that_hops_costs_little_reading_for_each_hop() {
    let to_and_fro = (0..2_000).flat_map(|hop| [50_000 + hop * 3, 900_000 + hop * 3]).collect();
    // Multiples of a number modulo a prime: no cluster comes twice.
    let all_over =
        (1..3_000_u64).map(|hop| 20_000 + u32::try_from(hop * 777_777 % 1_999_993).unwrap());
    let chains: [(Vec<u32>, u64); 2] = [(to_and_fro, 4 << 20), (all_over.collect(), 40 << 20)];
    for (hops, most) in chains {
        let volume = make(1 << 30, "-c 512");
        volume.chain(&hops);
        volume.plant(0, CHAIN, hops[0], hops.len() as u64 * 512);
        let (allocation, read) = volume.map();
        let used = used(allocation);
        assert!(hops.iter().all(|cluster| used.contains(volume.cluster(*cluster))));
        assert!(read < most, "{read} bytes");
    }
}

#[test]
fn a_file_that_ends_with_a_vendors_extension_is_not_forgotten() {
    let volume = make(64 << 20, "-c 32K");
    let (file, extension, next) = (volume.root() + 10, volume.root() + 20, volume.root() + 30);
    let mut entries = entry(0, CONTIGUOUS, file, 100).to_vec();
    entries[1] = 3;
    let mut vendor = [0; 32];
    vendor[..2].copy_from_slice(&[0xe1, CONTIGUOUS]);
    vendor[20..24].copy_from_slice(&extension.to_le_bytes());
    vendor[24..32].copy_from_slice(&100_u64.to_le_bytes());
    entries.extend(vendor);
    volume.plant_entries(&entries);
    volume.plant(0, CONTIGUOUS, next, 100);
    let used = used(volume.map().0);
    for cluster in [file, extension, next] {
        assert!(used.contains(volume.cluster(cluster)), "{cluster}");
    }
}

#[test]
fn directories_are_read_up_to_their_end() {
    let volume = make(256 << 20, "-c 32K");
    for first in 0..200 {
        volume.plant(DIRECTORY, CONTIGUOUS, volume.root() + 1 + first, 200 << 20);
    }
    let (allocation, read) = volume.map();
    used(allocation);
    assert!(read < 16 << 20, "{read} bytes");
}

#[test]
fn directories_that_overlap_without_end_are_damage() {
    let volume = make(128 << 20, "-c 32K");
    let first = volume.root() + 1;
    // Entries that were deleted.
    let deleted: Vec<u8> = [5].into_iter().chain([0; 31]).cycle().take(60 << 20).collect();
    volume.poke(volume.cluster(first).start, &deleted);
    for number in 0..100 {
        volume.plant(DIRECTORY, CONTIGUOUS, first + number, 50 << 20);
    }
    let (allocation, read) = volume.map();
    assert!(matches!(allocation, Allocation::Whole(reason) if reason.contains("directories")));
    assert!(read < 512 << 20, "{read} bytes");
}

#[test]
fn as_many_directories_as_a_folder_can_have_are_checked() {
    let volume = make(8 << 30, "-c 4K");
    let first = volume.root() + 1;
    volume.plant_directories(first, 66_000);
    let map = mapped(volume.map().0);
    assert!(map.used.contains(volume.cluster(first + 66_000)));
    assert!(map.used.total() < 300 << 20, "{}", map.used.total());
    assert!(!map.source.contains("not all were read"), "{}", map.source);
}

#[test]
fn more_directories_than_can_be_checked_are_no_reason_to_capture_a_clean_volume_whole() {
    let volume = make(64 << 20, "-c 4K");
    let before = used(volume.map().0);
    let first = volume.root() + 1;
    volume.plant_levels(first, 1_100);
    let map = mapped(volume.map().0);
    assert!(map.source.contains("not all were read: it has more directories"), "{}", map.source);
    assert!(before.difference(&map.used).is_empty());
    assert!(map.used.contains(volume.cluster(first + 1_000)), "what was found is used");
    assert!(map.used.total() < 8 << 20, "{}", map.used.total());
    volume.make_dirty();
    assert!(whole(volume.map().0).contains("more directories"));
}

#[test]
fn a_directory_that_cannot_be_read_is_no_reason_to_capture_a_clean_volume_whole() {
    let volume = make(64 << 20, "-c 32K");
    let folder = volume.root() + 1;
    volume.plant_levels(folder, 3);
    let bad = |cluster: u32, at: u64| {
        let sector = Extent::new(volume.cluster(cluster).start + at, 512);
        let device = FaultDevice::new(open(&volume.path)).unreadable(sector);
        allocation(&device, &identify(&device).unwrap())
    };
    let found = used(volume.map().0);
    let map = mapped(bad(folder + 1, 0));
    assert!(map.source.contains("not all were read: reading"), "{}", map.source);
    assert!(map.used.contains(volume.cluster(folder + 1)), "what was found is used");
    assert!(map.used.difference(&found).is_empty());
    // The root directory, behind the entries of the filesystem's own files.
    mapped(bad(volume.root(), 8192));
    whole(bad(volume.root(), 0));
    volume.make_dirty();
    assert!(whole(bad(folder + 1, 0)).contains("reading"));
}

/// Clusters that lie in as many pieces of the table, more than are kept in memory.
fn far_apart() -> Vec<u32> {
    (20..420).map(|page| page * 3072 + 100).collect()
}

#[test]
fn a_chain_in_a_circle_is_followed_once() {
    let volume = make(1 << 30, "-c 512");
    let clusters = far_apart();
    volume.chain(&clusters);
    volume.lead(clusters[399], clusters[10]);
    volume.plant(0, CHAIN, clusters[0], 1 << 30);
    let (allocation, read) = volume.map();
    let used = used(allocation);
    assert!(clusters.iter().all(|cluster| used.contains(volume.cluster(*cluster))));
    assert!(read < 32 << 20, "{read} bytes");
}

#[test]
fn chains_that_hop_without_end_cost_no_more_reading_than_the_volume() {
    let volume = make(1 << 30, "-c 512");
    let clusters = far_apart();
    volume.chain(&clusters);
    volume.lead(clusters[399], clusters[0]);
    let files: Vec<u8> =
        clusters.iter().flat_map(|first| entry(0, CHAIN, *first, 1 << 30)).collect();
    let folder = volume.root() + 1;
    volume.poke(volume.cluster(folder).start, &files);
    volume.plant(DIRECTORY, CONTIGUOUS, folder, files.len() as u64);
    let (allocation, read) = volume.map();
    let map = mapped(allocation);
    assert!(map.source.contains("not all were read: its chains"), "{}", map.source);
    assert!(read < (1 << 30) + (32 << 20), "{read} bytes");
    volume.make_dirty();
    assert!(whole(volume.map().0).contains("its chains"));
}

#[test]
fn a_directory_in_a_circle_is_read_once() {
    let volume = make(1 << 30, "-c 512");
    let clusters = far_apart();
    volume.chain(&clusters);
    volume.lead(clusters[399], clusters[0]);
    for cluster in &clusters {
        volume.poke(volume.cluster(*cluster).start, &[5; 512]);
    }
    volume.plant(DIRECTORY, CHAIN, clusters[0], 200 << 20);
    let (allocation, read) = volume.map();
    used(allocation);
    assert!(read < 32 << 20, "{read} bytes");
}
