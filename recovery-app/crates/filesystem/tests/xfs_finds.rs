//! Damaged volumes on which a reader once went wrong. Needs no root and no tools.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "xfs_support/patched.rs"]
mod patched;

#[path = "xfs_support/log.rs"]
mod log;

use block::MemoryDevice;
use filesystem::{MapError, xfs};
use log::{Record, records};
use patched::Patched;

#[test]
fn untouched_volumes_are_mapped() {
    let sources =
        ["XFS free-space trees", "XFS free-space trees, log replayed", "XFS free-space trees"];
    for (number, source) in (0..).zip(sources) {
        let map = xfs::allocation(&Patched::new(&[number])).unwrap();
        assert_eq!(map.source, source);
        Patched::new(&[number]).read_in_every_way();
    }
}

/// Every single byte that is not zero, changed on its own: an error or a map, but never a panic.
#[test]
fn changed_bytes_do_no_harm() {
    for image in 0..3 {
        for unit in (0..2000_u16).step_by(29) {
            let [a, b] = unit.to_le_bytes();
            let [c, d] = (unit.wrapping_mul(31) % 512).to_le_bytes();
            for byte in [0, 0x7f, 0xff] {
                Patched::new(&[image, a, b, c, d, 0, byte]).read_in_every_way();
            }
        }
    }
}

/// The volume that was shut down with work in its log, and the records still to be replayed.
fn dirty() -> (Vec<u8>, Vec<Record>) {
    let volume = zstd::decode_all(&include_bytes!("xfs_images/dirty.zst")[..]).unwrap();
    let all = records(&volume);
    let tail = &volume[all.last().unwrap().at + 24..][..8];
    let tail = u64::from_be_bytes(tail.try_into().unwrap());
    (volume, all.into_iter().filter(|record| record.lsn >= tail).collect())
}

fn map_of(volume: Vec<u8>) -> Result<filesystem::AllocationMap, MapError> {
    xfs::allocation(&MemoryDevice::from(volume))
}

#[test]
fn a_log_that_is_not_understood_is_not_replayed() {
    type Change = fn(&mut Vec<u8>, &[Record]);
    let changes: [(Change, &str); 5] = [
        (|bytes, records| bytes[records[0].at + 600] ^= 1, "all that followed the last unmount"),
        (|bytes, records| records.iter().for_each(|record| bytes[record.at + 303] = 2), "another"),
        (|bytes, records| records.iter().for_each(|record| bytes[record.at + 310] ^= 1), "another"),
        (|bytes, records| bytes[records[1].at + 13] = 0x7f, "damaged"),
        (|bytes, records| rewrite(bytes, &records[0], |data| replace_item(data, 0x1238)), "0x1238"),
    ];
    for (change, reason) in changes {
        let (mut bytes, records) = dirty();
        change(&mut bytes, &records);
        let error = map_of(bytes).unwrap_err();
        assert!(matches!(error, MapError::Unsupported(_)), "{error}");
        assert!(error.to_string().contains(reason), "{error} is not {reason}");
    }
}

/// Changes the data of a record and makes its checksum right again.
fn rewrite(bytes: &mut [u8], record: &Record, change: impl Fn(&mut [u8])) {
    change(&mut bytes[record.at + 512..][..record.length]);
    bytes[record.at + 32..][..4].fill(0);
    let header = crc32c::crc32c(&bytes[record.at..][..328]);
    let sum = crc32c::crc32c_append(header, &bytes[record.at + 512..][..record.length]);
    bytes[record.at + 32..][..4].copy_from_slice(&sum.to_le_bytes());
}

/// Gives the first item of a transaction another type: it stands behind the start (12 bytes), the
/// transaction's header (12 and 16 bytes) and its own operation's header.
fn replace_item(data: &mut [u8], kind: u16) {
    data[52..54].copy_from_slice(&kind.to_le_bytes());
}

#[test]
fn metadata_newer_than_the_log_is_damage() {
    let (mut bytes, _) = dirty();
    let group = &mut bytes[512..1024];
    group[208..216].copy_from_slice(&[0, 0, 0, 9, 0, 0, 0, 1]);
    group[216..220].fill(0);
    let sum = crc32c::crc32c(group);
    group[216..220].copy_from_slice(&sum.to_le_bytes());
    let error = map_of(bytes).unwrap_err();
    assert_eq!(error.to_string(), "XFS has metadata newer than its log");
}

/// Inputs on which the fuzzer made a reader panic.
#[test]
fn what_the_fuzzer_found() {
    let finds: [&[u8]; 1] = [
        // Blocks of zero bytes.
        &[0, 0, 0, 5, 122, 58, 0, 0, 0, 239, 0, 0, 239, 0, 82, 51],
    ];
    for find in finds {
        Patched::new(find).read_in_every_way();
    }
}
