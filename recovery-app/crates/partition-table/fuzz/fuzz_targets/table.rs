//! Any bytes as a disk: reading, saving and relocating its table must neither panic nor hang,
//! and the results must keep their promises.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| partition_table_fuzz::check(input));
