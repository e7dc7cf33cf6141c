//! The volume of a deleted partition, looked for in the space that it left.

use block::{BlockDevice, Extent, Window};
use filesystem::{Kind, VolumeInfo, ntfs};

use super::identify;

const MIB: u64 = 1 << 20;
const SECTOR: u64 = 512;

/// Where the first partition of a memory card starts.
const FIRST_ON_CARDS: u64 = 4 * MIB;
/// Where the first partition of a disk starts that macOS divided.
const FIRST_OF_MACOS: u64 = 40 * SECTOR;

/// The MiB that the partitions before the main one of a system take, likelier ones first: when all
/// of them were deleted, its volume starts so far behind their start.
const BEFORE: &[&[u64]] = &[
    // Windows: the reserved partition. macOS: the space between two.
    &[16, 128],
    // Windows: the partition to start from, also with the reserved one behind it.
    &[100, 116, 200, 228, 260, 276, 388],
    // Windows with an MBR: the partition to start from.
    &[50, 350, 500, 549, 579],
    // Windows: one for recovery, also with those to start from and reserved behind it.
    &[300, 400, 528, 450, 550, 566, 565, 499, 599, 615, 529, 629, 645, 628, 644],
    // Linux: for GRUB, to start from, /boot, also one behind the other.
    &[1, 512, 513, 600, 1024, 1536, 1624, 1075, 2049, 3123],
    // Whatever else: a power of two.
    &[4, 32, 64, 256],
];

/// The same on memory cards, of a Raspberry Pi among others.
const BEFORE_ON_CARDS: &[&[u64]] = &[&[256, 512, 44, 12]];

/// The same of macOS, also with the space that it leaves.
const BEFORE_MACOS: &[&[u64]] = &[&[200, 328]];

/// What is left in `gap` of a volume, and its first byte. At most `starts` of the usual ones are
/// looked at.
pub(super) fn volume_in(
    device: &dyn BlockDevice,
    gap: Extent,
    starts: usize,
) -> Option<(u64, VolumeInfo)> {
    let usual = usual_starts(gap).into_iter().take(starts);
    let begun = usual.map(|start| Extent::between(start, gap.end()));
    begun.chain(before_copies(device, gap)).find_map(|place| {
        let info = identify(&Window::new(device, place));
        (info.kind != Kind::Unknown).then_some((place.start, info))
    })
}

/// Where a volume usually starts in `gap`, likelier places first. Byte 0 is the disk's own.
fn usual_starts(gap: Extent) -> Vec<u64> {
    let aligned = gap.start.div_ceil(MIB).saturating_mul(MIB);
    let firsts = [
        // Right behind the partition before or its boot record, with a track or a MiB between.
        gap.start,
        gap.start.saturating_add(63 * SECTOR),
        aligned,
        aligned.saturating_add(MIB),
        // Where the first partition of a disk is.
        MIB,
        FIRST_ON_CARDS,
        FIRST_OF_MACOS,
    ];
    let systems = [
        (MIB, BEFORE),
        (aligned, BEFORE),
        (gap.start, BEFORE),
        (FIRST_ON_CARDS, BEFORE_ON_CARDS),
        (FIRST_OF_MACOS, BEFORE_MACOS),
    ];
    let further = systems.into_iter().flat_map(|(first, before)| {
        let before = before.iter().copied().flatten();
        before.map(move |before| first.saturating_add(before * MIB))
    });
    let mut starts = Vec::new();
    for start in firsts.into_iter().chain(further) {
        if start > 0 && (gap.start..gap.end()).contains(&start) && !starts.contains(&start) {
            starts.push(start);
        }
    }
    starts
}

/// Volumes of NTFS within `gap` of which the copy of the boot sector lies near its end: behind it
/// is at most what aligning leaves and the copy of a GPT. That tells their start, wherever it is.
/// The nearest to the end come first.
fn before_copies(device: &dyn BlockDevice, gap: Extent) -> impl Iterator<Item = Extent> {
    const LOOKED_AT: u64 = 2 * MIB;
    const MOST: usize = 8;
    let start = gap.start.max(gap.end().saturating_sub(LOOKED_AT)).next_multiple_of(SECTOR);
    let tail = Extent::between(start, gap.end());
    let bytes = device.read_vec(tail.start, usize::try_from(tail.length).unwrap_or(0));
    let bytes = bytes.unwrap_or_default();
    let sectors = tail.pieces(SECTOR).map(|sector| sector.start);
    let places: Vec<Extent> = sectors
        .zip(bytes.chunks_exact(512))
        .filter_map(|(at, sector)| ntfs::volume_before_copy(sector, at))
        .filter(|place| place.start > 0 && gap.contains(place))
        .collect();
    places.into_iter().rev().take(MOST)
}
