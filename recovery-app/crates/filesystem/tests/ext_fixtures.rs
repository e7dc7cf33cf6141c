//! ext volumes of a few MiB that are kept beside the tests: what is read from them, and what
//! comes of damage. Needs neither root nor loop devices.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::sync::LazyLock;

use block::double::{FaultDevice, StrictDevice};
use block::{BlockDevice, Extent, ExtentSet, MemoryDevice};
use common::{open, sh, sparse_file};
use filesystem::{Kind, MapError, State, ext};
use proptest::prelude::*;

const NAMES: [&str; 6] =
    ["ext2", "ext3-dirty", "ext4", "ext4-bigalloc", "ext4-dirty", "ext4-dirty-plain"];

struct Fixture {
    bytes: Vec<u8>,
    /// Where the pieces of 64 bytes lie that are not all zeros.
    pieces: Vec<usize>,
}

static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ext");
    NAMES
        .iter()
        .map(|name| {
            let file = std::fs::File::open(folder.join(format!("{name}.zst"))).unwrap();
            let bytes = zstd::decode_all(file).unwrap();
            let pieces = bytes.chunks(64).enumerate().filter(|(_, piece)| *piece != [0; 64]);
            let pieces = pieces.map(|(index, _)| index * 64).collect();
            Fixture { bytes, pieces }
        })
        .collect()
});

fn kept(name: &str) -> &'static Fixture {
    &FIXTURES[NAMES.iter().position(|known| *known == name).unwrap()]
}

fn fixture(name: &str) -> Vec<u8> {
    kept(name).bytes.clone()
}

fn device(name: &str) -> MemoryDevice {
    fixture(name).into()
}

/// The volume with bytes replaced.
fn patched(name: &str, patches: &[(usize, &[u8])]) -> MemoryDevice {
    let mut bytes = fixture(name);
    for (at, patch) in patches {
        bytes[*at..*at + patch.len()].copy_from_slice(patch);
    }
    bytes.into()
}

fn why_not(device: &dyn BlockDevice) -> String {
    ext::allocation(device).unwrap_err().to_string()
}

#[test]
fn tells_what_it_is() {
    for name in NAMES {
        let info = ext::probe(&device(name)).unwrap().unwrap();
        let kind = if name.starts_with("ext2") {
            Kind::Ext2
        } else if name.starts_with("ext3") {
            Kind::Ext3
        } else {
            Kind::Ext4
        };
        assert_eq!(info.kind, kind);
        // The label field holds 16 bytes.
        assert_eq!(info.label.as_deref(), Some(name));
        assert_eq!(info.uuid.as_deref(), Some("00112233-4455-6677-8899-aabbccddeeff"));
        assert_eq!(info.size, Some(device(name).size()));
        assert!(info.used.is_some_and(|used| used > 0 && used < device(name).size()));
        assert_eq!(info.system.as_deref(), Some("Test GNU/Linux 1"));
        match name.contains("dirty") {
            true => assert_eq!(info.state, State::Dirty("journal needs recovery".to_owned())),
            false => assert_eq!(info.state, State::Clean),
        }
    }
    assert_eq!(ext::probe(&MemoryDevice::from(vec![0; 1 << 20])).unwrap(), None);
    assert_eq!(ext::probe(&MemoryDevice::from(vec![0xff; 1 << 20])).unwrap(), None);
    assert_eq!(ext::probe(&MemoryDevice::from(vec![0; 100])).unwrap(), None);
}

#[test]
fn reads_files_by_path() {
    for name in NAMES {
        let volume = device(name);
        let read = |path: &str, most| ext::read_file(&volume, path, most).unwrap();
        assert_eq!(read("many/a-rather-long-name-60", 100).as_deref(), Some(&b"content 60"[..]));
        assert_eq!(
            read("/many//./../many/a-rather-long-name-60", 7).as_deref(),
            Some(&b"content"[..])
        );
        assert_eq!(read("many/nothing", 100), None);
        assert_eq!(read("many", 100), None);
        let holes = read("holes", 1 << 20).unwrap();
        let written: Vec<_> = (0..holes.len()).filter(|at| holes[*at] != 0).collect();
        assert_eq!(written, [20, 60, 100, 140, 180, 220, 260].map(|block| block * 1024), "{name}");
    }
    for name in ["ext3-dirty", "ext4-dirty-plain"] {
        let read = |path| ext::read_file(&device(name), path, 4000).unwrap();
        assert_eq!(read("many/synced-8").map(|content| content.len()), Some(3000), "{name}");
        assert_eq!(read("many/a-rather-long-name-1"), None, "{name}: deleted in the journal");
    }
}

