//! Finds the records of a log, for damaging them.

/// A log record with data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    pub lsn: u64,
    /// Byte of its header on the volume.
    pub at: usize,
    /// Bytes of data.
    pub length: usize,
}

/// The records with data that are still in the log, oldest first.
pub fn records(volume: &[u8]) -> Vec<Record> {
    let number = |at: usize, length: usize| {
        volume[at..at + length].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let (start, bits) = (number(48, 8), number(124, 1));
    let block = (start >> bits) * number(84, 4) + (start & ((1 << bits) - 1));
    let (at, length) = (block * number(4, 4), number(96, 4) * number(4, 4));
    let mut records: Vec<Record> = (at..at + length)
        .step_by(512)
        .filter(|at| volume[*at..].starts_with(&[0xfe, 0xed, 0xba, 0xbe]))
        .map(|at| Record { lsn: number(at + 16, 8) as u64, at, length: number(at + 12, 4) })
        .filter(|record| record.length > 0)
        .collect();
    records.sort_unstable();
    records
}
