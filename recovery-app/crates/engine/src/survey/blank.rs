//! Whether bytes of a disk were ever written to.

use block::{BlockDevice, Extent};

/// Most bytes of a sample.
const PIECE: u64 = 64 << 10;

/// True when all bytes of `extent` are zero and known or read to be. It is read into memory.
fn is_blank(device: &dyn BlockDevice, extent: Extent) -> bool {
    if device.is_hole(extent) {
        return true;
    }
    let Ok(length) = usize::try_from(extent.length) else { return false };
    let bytes = device.read_vec(extent.start, length);
    bytes.is_ok_and(|bytes| bytes.iter().all(|byte| *byte == 0))
}

/// True unless both ends of `extent` and `samples` places, evenly spread, can be read and are blank.
/// Where the device knows its holes, these are places with data, if there are any.
pub(super) fn was_written(device: &dyn BlockDevice, extent: Extent, samples: u64) -> bool {
    let parts = extent.pieces(extent.length.div_ceil(samples).max(PIECE));
    let places = parts.filter_map(|part| first_data(device, part));
    let last = Extent::between(extent.start.max(extent.end().saturating_sub(PIECE)), extent.end());
    places.chain([last]).any(|place| !is_blank(device, place))
}

/// The first bytes of `part` that are not known to be a hole, at most [`PIECE`].
fn first_data(device: &dyn BlockDevice, part: Extent) -> Option<Extent> {
    let mut place = part;
    while place.length > PIECE {
        let middle = place.start + place.length / 2;
        let first = Extent::between(place.start, middle);
        place = if device.is_hole(first) { Extent::between(middle, place.end()) } else { first };
    }
    (!device.is_hole(place)).then_some(place)
}
