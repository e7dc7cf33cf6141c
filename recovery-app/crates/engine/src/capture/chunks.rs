//! Cuts a disk into the pieces that become frames.

use block::{Extent, ExtentSet};
use image::FrameKind;

/// What becomes one data frame, or a run of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// [`FrameKind::Data`], [`FrameKind::Hole`] or [`FrameKind::Excluded`].
    pub(crate) kind: FrameKind,
    /// The bytes of the disk. A data piece lies within one chunk.
    pub(crate) disk: Extent,
}

/// Data pieces begin and end at multiples of this many bytes: whole pages, whole sectors.
const GRAIN: u64 = 64 << 10;
/// Unused bytes that part two data pieces of a chunk. Fewer are read over: a frame of its own for
/// what follows would cost more than their zeros.
const GAP: u64 = 256 << 10;

/// The pieces of a disk, ascending, without gap. What is in use is data, cut at the chunks; what
/// lies between is holes, cut where a partition that was not chosen begins or ends.
pub(crate) fn pieces<'a>(
    disk_size: u64,
    used: &'a ExtentSet,
    excluded: &'a ExtentSet,
    chunk_size: u64,
) -> impl Iterator<Item = Piece> + 'a {
    let disk = Extent::new(0, disk_size);
    let runs: ExtentSet = used.iter().map(|extent| extent.aligned_out(GRAIN)).collect();
    let runs = runs.merged_over(GAP).clipped(disk);
    let mut at = 0;
    let ends: Vec<Extent> = runs.iter().chain([Extent::new(disk_size, 0)]).collect();
    ends.into_iter().flat_map(move |run| {
        let hole = Extent::between(at, run.start);
        at = run.end();
        let chunks = run.cut_at_multiples(chunk_size);
        let data = chunks.map(|disk| Piece { kind: FrameKind::Data, disk });
        unused(hole, excluded).into_iter().chain(data)
    })
}

/// The pieces of a run without used bytes.
fn unused(run: Extent, excluded: &ExtentSet) -> Vec<Piece> {
    let left_out = excluded.within(run).map(|disk| Piece { kind: FrameKind::Excluded, disk });
    let free = excluded.complement(run);
    let mut pieces: Vec<Piece> =
        free.iter().map(|disk| Piece { kind: FrameKind::Hole, disk }).chain(left_out).collect();
    pieces.sort_by_key(|piece| piece.disk);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1 << 10;

    #[test]
    fn covers_the_disk_without_gap_and_cuts_at_chunks() {
        let used = [(100, 10), (100 << 10, 1), (700 << 10, 300 << 10), (1990 << 10, 2)];
        let used = used.map(|(start, length)| Extent::new(start, length));
        let used: ExtentSet = used.into_iter().collect();
        let excluded = ExtentSet::from(Extent::new(400 * KIB, 100 * KIB));
        let found: Vec<_> = pieces(2000 * KIB, &used, &excluded, 768 * KIB)
            .map(|piece| (piece.kind, piece.disk.start / KIB, piece.disk.length / KIB))
            .collect();
        use FrameKind::{Data, Excluded, Hole};
        let expected = [
            (Data, 0, 128),
            (Hole, 128, 272),
            (Excluded, 400, 100),
            (Hole, 500, 140),
            (Data, 640, 128),
            (Data, 768, 256),
            (Hole, 1024, 960),
            (Data, 1984, 16),
        ];
        assert_eq!(found, expected);
    }
}
