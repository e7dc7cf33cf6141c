//! ext volumes made to keep a reader busy: what they claim must not decide how long it takes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use block::double::CountingDevice;
use common::{open, sh, sparse_file};
use filesystem::{Allocation, ext};

const BLOCK: u64 = 4096;
/// Blocks in the middle of the volume, for crafted maps.
const FREE: u32 = 1_000_000;
const ROOT: u64 = 2;
const JOURNAL: u64 = 8;
/// More than a reader needs for any job on a volume as empty as these.
const MOST_READS: u64 = 100_000;

/// A sparse and empty volume of 8 GiB whose structures can be changed.
struct Crafted {
    _folder: tempfile::TempDir,
    path: PathBuf,
    file: File,
}

impl Crafted {
    fn new(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("volume");
        sparse_file(&path, 8 << 30);
        sh(&format!(
            "mke2fs -q -F -b 4096 -I 256 -E lazy_itable_init=1,lazy_journal_init=1 {options} {}",
            path.display()
        ));
        let file = File::options().read(true).write(true).open(&path).unwrap();
        Self { _folder: folder, path, file }
    }

    fn number(&self, at: u64) -> u32 {
        let mut bytes = [0; 4];
        self.file.read_exact_at(&mut bytes, at).unwrap();
        u32::from_le_bytes(bytes)
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        self.file.write_all_at(bytes, at).unwrap();
    }

    /// Where an inode of the first group lies, in bytes.
    fn inode(&self, number: u64) -> u64 {
        u64::from(self.number(BLOCK + 8)) * BLOCK + (number - 1) * 256
    }

    /// Gives an inode another map and a size of 1 GiB.
    fn set_map(&self, number: u64, flags: u32, map: &[u8]) {
        let inode = self.inode(number);
        self.write(inode + 4, &(1_u32 << 30).to_le_bytes());
        self.write(inode + 0x20, &flags.to_le_bytes());
        self.write(inode + 0x28, map);
    }

    fn set_extents(&self, number: u64, depth: u16, entries: &[[u32; 3]]) {
        self.set_map(number, 0x8_0000, &node(depth, entries));
    }

    /// Why there is no map; fails when finding out takes more than [`MOST_READS`].
    fn why_not(&self) -> String {
        let device = CountingDevice::new(open(&self.path));
        let info = filesystem::identify(&device).unwrap();
        let allocation = filesystem::allocation(&device, &info);
        let reads = device.reads();
        assert!(reads < MOST_READS, "{reads} reads");
        match allocation {
            Allocation::Whole(reason) => reason,
            Allocation::Mapped(map) => map.source,
        }
    }
}

/// A node of an extent tree, with entries of three words each.
fn node(depth: u16, entries: &[[u32; 3]]) -> Vec<u8> {
    let count = u16::try_from(entries.len()).unwrap();
    let header = [0xf30a, count, 340, depth, 0, 0].map(u16::to_le_bytes);
    let words = entries.iter().flatten().map(|word| word.to_le_bytes());
    header.into_iter().flatten().chain(words.flatten()).collect()
}

#[test]
fn an_extent_tree_without_extents_ends_at_once() {
    for number in [ROOT, JOURNAL] {
        let volume = Crafted::new("-t ext4 -O ^metadata_csum");
        for depth in 0..5_u16 {
            let child = [0, FREE + u32::from(depth) - 1, 0];
            let entries = if depth == 0 { vec![] } else { vec![child; 340] };
            let place = u64::from(FREE) + u64::from(depth);
            volume.write(place * BLOCK, &node(depth, &entries));
        }
        volume.set_extents(number, 5, &[[0, FREE + 4, 0]; 4]);
        let reason = volume.why_not();
        assert!(number == ROOT || reason.contains("has no entries"), "{reason}");
    }
}

#[test]
fn nodes_of_an_extent_tree_ascend() {
    let volume = Crafted::new("-t ext4 -O ^metadata_csum");
    volume.write(u64::from(FREE) * BLOCK, &node(0, &[[0, 1, FREE + 9]]));
    for (entries, words) in [
        ([[0, FREE, 0], [0, FREE, 0]], "nodes of an extent tree overlap"),
        // What lies before the place that the node above gives.
        ([[1, FREE, 0], [2, FREE, 0]], "extents of a file overlap"),
    ] {
        volume.set_extents(JOURNAL, 1, &entries);
        let reason = volume.why_not();
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn empty_pointer_blocks_are_not_followed_for_long() {
    for number in [ROOT, JOURNAL] {
        let volume = Crafted::new("-t ext3");
        // Three levels that name the next one in all places; the last one is empty.
        for level in 0..2 {
            let pointers = (FREE + 1 + level).to_le_bytes().repeat(1024);
            volume.write(u64::from(FREE + level) * BLOCK, &pointers);
        }
        let mut map = [0; 60];
        map[56..].copy_from_slice(&FREE.to_le_bytes());
        volume.set_map(number, 0, &map);
        let reason = volume.why_not();
        assert!(number == ROOT || reason.contains("more blocks than make sense"), "{reason}");
    }
}

#[test]
fn a_huge_directory_is_not_searched_to_its_end() {
    let volume = Crafted::new("-t ext4 -O ^metadata_csum");
    let run = |index: u32| [index << 15, 1 << 15, FREE + (index << 15)];
    volume.set_extents(ROOT, 0, &[run(0), run(1), run(2), run(3)]);
    assert_eq!(volume.why_not(), "ext4 block bitmaps");
}

#[test]
fn a_journal_lies_in_blocks_of_its_own() {
    let volume = Crafted::new("-t ext4 -O ^metadata_csum -J size=64");
    let first = volume.number(volume.inode(JOURNAL) + 0x28 + 12 + 8);
    volume.set_extents(JOURNAL, 0, &[[0, 1 << 13, first], [1 << 13, 1 << 13, first]]);
    let reason = volume.why_not();
    assert!(reason.contains("two of its blocks are the same"), "{reason}");
}

#[test]
fn groups_do_not_share_a_bitmap() {
    let volume = Crafted::new("-t ext4 -O ^metadata_csum,^uninit_bg,^64bit");
    let first = volume.number(BLOCK);
    volume.write(BLOCK + 32, &first.to_le_bytes());
    let device = open(&volume.path);
    let reason = ext::allocation(&device).unwrap_err().to_string();
    assert!(reason.contains("is that of another group"), "{reason}");
}
