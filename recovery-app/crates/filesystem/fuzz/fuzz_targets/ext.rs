//! The ext readers on damaged volumes.
//!
//! An input chooses one of the small volumes in `tests/fixtures/ext` and is a list of patches on
//! it. A patch names the n-th 1 KiB block that is not all zeros, so that nearly every one hits a
//! structure.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use block::{BlockDevice, ExtentSet, MemoryDevice};
use filesystem::ext;
use libfuzzer_sys::fuzz_target;

const BLOCK: usize = 1024;

#[derive(Arbitrary, Debug)]
struct Patch {
    block: u16,
    offset: u16,
    bytes: [u8; 4],
    length: u8,
}

#[derive(Arbitrary, Debug)]
struct Input {
    volume: u8,
    patches: Vec<Patch>,
}

struct Volume {
    bytes: Vec<u8>,
    interesting: Vec<usize>,
}

static VOLUMES: LazyLock<Vec<Volume>> = LazyLock::new(|| {
    let packed: [&[u8]; 6] = [
        include_bytes!("../../tests/fixtures/ext/ext2.zst"),
        include_bytes!("../../tests/fixtures/ext/ext3-dirty.zst"),
        include_bytes!("../../tests/fixtures/ext/ext4.zst"),
        include_bytes!("../../tests/fixtures/ext/ext4-bigalloc.zst"),
        include_bytes!("../../tests/fixtures/ext/ext4-dirty.zst"),
        include_bytes!("../../tests/fixtures/ext/ext4-dirty-plain.zst"),
    ];
    packed
        .into_iter()
        .map(|packed| {
            let bytes = zstd::decode_all(packed).expect("a fixture");
            let blocks = bytes.chunks(BLOCK).enumerate();
            let used = blocks.filter(|(_, block)| block.iter().any(|byte| *byte != 0));
            let interesting = used.map(|(index, _)| index).collect();
            Volume { bytes, interesting }
        })
        .collect()
});

fuzz_target!(|input: Input| {
    let base = &VOLUMES[usize::from(input.volume) % VOLUMES.len()];
    let mut bytes = base.bytes.clone();
    for patch in input.patches.iter().take(16) {
        let block = base.interesting[usize::from(patch.block) % base.interesting.len()];
        let at = block * BLOCK + usize::from(patch.offset) % BLOCK;
        let length = usize::from(patch.length % 5).min(bytes.len() - at);
        bytes[at..at + length].copy_from_slice(&patch.bytes[..length]);
    }
    let size = bytes.len() as u64;
    let volume = MemoryDevice::from(bytes);
    let _ = ext::probe(&volume);
    let _ = ext::probe_backup(&volume);
    if let Ok(map) = ext::allocation(&volume) {
        assert!(map.covered <= size && map.used.end() <= map.covered);
    }
    let _ = ext::read_file(&volume, "etc/os-release", 4096);
    let _ = ext::read_file(&volume, "many/a-rather-long-name-30", 4096);
    let _ = ext::files_on(&volume, &ExtentSet::whole(volume.size()), 200);
});
