//! Bytes of whole files: hashes, noise, and comparing block by block.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

/// The unit of all loops here, in bytes.
const PIECE: usize = 1 << 20;

/// SHA-256 of a file's content, in hexadecimal.
pub fn hash(path: &Path) -> String {
    vm::assets::hash(path).unwrap()
}

/// Makes a file of `size` bytes in which no block is zero by accident: a used disk, from which
/// nothing that a restore leaves out could pass for free space.
pub fn noise_file(path: &Path, size: u64) {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut piece = vec![0; PIECE];
    let mut left = size;
    while left > 0 {
        for word in piece.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let length = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&piece[..length]).unwrap();
        left -= length as u64;
    }
}

/// How a reader's bytes relate to those of a disk, in sectors of 512 bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The same bytes.
    pub same: u64,
    /// Zeros where the disk has other bytes.
    pub zeroed: u64,
    /// Anything else: corruption.
    pub wrong: u64,
}

/// Compares all that `reader` gives with the file at `disk`, whose length it must have.
pub fn compare(reader: &mut impl Read, disk: &Path) -> Comparison {
    let mut disk = File::open(disk).unwrap();
    let (mut ours, mut theirs) = (vec![0; PIECE], vec![0; PIECE]);
    let mut found = Comparison::default();
    loop {
        let length = read_full(reader, &mut ours);
        assert_eq!(length, read_full(&mut disk, &mut theirs), "the lengths differ");
        if length == 0 {
            return found;
        }
        for (a, b) in ours[..length].chunks(512).zip(theirs[..length].chunks(512)) {
            if a == b {
                found.same += 1;
            } else if a.iter().all(|byte| *byte == 0) {
                found.zeroed += 1;
            } else {
                found.wrong += 1;
            }
        }
    }
}

/// Reads until `buffer` is full or the end is reached; returns how much there was.
pub fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> usize {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..]).unwrap() {
            0 => break,
            more => length += more,
        }
    }
    length
}
