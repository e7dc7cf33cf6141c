//! Large space outside of partitions, which is captured only where a volume is left in it.

use block::{BlockDevice, Extent, ExtentSet, Window};
use filesystem::{Kind, VolumeInfo};

use super::identify;

const MIB: u64 = 1 << 20;

/// Written space outside of partitions of more bytes than this is told: alignment leaves less.
const WORTH_TELLING: u64 = 4 * MIB;

/// Most gaps that are looked into, which bounds the time that a senseless table costs.
const MOST_LOOKED_INTO: usize = 64;

/// The gaps in which the volume of a deleted partition is recognised, and a note on each.
///
/// `gaps` are all between partitions, `left` the bytes of them that nothing else captures.
pub(super) fn with_volumes(
    device: &dyn BlockDevice,
    gaps: &ExtentSet,
    left: &ExtentSet,
) -> Vec<(Extent, String)> {
    let open = gaps.iter().filter(|gap| left.intersects(*gap)).take(MOST_LOOKED_INTO);
    let found = open.filter_map(|gap| {
        let (start, info) = former_volume(device, gap)?;
        let title = info.title;
        let note = format!(
            "there is {title} outside of partitions, at byte {start}: the space there is captured whole"
        );
        Some((gap, note))
    });
    found.collect()
}

/// What is in `gap` where a partition usually starts: right behind the one before or its boot
/// record, with a track or a MiB between, or at a multiple of a MiB.
fn former_volume(device: &dyn BlockDevice, gap: Extent) -> Option<(u64, VolumeInfo)> {
    let aligned = gap.start.div_ceil(MIB).saturating_mul(MIB);
    let starts = [gap.start, gap.start + 63 * 512, aligned, aligned.saturating_add(MIB)];
    // Byte 0 is the disk's own.
    starts.into_iter().filter(|start| (1..gap.end()).contains(start)).find_map(|start| {
        let info = identify(&Window::new(device, Extent::between(start, gap.end())));
        (info.kind != Kind::Unknown).then_some((start, info))
    })
}

/// A note on what the backup lacks outside of partitions, if it is worth one: space that was never
/// written to is no loss.
pub(super) fn note_on(device: &dyn BlockDevice, left: &ExtentSet) -> Option<String> {
    let gaps = left.iter().take(MOST_LOOKED_INTO);
    let bytes: u64 = gaps.filter(|gap| was_written(device, *gap)).map(|gap| gap.length).sum();
    let size = match bytes / 1_000_000 {
        megabytes @ ..10_000 => format!("{megabytes} MB"),
        megabytes => format!("{} GB", megabytes / 1000),
    };
    (bytes > WORTH_TELLING)
        .then(|| format!("{size} outside of partitions counts as free and is not in the backup"))
}

/// True unless the beginning and the middle of `gap` can be read and are blank.
fn was_written(device: &dyn BlockDevice, gap: Extent) -> bool {
    const LOOKED_AT: u64 = 64 << 10;
    let length = gap.length.min(LOOKED_AT);
    let starts = [gap.start, (gap.start + gap.length / 2).min(gap.end() - length)];
    starts.into_iter().any(|start| {
        let bytes = device.read_vec(start / 4096 * 4096, usize::try_from(length).unwrap_or(0));
        bytes.map_or(true, |bytes| bytes.iter().any(|byte| *byte != 0))
    })
}
