//! Any bytes as an exFAT volume of 512-byte sectors, the checksum of its boot region made right.
#![no_main]

use block::{ExtentSet, MemoryDevice};
use filesystem::exfat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    if let Some((content, rest)) = bytes.split_at_mut_checked(11 * 512)
        && rest.len() >= 512
    {
        let sum = content
            .iter()
            .enumerate()
            .filter(|(at, _)| ![106, 107, 112].contains(at))
            .fold(0_u32, |sum, (_, byte)| sum.rotate_right(1).wrapping_add((*byte).into()));
        for place in rest[..512].chunks_exact_mut(4) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
    }
    let volume = MemoryDevice::from(bytes);
    let _ = exfat::probe(&volume);
    if let Ok(map) = exfat::allocation(&volume) {
        assert!(map.covered <= data.len() as u64);
        assert!(map.used.end() <= map.covered);
    }
    let _ = exfat::files_on(&volume, &ExtentSet::whole(data.len() as u64), 100);
    let _ = exfat::read_file(&volume, "a/b.txt", 1000);
});
