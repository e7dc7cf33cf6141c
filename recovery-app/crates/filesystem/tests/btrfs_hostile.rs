//! The btrfs reader on changed filesystems: what must be refused is, and nothing panics.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod btrfs_support;
mod common;

use std::path::Path;

use block::BlockDevice;
use block::double::StrictDevice;
use btrfs_support::patches::{Base, exercise};
use btrfs_support::{Mount, assert_checks, fixed, progs_map};
use common::{open, scramble_free, sh};
use filesystem::{MapError, State, btrfs};

const SUPERBLOCK: u64 = 64 << 10;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/btrfs");
    std::fs::read(folder.join(name)).unwrap()
}

fn base(name: &str) -> Base {
    Base::unpack(&fixture(name))
}

fn unpack(name: &str, to: &Path) {
    std::fs::write(to, zstd::decode_all(&fixture(name)[..]).unwrap()).unwrap();
}

#[test]
fn block_group_tree_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let (image, point) = (directory.path().join("volume"), directory.path().join("mount"));
    unpack("block-group-tree.zst", &image);
    let before = Mount::new(&image, &point, "ro").hashes();
    let device = open(&image);
    let map = btrfs::allocation(&device).unwrap();
    assert_eq!(map.used, progs_map(&image).used.union(&fixed(device.size())));
    let info = btrfs::probe(&device).unwrap().unwrap();
    assert_eq!((info.state, info.system.as_deref()), (State::Clean, Some("Fixture 1")));
    scramble_free(&image, &map.used);
    assert_checks(&image);
    assert_eq!(Mount::new(&image, &point, "").hashes(), before);
}

#[test]
fn log_tree_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let (image, point) = (directory.path().join("volume"), directory.path().join("mount"));
    unpack("log.zst", &image);
    let device = open(&image);
    let map = btrfs::allocation(&device).unwrap();
    assert_eq!(map.source, "btrfs extent tree and log trees");
    let info = btrfs::probe(&device).unwrap().unwrap();
    assert_eq!(info.state, State::Dirty("log tree to replay".to_owned()));
    // All reads are aligned to sectors of 4 KiB, as a disk past the page cache asks for.
    let strict = StrictDevice::new(open(&image).with_logical_sector(4096));
    assert_eq!(btrfs::allocation(&strict).unwrap(), map);
    assert_eq!(btrfs::probe(&strict).unwrap().unwrap(), info);
    let committed = progs_map(&image).used.union(&fixed(device.size()));
    assert!(committed.difference(&map.used).is_empty());
    assert!(map.used.difference(&committed).total() > 80 * 4096);
    scramble_free(&image, &map.used);
    {
        let mount = Mount::new(&image, &point, "");
        for i in 1..=40 {
            mount.run(&format!(
                "for f in fsynced{i} inner/fsynced{i}; do seq {i} 1500 | cmp - $f; done"
            ));
        }
        mount.run("btrfs scrub start -Bq .");
    }
    assert_checks(&image);
}

/// What the reader says of `base` after one change to the primary superblock.
fn with_superblock(base: &Base, at: u16, bytes: &[u8]) -> Result<String, String> {
    let change = base.change(SUPERBLOCK, at, bytes);
    match btrfs::allocation(&base.patched(&change)) {
        Ok(map) => Ok(map.source),
        Err(MapError::Unsupported(reason)) => Err(reason),
        Err(error) => Err(format!("damaged: {error}")),
    }
}

#[test]
fn what_is_not_read_is_named() {
    let base = base("block-group-tree.zst");
    let refusal = |at, bytes: &[u8]| with_superblock(&base, at, bytes).unwrap_err();
    let incompat = 0x341_u64;
    let with = |bit: u64| (incompat | bit).to_le_bytes();
    assert_eq!(refusal(188, &with(1 << 12)), "btrfs with zoned mode is not read");
    assert_eq!(refusal(188, &with(1 << 13)), "btrfs with extent tree v2 is not read");
    assert_eq!(refusal(188, &with(1 << 14)), "btrfs with the RAID stripe tree is not read");
    assert_eq!(refusal(188, &with(1 << 17)), "btrfs with the remap tree is not read");
    assert_eq!(refusal(188, &with(1 << 15)), "btrfs incompatible feature 0x8000 is unknown");
    assert_eq!(
        refusal(188, &with(1 << 63)),
        format!("btrfs incompatible feature {:#x} is unknown", 1_u64 << 63)
    );
    assert_eq!(refusal(180, &[0x1b]), "btrfs read-only compatible feature 0x10 is unknown");
    assert_eq!(refusal(196, &[4]), "damaged: btrfs checksum type 4 is unknown");
    assert_eq!(refusal(136, &[2]), "btrfs on 2 devices");
    assert_eq!(refusal(201, &[0]), "btrfs device that is being replaced");
    assert_eq!(refusal(56, &[5]), "damaged: btrfs has recorded an error in its superblock");
    assert_eq!(refusal(61, &[8]), "btrfs superblock flag 0x80000000000 is unknown");
    // Simple quotas change nothing about places.
    assert!(with_superblock(&base, 188, &with(1 << 16)).is_ok());
}

