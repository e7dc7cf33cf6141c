//! What the btrfs tests share: mounts that clean up, and btrfs-progs' own account of what is used.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod patches;

use std::path::{Path, PathBuf};

use block::{Extent, ExtentSet};

use crate::common::{sh, try_sh};

/// A mounted filesystem image; unmounted and detached when dropped.
pub struct Mount {
    device: String,
    pub point: PathBuf,
}

impl Mount {
    /// Mounts the volume file `image` on the new directory `point`.
    pub fn new(image: &Path, point: &Path, options: &str) -> Self {
        std::fs::create_dir_all(point).unwrap();
        let device = sh(&format!("losetup -f --show {}", image.display())).trim().to_owned();
        // From here on, a failure to mount detaches the loop device.
        let mount = Self { device, point: point.to_owned() };
        let options = if options.is_empty() { "defaults" } else { options };
        sh(&format!("mount -o {options} {} {}", mount.device, point.display()));
        mount
    }

    /// Runs a shell command in the mounted directory.
    pub fn run(&self, command: &str) -> String {
        sh(&format!("cd {}; {command}", self.point.display()))
    }

    /// A line of hash and path for every file.
    pub fn hashes(&self) -> String {
        self.run("find . -type f -print0 | sort -z | xargs -0 -r sha256sum")
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let (point, device) = (self.point.display(), &self.device);
        for _ in 0..20 {
            let state = try_sh(&format!("! mountpoint -q {point} || umount {point}"));
            if state.status.success() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
        }
        let _ = try_sh(&format!("losetup -d {device}"));
    }
}

/// A chunk as btrfs-progs prints it.
#[derive(Default)]
struct Chunk {
    logical: u64,
    length: u64,
    holds_nodes: bool,
    places: Vec<u64>,
}

/// What btrfs-progs, an independent reader of the same structures, says of a filesystem.
pub struct Progs {
    /// Bytes of all extents on the device, all copies, without superblocks and log trees.
    pub used: ExtentSet,
    /// The same extents by their logical addresses.
    pub logical: ExtentSet,
    /// Size of tree nodes.
    pub node: u64,
    /// Chunks with one copy that may hold tree nodes, on the device.
    pub single: ExtentSet,
}

/// The used bytes by btrfs-progs' reading of the chunk and extent trees.
pub fn progs_map(image: &Path) -> Progs {
    let dump =
        |tree: &str| sh(&format!("btrfs inspect-internal dump-tree -t {tree} {}", image.display()));
    let number = |word: &str| word.trim_matches(['(', ')']).parse::<u64>().unwrap();
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut node = 0;
    for line in dump("chunk").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["item", _, "key", _, "CHUNK_ITEM", logical, ..] => {
                chunks.push(Chunk { logical: number(logical), ..Chunk::default() });
            }
            ["length", length, "owner", .., kind] => {
                let chunk = chunks.last_mut().unwrap();
                chunk.length = number(length);
                chunk.holds_nodes = kind.contains("METADATA") || kind.contains("SYSTEM");
            }
            ["stripe", _, "devid", _, "offset", place] => {
                chunks.last_mut().unwrap().places.push(number(place));
            }
            _ => {}
        }
    }
    let supers = sh(&format!("btrfs inspect-internal dump-super {}", image.display()));
    for line in supers.lines() {
        if let ["nodesize", size] = line.split_whitespace().collect::<Vec<_>>()[..] {
            node = number(size);
        }
    }
    let (mut used, mut logical) = (Vec::new(), Vec::new());
    for line in dump("extent").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let extent = match words[..] {
            ["item", _, "key", start, "EXTENT_ITEM", length, ..] => {
                Extent::new(number(start), number(length))
            }
            ["item", _, "key", start, "METADATA_ITEM", ..] => Extent::new(number(start), node),
            _ => continue,
        };
        let holds = |chunk: &&Chunk| Extent::new(chunk.logical, chunk.length).contains(&extent);
        let chunk = chunks.iter().find(holds).unwrap();
        let distance = extent.start - chunk.logical;
        logical.push(extent);
        used.extend(chunk.places.iter().map(|place| Extent::new(place + distance, extent.length)));
    }
    let single = chunks.iter().filter(|chunk| chunk.places.len() == 1 && chunk.holds_nodes);
    let single = single.map(|chunk| Extent::new(chunk.places[0], chunk.length)).collect();
    Progs { used: used.into_iter().collect(), logical: logical.into_iter().collect(), node, single }
}

/// What the map must hold beside extents: the first MiB and the superblock's mirrors.
pub fn fixed(size: u64) -> ExtentSet {
    [Extent::new(0, 1 << 20), Extent::new(64 << 20, 4096), Extent::new(256 << 30, 4096)]
        .into_iter()
        .filter(|extent| extent.end() <= size)
        .collect()
}

/// Asserts that `ours` holds all of partclone's map, but for its known faults.
///
/// partclone 0.3.23 counts in blocks of the node size; marks, instead of a tree node, everything
/// from the node to the end of its 64 KiB stripe (with the single profile: of its chunk); and marks data of files at their logical
/// addresses as if these were places on the device (besides the true places, which it has from
/// the checksum tree). What only partclone has must be one of these. It also marks only the first
/// copy of DUP chunks, so its map gives no upper bound: `progs_map` gives an exact one.
pub fn assert_holds_partclone(ours: &ExtentSet, theirs: &ExtentSet, progs: &Progs) {
    let blocks = |set: &ExtentSet| -> ExtentSet {
        set.iter().map(|extent| extent.aligned_out(progs.node)).collect()
    };
    let known = blocks(ours).union(&blocks(&progs.logical));
    for extra in theirs.difference(&known).iter() {
        let behind = known.intersects(Extent::new(extra.start - 1, 1));
        let limited = extra.length < 64 << 10 || progs.single.contains(extra);
        assert!(behind && limited, "{extra:?} is only in partclone's map");
    }
}

/// Asserts that `btrfs check` finds nothing wrong, data checksums included.
pub fn assert_checks(image: &Path) {
    sh(&format!("btrfs check --readonly --check-data-csum {} 2>&1", image.display()));
}
