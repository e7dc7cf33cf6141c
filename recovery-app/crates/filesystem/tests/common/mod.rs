//! What the tests of all maps share: real filesystems made by their own tools, and partclone's
//! map as a second opinion.
#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::path::Path;
use std::process::{Command, Output};

use block::{Access, Caching, Extent, ExtentSet, FileDevice};

/// Runs a shell command that must succeed; fails the test with all it printed otherwise.
pub fn sh(command: &str) -> String {
    let output = try_sh(command);
    assert!(
        output.status.success(),
        "{command}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a shell command and returns how it ended.
pub fn try_sh(command: &str) -> Output {
    Command::new("bash").args(["-euo", "pipefail", "-c", command]).output().unwrap()
}

/// A new sparse file of `size` bytes.
pub fn sparse_file(path: &Path, size: u64) {
    std::fs::File::create(path).unwrap().set_len(size).unwrap();
}

/// Opens a volume file for reading.
pub fn open(path: &Path) -> FileDevice {
    FileDevice::open(path, Access::Read, Caching::Cached).unwrap()
}

/// What `partclone.TOOL -D` takes for used, in bytes of the volume.
pub fn partclone_map(tool: &str, volume: &Path) -> ExtentSet {
    let map = volume.with_extension("domain");
    sh(&format!(
        "partclone.{tool} -q -L /dev/null -D --force -s {} -O {}",
        volume.display(),
        map.display()
    ));
    let text = std::fs::read_to_string(&map).unwrap();
    let number = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [start, length, "+"] => Some(Extent::new(number(start), number(length))),
                _ => None,
            }
        })
        .collect()
}

/// Asserts that `ours` holds all of `theirs` and at most 1 % (or 64 KiB) more.
pub fn assert_close(ours: &ExtentSet, theirs: &ExtentSet) {
    let missing = theirs.difference(ours);
    assert!(missing.is_empty(), "missing {} bytes: {:?}", missing.total(), first(&missing));
    let extra = ours.difference(theirs);
    let allowed = (theirs.total() / 100).max(64 << 10);
    assert!(
        extra.total() <= allowed,
        "{} bytes too many (allowed {allowed}): {:?}",
        extra.total(),
        first(&extra)
    );
}

fn first(set: &ExtentSet) -> Vec<Extent> {
    set.iter().take(8).collect()
}

/// Overwrites all bytes of a volume file that are not in `used` with pseudo-random ones, as a
/// restore onto a used disk would leave them.
pub fn scramble_free(volume: &Path, used: &ExtentSet) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().write(true).open(volume).unwrap();
    let size = file.metadata().unwrap().len();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for free in used.complement(Extent::new(0, size)).iter() {
        for piece in free.pieces(1 << 20) {
            let mut noise = vec![0_u8; usize::try_from(piece.length).unwrap()];
            for chunk in noise.chunks_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                chunk.copy_from_slice(&state.to_le_bytes()[..chunk.len()]);
            }
            file.write_all_at(&noise, piece.start).unwrap();
        }
    }
}

/// Pseudo-random bytes of a seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
