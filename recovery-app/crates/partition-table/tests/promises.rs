//! What fuzzing checks, on the disks it starts from, with random bytes changed in each of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

#[path = "../fuzz/src/lib.rs"]
#[expect(clippy::cast_possible_truncation, reason = "positions within 256 KiB")]
mod promises;

/// The starting points of the fuzzer: tables of sgdisk, sfdisk and mkfs.fat on 256 KiB.
const SEEDS: [&[u8]; 6] = [
    include_bytes!("corpus/gpt"),
    include_bytes!("corpus/hybrid"),
    include_bytes!("corpus/badprimary"),
    include_bytes!("corpus/badbackup"),
    include_bytes!("corpus/mbr"),
    include_bytes!("corpus/fat"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn hold_for_damaged_disks(
        seed in 0_usize..SEEDS.len(),
        options in any::<u8>(),
        changes in prop::collection::vec((3_usize..3075, any::<u8>()), 0..12),
    ) {
        let mut input = SEEDS[seed].to_vec();
        input[0] = options;
        for (at, value) in changes {
            input[at] = value;
        }
        promises::check(&input);
    }
}
