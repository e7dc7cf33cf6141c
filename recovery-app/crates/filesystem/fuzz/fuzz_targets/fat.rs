//! Any bytes as a FAT volume.
#![no_main]

use block::{ExtentSet, MemoryDevice};
use filesystem::fat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let volume = MemoryDevice::from(data.to_vec());
    let _ = fat::probe(&volume);
    if let Ok(map) = fat::allocation(&volume) {
        assert!(map.covered <= data.len() as u64);
        assert!(map.used.end() <= map.covered);
    }
    let _ = fat::files_on(&volume, &ExtentSet::whole(data.len() as u64), 100);
    let _ = fat::read_file(&volume, "a/b.txt", 1000);
});
