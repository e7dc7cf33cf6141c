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

/// The pieces of a disk, ascending, without gap: every chunk with a used byte is data, runs of
/// other chunks are holes, cut where a partition that was not chosen begins or ends.
pub(crate) fn pieces<'a>(
    disk_size: u64,
    used: &'a ExtentSet,
    excluded: &'a ExtentSet,
    chunk_size: u64,
) -> impl Iterator<Item = Piece> + 'a {
    let disk = Extent::new(0, disk_size);
    let runs: ExtentSet = used.iter().map(|extent| extent.aligned_out(chunk_size)).collect();
    let runs = runs.clipped(disk);
    let mut at = 0;
    let ends: Vec<Extent> = runs.iter().chain([Extent::new(disk_size, 0)]).collect();
    ends.into_iter().flat_map(move |run| {
        let hole = Extent::between(at, run.start);
        at = run.end();
        let data = run.pieces(chunk_size).map(|disk| Piece { kind: FrameKind::Data, disk });
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

    #[test]
    fn covers_the_disk_without_gap_and_cuts_at_chunks() {
        let used: ExtentSet = [Extent::new(100, 10), Extent::new(1999, 2)].into_iter().collect();
        let excluded = ExtentSet::from(Extent::new(500, 100));
        let found: Vec<_> = pieces(2500, &used, &excluded, 200)
            .map(|piece| (piece.kind, piece.disk.start, piece.disk.length))
            .collect();
        use FrameKind::{Data, Excluded, Hole};
        let expected = [
            (Data, 0, 200),
            (Hole, 200, 300),
            (Excluded, 500, 100),
            (Hole, 600, 1200),
            (Data, 1800, 200),
            (Data, 2000, 200),
            (Hole, 2200, 300),
        ];
        assert_eq!(found, expected);
    }
}