#[test]
fn names_the_files_on_bytes() {
    for name in ["ext2", "ext3-dirty", "ext4-bigalloc", "ext4-dirty"] {
        let bytes = fixture(name);
        let at = bytes.windows(12).position(|window| window == b"PRETTY_NAME=").unwrap();
        let extents = Extent::new(at as u64, 1).into();
        let volume = MemoryDevice::from(bytes);
        assert_eq!(ext::files_on(&volume, &extents, 9).unwrap(), ["/usr/lib/os-release"], "{name}");
        let all = ext::files_on(&volume, &ExtentSet::whole(volume.size()), 1000).unwrap();
        for path in ["/", "/etc/os-release", "/holes", "/many", "/many/a-rather-long-name-33"] {
            assert!(all.iter().any(|named| named == path), "{name}: {path} in {all:?}");
        }
        assert_eq!(ext::files_on(&volume, &ExtentSet::whole(volume.size()), 3).unwrap().len(), 3);
        assert!(ext::files_on(&volume, &ExtentSet::empty(), 3).unwrap().is_empty());
    }
}

#[test]
fn maps_without_understanding_are_refused() {
    for (offset, bit, words) in [
        (0x60, 0x1, "incompatible feature 0x1 "),
        (0x62, 0x80, "incompatible feature 0x800000 "),
        (0x64, 0x80, "read-only compatible feature 0x80 "),
        (0x66, 0x40, "read-only compatible feature 0x400000 "),
    ] {
        let at = 1024 + offset;
        let old = fixture("ext4")[at];
        let reason = why_not(&patched("ext4", &[(at, &[old | bit])]));
        assert!(reason.contains(words), "{reason}");
    }
    for (at, value, words) in [
        (0x38, 0, "magic"),
        (0x3a, 3, "recorded errors"),
        (0x3a, 0, "not unmounted in order"),
        (0xc, 0x77, "disagree about free blocks"),
        (0x18, 9, "block size"),
        (0x20, 0x11, "blocks per group"),
    ] {
        let reason = why_not(&patched("ext4", &[(1024 + at, &[value])]));
        assert!(reason.contains(words), "{reason}");
    }
    let mut short = fixture("ext4");
    short.truncate(2 << 20);
    assert!(why_not(&MemoryDevice::from(short)).contains("larger than its volume"));
    let reason = why_not(&patched("ext4-dirty", &[(1024 + 0x78, b"x")]));
    assert!(reason.contains("wrong checksum"), "{reason}");
    // A journal on another device that was not replayed: no inode.
    let reason = why_not(&patched("ext4-dirty-plain", &[(1024 + 0xe0, &[0; 4])]));
    assert!(reason.contains("another device"), "{reason}");
}

#[test]
fn a_dirty_group_whose_bitmap_is_wrong_is_used_whole() {
    for (name, patch) in [("ext4-dirty", 0x18), ("ext4-dirty-plain", 0xc)] {
        let volume = device(name);
        let map = ext::allocation(&volume).unwrap();
        assert!(map.used.total() < map.covered * 9 / 10, "{name}");
        // The free count or bitmap checksum of group 0, in every copy of the descriptor table.
        let mut bytes = fixture(name);
        let table = bytes[2048..2048 + 64].to_vec();
        let place = &table[..12];
        for at in (0..bytes.len() - 64).step_by(1024) {
            if &bytes[at..at + 12] == place {
                bytes[at + patch] ^= 1;
                fix_descriptor_checksum(name, &mut bytes, at);
            }
        }
        let damaged = ext::allocation(&MemoryDevice::from(bytes)).unwrap();
        assert_eq!(damaged.used.total(), damaged.covered, "{name}");
    }
}

fn fix_descriptor_checksum(name: &str, bytes: &mut [u8], at: usize) {
    if name == "ext4-dirty" {
        let raw = |seed: u32, bytes: &[u8]| !crc32c::crc32c_append(!seed, bytes);
        let seed = raw(!0, &bytes[1024 + 0x68..1024 + 0x78]);
        bytes[at + 0x1e..at + 0x20].fill(0);
        let sum = raw(raw(seed, &[0; 4]), &bytes[at..at + 64]);
        bytes[at + 0x1e..at + 0x20].copy_from_slice(&sum.to_le_bytes()[..2]);
    }
}

