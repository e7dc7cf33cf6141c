use block::{BlockDevice, Extent, ExtentSet, ExtentSetBuilder};

use super::boot::{Layout, damaged};
use super::system::Stored;
use crate::MapError;
use crate::clusters::{Heap, Table, content_extents};

/// Bytes of the bitmap read at a time, and after a failure.
const PIECE: u64 = 1 << 18;
const SMALL_PIECE: u64 = 1 << 12;

/// What an allocation bitmap says.
pub(super) struct Bitmap {
    /// Clusters in use, and those whose bits cannot be read.
    pub used: ExtentSet,
    /// Number of clusters in use.
    pub in_use: u64,
}

impl Bitmap {
    pub(super) fn read(
        volume: &dyn BlockDevice,
        layout: &Layout,
        table: &mut Table<'_>,
        stored: &Stored,
    ) -> Result<Self, MapError> {
        let place = place(layout, table, stored)?;
        let mut reader =
            Reader { heap: layout.heap, used: ExtentSetBuilder::new(), in_use: 0, run: None };
        for piece in place.pieces(PIECE) {
            if let Ok(bytes) = volume.read_vec(piece.start, length(piece)) {
                reader.take(&bytes, piece.start - place.start);
                continue;
            }
            for small in piece.pieces(SMALL_PIECE) {
                // Clusters whose bits cannot be read may be in use.
                let bytes = volume
                    .read_vec(small.start, length(small))
                    .unwrap_or_else(|_| vec![0xff; length(small)]);
                reader.take(&bytes, small.start - place.start);
            }
        }
        Ok(reader.finish())
    }
}

fn length(piece: Extent) -> usize {
    usize::try_from(piece.length).unwrap_or(0)
}

/// The bytes of the bitmap. The kernel reads it as contiguous without looking at its chain, so
/// one in pieces is not believed.
fn place(layout: &Layout, table: &mut Table<'_>, stored: &Stored) -> Result<Extent, MapError> {
    let wanted = u64::from(layout.heap.count).div_ceil(8);
    if stored.length < wanted {
        return Err(damaged("the allocation bitmap is too short"));
    }
    let mut extents = Vec::new();
    content_extents(table, stored.content, Some(stored.length), |extent| {
        extents.push(extent);
        Ok(())
    })?;
    match extents[..] {
        [extent] if extent.length >= wanted => Ok(Extent::new(extent.start, wanted)),
        _ => Err(damaged("the allocation bitmap is cut short or in pieces")),
    }
}

struct Reader {
    heap: Heap,
    used: ExtentSetBuilder,
    in_use: u64,
    /// First cluster, counted from 0, of the run of used clusters that is going on.
    run: Option<u64>,
}

impl Reader {
    /// Takes the next bytes, which start at byte `at` of the bitmap.
    fn take(&mut self, bytes: &[u8], at: u64) {
        for (byte, index) in bytes.iter().zip(at..) {
            match (*byte, self.run) {
                (0, None) | (0xff, Some(_)) => {}
                (byte, _) => {
                    for bit in 0..8 {
                        self.take_bit(byte >> bit & 1 != 0, index * 8 + bit);
                    }
                }
            }
        }
    }

    fn take_bit(&mut self, is_used: bool, cluster: u64) {
        match (is_used, self.run) {
            (true, None) => self.run = Some(cluster),
            (false, Some(first)) => self.end_run(first, cluster),
            _ => {}
        }
    }

    fn end_run(&mut self, first: u64, end: u64) {
        // The last byte may have bits of clusters that do not exist.
        let end = end.min(self.heap.count.into());
        let count = end.saturating_sub(first);
        self.in_use += count;
        if let Ok(number) = u32::try_from(first + 2) {
            self.used.add(self.heap.extent(number, count));
        }
        self.run = None;
    }

    fn finish(mut self) -> Bitmap {
        if let Some(first) = self.run {
            self.end_run(first, self.heap.count.into());
        }
        Bitmap { used: self.used.build(), in_use: self.in_use }
    }
}
