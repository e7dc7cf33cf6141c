//! How fast disks are, by reading a little of them past the page cache.

use std::time::{Duration, Instant};

use block::{AlignedBuffer, BlockDevice, Extent, ExtentSet};

/// Bytes that are read for a measurement.
const SAMPLE: u64 = 64 << 20;
/// Bytes that are read at a time, as a capture does.
const PIECE: u64 = 4 << 20;
/// No measurement takes longer, but for the piece at hand.
const LONGEST: Duration = Duration::from_secs(2);
/// With less than this, in bytes, nothing is told.
const LEAST: u64 = 8 << 20;

/// Bytes a second, from pieces spread evenly over `used`. `None` where there is too little to
/// tell, or it cannot be read.
pub fn read_rate(device: &dyn BlockDevice, used: &ExtentSet) -> Option<u64> {
    let mut buffer = AlignedBuffer::zeroed(usize::try_from(PIECE).ok()?);
    let begun = Instant::now();
    let mut read = 0;
    for piece in pieces(used) {
        device.read_at(&mut buffer, piece.start).ok()?;
        read += piece.length;
        if begun.elapsed() >= LONGEST {
            break;
        }
    }
    let millis = u64::try_from(begun.elapsed().as_millis()).ok()?.max(1);
    (read >= LEAST).then(|| read * 1000 / millis)
}

/// Whole pieces, spread evenly over the extents that hold one.
fn pieces(used: &ExtentSet) -> Vec<Extent> {
    let whole = || used.iter().flat_map(|extent| extent.pieces(PIECE)).filter(is_whole);
    let step = (whole().count() as u64).div_ceil(SAMPLE / PIECE).max(1);
    whole().step_by(usize::try_from(step).unwrap_or(usize::MAX)).collect()
}

fn is_whole(piece: &Extent) -> bool {
    piece.length == PIECE
}

/// Seconds for so many bytes at a rate, rounded up.
pub fn seconds(bytes: u64, rate: u64) -> u64 {
    bytes.div_ceil(rate.max(1))
}

#[cfg(test)]
mod tests {
    use block::MemoryDevice;
    use block::double::FaultDevice;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn pieces_are_spread_over_what_is_in_use() {
        let used: ExtentSet = [
            Extent::new(0, 400 * MIB),
            Extent::new(900 * MIB, MIB),
            Extent::new(1000 * MIB, 400 * MIB),
        ]
        .into_iter()
        .collect();
        let chosen = pieces(&used);
        assert!((10..=16).contains(&chosen.len()), "{chosen:?}");
        assert_eq!(chosen[0].start, 0);
        assert!(chosen.iter().any(|piece| piece.start > 1200 * MIB));
        assert!(chosen.iter().all(|piece| used.intersects(*piece)));
    }

    #[test]
    fn what_is_too_little_or_unreadable_gives_no_rate() {
        let disk = MemoryDevice::from(vec![1; 16 << 20]);
        let whole = ExtentSet::whole(16 * MIB);
        assert!(read_rate(&disk, &whole).is_some());
        assert_eq!(read_rate(&disk, &ExtentSet::whole(4 * MIB)), None);
        let bad = FaultDevice::new(disk).unreadable(Extent::new(9 * MIB, 512));
        assert_eq!(read_rate(&bad, &whole), None);
    }
}
