//! Large space outside of partitions, which is captured only where a volume is left in it.

use block::{BlockDevice, Extent, ExtentSet};

use super::blank::was_written;
use super::former;

/// Written space outside of partitions of more bytes than this is told: alignment leaves less.
const WORTH_TELLING: u64 = 4 << 20;

/// Most gaps that are looked into, which bounds the time that a senseless table costs.
const MOST_LOOKED_INTO: usize = 64;

/// Most places of a disk that are looked at for a volume. The gaps share them.
const MOST_STARTS: usize = 256;

/// Most samples of a disk that tell whether its gaps were written to. The gaps share them.
const MOST_SAMPLES: usize = 512;
/// Most samples of one gap.
const MOST_OF_ONE: usize = 64;

/// The gaps in which the volume of a deleted partition is recognised, and a note on each.
///
/// `gaps` are all between partitions, `left` the bytes of them that nothing else captures.
pub(super) fn with_volumes(
    device: &dyn BlockDevice,
    gaps: &ExtentSet,
    left: &ExtentSet,
) -> Vec<(Extent, String)> {
    let open = gaps.iter().filter(|gap| left.intersects(*gap)).take(MOST_LOOKED_INTO);
    let open: Vec<Extent> = open.collect();
    let starts = MOST_STARTS / open.len().max(1);
    let found = open.into_iter().filter_map(|gap| {
        let (start, info) = former::volume_in(device, gap, starts)?;
        let title = info.title;
        let note = format!(
            "there is {title} outside of partitions, at byte {start}: the space there is captured whole"
        );
        Some((gap, note))
    });
    found.collect()
}

/// A note on what the backup lacks outside of partitions, if it is worth one: space that was never
/// written to is no loss.
pub(super) fn note_on(device: &dyn BlockDevice, left: &ExtentSet) -> Option<String> {
    let gaps: Vec<Extent> = left.iter().take(MOST_LOOKED_INTO).collect();
    let samples = (MOST_SAMPLES / gaps.len().max(1)).min(MOST_OF_ONE) as u64;
    let written = gaps.iter().filter(|gap| was_written(device, **gap, samples));
    let bytes: u64 = written.map(|gap| gap.length).sum();
    let size = match bytes / 1_000_000 {
        megabytes @ ..10_000 => format!("{megabytes} MB"),
        megabytes => format!("{} GB", megabytes / 1000),
    };
    (bytes > WORTH_TELLING)
        .then(|| format!("{size} outside of partitions counts as free and is not in the backup"))
}
