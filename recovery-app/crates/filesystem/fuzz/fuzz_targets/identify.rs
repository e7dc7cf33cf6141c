//! Any bytes as any volume: what the engine calls.
#![no_main]

use block::{ExtentSet, MemoryDevice};
use filesystem::{Allocation, allocation, files_on, identify, read_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let size = data.len() as u64;
    let volume = MemoryDevice::from(data.to_vec());
    let Ok(info) = identify(&volume) else {
        return;
    };
    if let Allocation::Mapped(map) = allocation(&volume, &info) {
        assert!(map.used.end() <= size && map.covered <= size);
    }
    let _ = files_on(&volume, &info, &ExtentSet::whole(size), 100);
    let _ = read_file(&volume, &info, "etc/os-release", 1000);
});
