//! Any text as the metadata of an LVM2 physical volume, in one that is otherwise sound.
#![no_main]

use block::{BlockDevice, ExtentSet, MemoryDevice};
use filesystem::lvm;
use libfuzzer_sys::fuzz_target;

const SIZE: usize = 256 << 10;
const AREA: usize = 4096;
const AREA_SIZE: usize = 128 << 10;

fn crc(bytes: &[u8]) -> [u8; 4] {
    let crc = bytes.iter().fold(0xf597_a6cf_u32, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 };
        }
        crc
    });
    crc.to_le_bytes()
}

/// The first 64 bytes go over the physical volume's header, the rest is the text; a FAT boot
/// sector and the like can stand behind it.
fn volume(data: &[u8]) -> MemoryDevice {
    let mut disk = vec![0; SIZE];
    let label = &mut disk[512..1024];
    label[..8].copy_from_slice(b"LABELONE");
    label[8] = 1;
    label[20] = 32;
    label[24..32].copy_from_slice(b"LVM2 001");
    label[32..64].copy_from_slice(b"abcdefghijklmnopqrstuvwxyzabcdef");
    label[64..72].copy_from_slice(&(SIZE as u64).to_le_bytes());
    label[104..112].copy_from_slice(&(AREA as u64).to_le_bytes());
    label[112..120].copy_from_slice(&(AREA_SIZE as u64).to_le_bytes());
    let (header, text) = data.split_at(data.len().min(1));
    // One way in two the lists of areas are the fuzzer's.
    if header.first().is_some_and(|byte| byte & 1 == 1) {
        let length = text.len().min(256);
        label[72..72 + length].copy_from_slice(&text[..length]);
    }
    let sum = crc(&label[20..]);
    label[16..20].copy_from_slice(&sum);

    let text = &text[..text.len().min(AREA_SIZE - 512)];
    disk[AREA + 512..AREA + 512 + text.len()].copy_from_slice(text);
    let area = &mut disk[AREA..AREA + 512];
    area[4..20].copy_from_slice(b" LVM2 x[5A%r0N*>");
    area[20] = 1;
    area[24..32].copy_from_slice(&(AREA as u64).to_le_bytes());
    area[32..40].copy_from_slice(&(AREA_SIZE as u64).to_le_bytes());
    area[40..48].copy_from_slice(&512_u64.to_le_bytes());
    area[48..56].copy_from_slice(&(text.len() as u64).to_le_bytes());
    area[56..60].copy_from_slice(&crc(text));
    let sum = crc(&area[4..]);
    area[..4].copy_from_slice(&sum);
    MemoryDevice::from(disk)
}

fuzz_target!(|data: &[u8]| {
    let volume = volume(data);
    let _ = lvm::probe(&volume);
    let _ = lvm::logical_volumes(&volume);
    if let Ok(map) = lvm::allocation(&volume) {
        assert!(map.covered <= volume.size());
    }
    let _ = lvm::files_on(&volume, &ExtentSet::whole(SIZE as u64), 100);
});
