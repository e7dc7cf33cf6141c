//! `$Bitmap`: one bit for each cluster.

use block::{Extent, ExtentSetBuilder};

use super::attribute::kind;
use super::stream::Stream;
use super::volume::{Volume, number};
use crate::MapError;

/// Bytes of the bitmap that are read at a time.
const PIECE: usize = 1 << 20;

/// The bitmap's content, checked to be long enough for the volume.
pub(super) fn open(volume: &Volume<'_>) -> Result<Stream, MapError> {
    let stream = volume
        .stream(number::BITMAP, kind::DATA, &[])?
        .ok_or_else(|| MapError::damaged("$Bitmap has no content"))?;
    let needed = volume.boot.clusters.div_ceil(8);
    if stream.initialized() < needed {
        return Err(MapError::damaged(format!(
            "$Bitmap has {} bytes and needs {needed}",
            stream.initialized()
        )));
    }
    if !stream.is_plain(volume) {
        return Err(MapError::damaged("$Bitmap has holes or is compressed"));
    }
    Ok(stream)
}

/// Calls `visit` with first cluster and number of clusters of each range in use, ascending.
/// Ranges may touch.
pub(super) fn visit_used(
    volume: &Volume<'_>,
    bitmap: &Stream,
    mut visit: impl FnMut(u64, u64),
) -> Result<(), MapError> {
    let clusters = volume.boot.clusters;
    let mut buffer = vec![0_u8; PIECE];
    let mut at = 0;
    while at < clusters.div_ceil(8) {
        let left = clusters.div_ceil(8) - at;
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        let piece = &mut buffer[..length];
        bitmap.read_at(volume, piece, at)?;
        for (word, first) in piece.chunks(8).zip((at * 8..).step_by(64)) {
            let mut bits = [0; 8];
            bits[..word.len()].copy_from_slice(word);
            visit_word(u64::from_le_bytes(bits), |bit, count| {
                let start = first + u64::from(bit);
                let end = (start + u64::from(count)).min(clusters);
                if start < end {
                    visit(start, end - start);
                }
            });
        }
        at += length as u64;
    }
    Ok(())
}

/// Calls `visit` with first bit and length of each range of ones.
fn visit_word(mut word: u64, mut visit: impl FnMut(u32, u32)) {
    let mut at = 0;
    while word != 0 {
        let zeros = word.trailing_zeros();
        word >>= zeros;
        let ones = word.trailing_ones();
        visit(at + zeros, ones);
        at += zeros + ones;
        word = word.checked_shr(ones).unwrap_or(0);
    }
}

/// Adds the bytes of all clusters in use.
pub(super) fn collect(
    volume: &Volume<'_>,
    bitmap: &Stream,
    used: &mut ExtentSetBuilder,
) -> Result<(), MapError> {
    let cluster = volume.boot.cluster;
    visit_used(volume, bitmap, |first, count| {
        used.add(Extent::new(first * cluster, count * cluster));
    })
}

/// Bytes in use by the bitmap.
pub(super) fn used_bytes(volume: &Volume<'_>) -> Result<u64, MapError> {
    let mut used = 0;
    visit_used(volume, &open(volume)?, |_, count| used += count)?;
    Ok(used * volume.boot.cluster)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranges_of_a_word_are_its_ones(word in any::<u64>(), mask in any::<u64>()) {
            for word in [word, word & mask, word | mask, 0, u64::MAX, 1 << 63] {
                let mut seen = 0;
                visit_word(word, |bit, count| {
                    for bit in bit..bit + count {
                        seen |= 1 << bit;
                    }
                });
                prop_assert_eq!(seen, word);
            }
        }
    }
}
