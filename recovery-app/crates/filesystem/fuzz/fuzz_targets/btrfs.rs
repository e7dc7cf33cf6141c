//! The btrfs reader on real filesystems with changed bytes and repaired checksums.
//!
//! The first byte of the input chooses the filesystem; the rest are changes, as
//! `Base::patched` takes them.
#![no_main]

#[path = "../../tests/btrfs_support/patches.rs"]
mod patches;

use std::sync::LazyLock;

use patches::Base;

static BASES: LazyLock<[Base; 2]> = LazyLock::new(|| {
    [
        Base::unpack(include_bytes!("../../tests/fixtures/btrfs/log.zst")),
        Base::unpack(include_bytes!("../../tests/fixtures/btrfs/block-group-tree.zst")),
    ]
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let [base, changes @ ..] = input {
        patches::exercise(&BASES[usize::from(base % 2)].patched(changes));
    }
});