#[test]
fn counts_that_disagree_are_damage() {
    let base = base("log.zst");
    let used = with_superblock(&base, 120, &[0x11]).unwrap_err();
    assert!(used.starts_with("damaged: btrfs extents have"), "{used}");
    let generation = with_superblock(&base, 72, &[0xff]).unwrap_err();
    assert!(generation.starts_with("damaged: btrfs tree node at"), "{generation}");
    let size = with_superblock(&base, 209 + 4, &[1]).unwrap_err();
    assert!(size.starts_with("damaged: btrfs covers"), "{size}");
}

#[test]
fn log_that_cannot_be_read_is_damage() {
    let base = base("log.zst");
    // The log root, one sector on: nothing of the log is there.
    let raw = zstd::decode_all(&fixture("log.zst")[..]).unwrap();
    let place = usize::try_from(SUPERBLOCK).unwrap() + 96;
    let log_root = u64::from_le_bytes(raw[place..place + 8].try_into().unwrap());
    assert_ne!(log_root, 0);
    let moved = with_superblock(&base, 96, &(log_root + 4096).to_le_bytes()).unwrap_err();
    assert!(moved.starts_with("damaged: "), "{moved}");

    // Each log tree node in turn with a wrong generation in both copies.
    let expected = btrfs::allocation(&base.patched(&[])).unwrap();
    let log_nodes: Vec<u64> = base
        .targets()
        .iter()
        .copied()
        .filter(|place| {
            let at = usize::try_from(*place).unwrap();
            let is_log = raw[at + 88..at + 96] == 6_u64.wrapping_neg().to_le_bytes();
            is_log && expected.used.contains(block::Extent::new(*place, 4096))
        })
        .collect();
    assert!(log_nodes.len() >= 8, "{log_nodes:?}");
    let address = |place: u64| {
        let at = usize::try_from(place).unwrap();
        raw[at + 48..at + 56].to_vec()
    };
    for place in &log_nodes {
        let copies = log_nodes.iter().filter(|other| address(**other) == address(*place));
        let changes: Vec<u8> = copies.flat_map(|copy| base.change(*copy, 80, &[0xee])).collect();
        let error = btrfs::allocation(&base.patched(&changes)).unwrap_err();
        assert!(matches!(error, MapError::Damaged(_)), "{error}");
    }
}

#[test]
fn flipped_bits_never_change_the_map() {
    for name in ["log.zst", "block-group-tree.zst"] {
        let base = base(name);
        let sound = btrfs::allocation(&base.patched(&[])).unwrap();
        let mut noticed = 0;
        // The top bit of the place leaves the checksum as it was.
        let within = (0x8000 + 72..0x8000 + 4096).step_by(7).cycle();
        for (place, at) in base.targets().iter().zip(within) {
            let flipped = base.patched(&base.change(*place, at, &[0xa5]));
            match btrfs::allocation(&flipped) {
                Ok(map) => assert_eq!(map, sound),
                Err(_) => noticed += 1,
            }
        }
        // Where there are two copies of all nodes, only the superblock cannot be made up for.
        assert!(noticed > 0);
    }
}

#[test]
fn changes_at_random_never_panic() {
    let bases = [base("log.zst"), base("block-group-tree.zst")];
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..600 {
        let changes: Vec<u8> = (0..1 + random() % 3)
            .flat_map(|_| {
                let numbers = random().to_le_bytes();
                let at = u16::try_from(random() % if round % 2 == 0 { 220 } else { 4096 }).unwrap();
                let [a, b, ..] = at.to_le_bytes();
                [numbers[0], numbers[1] % 2, a, b, 0, numbers[2]]
            })
            .collect();
        exercise(&bases[round % 2].patched(&changes));
    }
}

/// The inputs that the fuzzer found worth keeping: each a length (two bytes) and the input.
#[test]
fn inputs_of_the_fuzzer_never_panic() {
    let bases = [base("log.zst"), base("block-group-tree.zst")];
    let corpus = fixture("corpus.bin");
    let mut rest = &corpus[..];
    while let [low, high, behind @ ..] = rest {
        let (input, behind) = behind.split_at(usize::from(u16::from_le_bytes([*low, *high])));
        if let [base, changes @ ..] = input {
            exercise(&bases[usize::from(base % 2)].patched(changes));
        }
        rest = behind;
    }
}

#[test]
fn fixtures_are_intact() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["log.zst", "block-group-tree.zst"] {
        let image = directory.path().join(name);
        unpack(name, &image);
        sh(&format!("btrfs check --readonly {} 2>&1", image.display()));
    }
}