#[test]
fn an_empty_journal_that_needs_recovery_is_no_damage() {
    let bytes = fixture("ext4-dirty-plain");
    let magic = [0xc0, 0x3b, 0x39, 0x98, 0, 0, 0, 4];
    let journal = bytes.windows(8).position(|window| window == magic).unwrap();
    let volume = patched("ext4-dirty-plain", &[(journal + 0x1c, &[0; 4])]);
    let map = ext::allocation(&volume).unwrap();
    assert!(ext::allocation(&device("ext4-dirty-plain")).unwrap().used.total() >= map.used.total());
    assert!(ext::read_file(&volume, "etc/os-release", 100).unwrap().is_some());
}

/// Where the blocks of the log lie that describe others: byte, type and transaction.
fn log_blocks(bytes: &[u8]) -> Vec<(usize, u32, u32)> {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let starts = (0..bytes.len()).step_by(1024).filter(|at| number(*at) == 0xc03b_3998);
    let blocks = starts.map(|at| (at, number(at + 4), number(at + 8)));
    blocks.filter(|(_, kind, _)| [1, 2, 5].contains(kind)).collect()
}

#[test]
fn a_log_broken_in_the_middle_is_not_taken_for_ended() {
    for name in ["ext3-dirty", "ext4-dirty-plain"] {
        let blocks = log_blocks(&fixture(name));
        let (last, lost) = blocks.split_last().unwrap();
        for (at, _, _) in lost {
            for (field, wrong) in [(0, &[0; 1024][..]), (3, &[0]), (7, &[9]), (11, &[99])] {
                let reason = why_not(&patched(name, &[(at + field, wrong)]));
                assert!(reason.contains("broken off"), "{name}, byte {at}: {reason}");
            }
        }
        // Without its commit block the last transaction was never finished.
        assert!(ext::allocation(&patched(name, &[(last.0, &[0; 1024])])).is_ok(), "{name}");
        // A descriptor that leads over the rest of the log: more tags than blocks follow.
        let first = lost[0].0;
        let many: Vec<u8> = (0..120).flat_map(|_| [0, 0, 0, 70, 0, 0, 0, 2]).collect();
        let reason = why_not(&patched(name, &[(first + 12 + 16 + 8, &many)]));
        assert!(reason.contains("journal"), "{name}: {reason}");
    }
}

#[test]
fn blocks_of_another_life_of_the_journal_are_no_damage() {
    let name = "ext4-dirty-plain";
    let bytes = fixture(name);
    let (last, _, sequence) = *log_blocks(&bytes).last().unwrap();
    let behind = last + 20 * 1024;
    let header = |kind: u32, sequence: u32| {
        [0xc03b_3998, kind, sequence].into_iter().flat_map(u32::to_be_bytes).collect::<Vec<_>>()
    };
    let maps = |kind, sequence| {
        ext::allocation(&patched(name, &[(behind, &header(kind, sequence))])).is_ok()
    };
    // Earlier, the one that was being written, and more than there is room for in between.
    assert!(maps(2, 1) && maps(2, sequence) && maps(1, sequence + 1) && maps(2, 100_000));
    assert!(!maps(2, sequence + 1) && !maps(5, sequence + 2));
}

#[test]
fn checksums_tell_whose_a_later_block_is() {
    let bytes = fixture("ext4-dirty");
    let (last, _, sequence) = *log_blocks(&bytes).last().unwrap();
    let raw = |seed: u32, bytes: &[u8]| !crc32c::crc32c_append(!seed, bytes);
    let mut later = bytes[last..last + 1024].to_vec();
    later[8..12].copy_from_slice(&(sequence + 1).to_be_bytes());
    let another = patched("ext4-dirty", &[(last + 9 * 1024, &later)]);
    assert!(ext::allocation(&another).is_ok());
    later[16..20].fill(0);
    let sum = raw(raw(!0, &bytes[1024 + 0x68..1024 + 0x78]), &later);
    later[16..20].copy_from_slice(&sum.to_be_bytes());
    let own = patched("ext4-dirty", &[(last + 9 * 1024, &later)]);
    assert!(why_not(&own).contains("broken off"));
}

