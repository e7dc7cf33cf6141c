//! Small XFS volumes with some bytes changed; `Patched::new` says how the input is read. Checksums
//! are taken for right (`cfg(fuzzing)`).
#![no_main]

#[path = "../../tests/xfs_support/patched.rs"]
mod patched;

libfuzzer_sys::fuzz_target!(|input: &[u8]| patched::Patched::new(input).read_in_every_way());
