//! What comes from memory, and what from the disk.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use block::{Access, BlockDevice, Caching, Extent, FileDevice};
use tempfile::NamedTempFile;

const PAGE: u64 = 4096;
const SIZE: u64 = (5 << 20) + 100;

/// Bytes of the pages of a file that are in memory.
fn in_memory(file: &Path) -> u64 {
    let options = ["--bytes", "--noheadings", "--output", "RES"];
    let told = Command::new("fincore").args(options).arg(file).output().unwrap();
    let number = String::from_utf8(told.stdout).unwrap();
    number.trim().parse().unwrap_or_else(|_| panic!("fincore: {number}"))
}

/// A file that was just written, on the build disk: a `/tmp` that lives in memory drops nothing.
fn written() -> NamedTempFile {
    let mut file = NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    file.write_all(&vec![7; usize::try_from(SIZE).unwrap()]).unwrap();
    assert_eq!(in_memory(file.path()), SIZE.next_multiple_of(PAGE));
    file
}

#[test]
fn no_page_is_left_of_a_file_that_is_opened_to_be_read_from_the_disk() {
    // It is not flushed yet, and it does not end where a page does.
    let file = written();
    let device = FileDevice::open(file.path(), Access::Read, Caching::Dropped).unwrap();
    assert_eq!(in_memory(file.path()), 0);
    assert_eq!(device.read_vec(SIZE - 100, 100).unwrap(), [7; 100]);
}

#[test]
fn a_range_is_forgotten_with_the_pages_that_it_shares_with_others() {
    let file = written();
    let device = FileDevice::open(file.path(), Access::Read, Caching::Cached).unwrap();
    device.flush().unwrap();
    let before = in_memory(file.path());
    device.forget(Extent::new(PAGE - 10, PAGE));
    let left = in_memory(file.path());
    assert!(before - left >= 2 * PAGE, "{left} bytes of {before} are left");
    device.forget(Extent::new(SIZE - 1, 1));
    assert!(in_memory(file.path()) < left, "{left} bytes are left");
}