/// Found by fuzzing: the log holds a superblock with more blocks than the one on the volume.
#[test]
fn growth_in_the_journal_counts() {
    let volume = patched("ext4-dirty-plain", &[(1024 + 4, &[0, 12, 0, 0])]);
    let map = ext::allocation(&volume).unwrap();
    assert_eq!(map.covered, volume.size());
    let shrunk = patched("ext4-dirty-plain", &[(1024 + 4, &[1, 16, 0, 0])]);
    assert!(ext::allocation(&shrunk).is_err());
}

#[test]
fn reads_in_whole_aligned_sectors() {
    for name in NAMES {
        for sector in [512, 4096] {
            let volume = StrictDevice::new(MemoryDevice::new(fixture(name), sector));
            let map = ext::allocation(&volume).unwrap();
            assert_eq!(map, ext::allocation(&device(name)).unwrap());
            assert!(ext::probe(&volume).unwrap().unwrap().system.is_some());
        }
    }
}

#[test]
fn a_lost_superblock_is_replaced_by_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    for (size, options) in [
        (20 << 20, "-b 1024"),
        (40 << 20, "-b 2048"),
        (200 << 20, "-b 4096"),
        (200 << 20, "-b 1024 -O bigalloc"),
    ] {
        sparse_file(&path, size);
        sh(&format!("mke2fs -q -F -t ext4 -L mine {options} {}", path.display()));
        let uuid = ext::probe(&open(&path)).unwrap().unwrap().uuid;
        let unreadable = FaultDevice::new(open(&path)).unreadable(Extent::new(1024, 512));
        sh(&format!(
            "dd if=/dev/zero of={0} bs=1024 seek=1 count=1 conv=notrunc status=none",
            path.display()
        ));
        for volume in [&open(&path) as &dyn BlockDevice, &unreadable] {
            let info = ext::probe_backup(volume).unwrap().unwrap();
            assert_eq!(filesystem::identify(volume).unwrap(), info, "{options}");
            assert!(matches!(info.state, State::Damaged(_)), "{options}: {info:?}");
            assert_eq!((info.label.as_deref(), &info.uuid), (Some("mine"), &uuid));
            assert!(ext::allocation(volume).is_err());
        }
        // Something else has been made there since.
        sh(&format!(
            "printf XFSB | dd of={0} bs=1 seek=1030 conv=notrunc status=none",
            path.display()
        ));
        assert_eq!(ext::probe_backup(&open(&path)).unwrap(), None);
    }
}

#[test]
fn an_external_journal_is_a_member() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    sparse_file(&path, 8 << 20);
    sh(&format!("mke2fs -q -F -O journal_dev -b 1024 {}", path.display()));
    let info = ext::probe(&open(&path)).unwrap().unwrap();
    assert!(matches!(info.state, State::Member(_)));
    assert!(matches!(ext::allocation(&open(&path)), Err(MapError::Unsupported(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// On a clean volume every single wrong byte is noticed, or does no harm.
    #[test]
    fn one_wrong_byte_loses_nothing(
        name in prop::sample::select(vec!["ext2", "ext4", "ext4-bigalloc"]),
        index: prop::sample::Index,
        within in 0_usize..64,
        flip in 1_u8..,
    ) {
        let mut bytes = fixture(name);
        let truth = ext::allocation(&device(name)).unwrap();
        let at = kept(name).pieces[index.index(kept(name).pieces.len())] + within;
        bytes[at] ^= flip;
        if let Ok(map) = ext::allocation(&MemoryDevice::from(bytes)) {
            let lost = truth.used.difference(&map.used);
            prop_assert!(lost.is_empty(), "byte {at}: lost {lost:?}");
        }
    }

    /// Nothing in damaged volumes makes a reader panic, hang or leave the volume.
    #[test]
    fn damage_is_an_answer(
        name in prop::sample::select(NAMES.to_vec()),
        patches in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..64, any::<u32>()), 1..8),
    ) {
        let mut bytes = fixture(name);
        for (index, within, value) in patches {
            let pieces = &kept(name).pieces;
            let at = (pieces[index.index(pieces.len())] + within).min(bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        let volume = MemoryDevice::from(bytes);
        let _ = ext::probe(&volume);
        let _ = ext::probe_backup(&volume);
        let _ = ext::read_file(&volume, "etc/os-release", 4096);
        let _ = ext::files_on(&volume, &ExtentSet::whole(volume.size()), 50);
        if let Ok(map) = ext::allocation(&volume) {
            prop_assert!(map.covered <= volume.size() && map.used.end() <= map.covered);
        }
    }
}
