//! Whether a disk is empty, as one from the shop is.

use block::BlockDevice;

/// Bytes that are read at each end: tables and most signatures lie there.
const END: u64 = 1 << 20;
/// Places that are read between the ends, and bytes of each.
const PLACES: u64 = 64;
const PLACE: u64 = 4096;

/// True when only zeros are found at both ends and at places spread evenly between them. A disk
/// that cannot be read there may hold anything. Costs a spinning disk up to a second.
pub fn is_blank(device: &dyn BlockDevice) -> bool {
    let size = device.size();
    let last = size.saturating_sub(END);
    let between = (1..=PLACES).map(|place| (last / (PLACES + 1) * place / PLACE * PLACE, PLACE));
    let ends = [(0, END), (last, END)];
    size > 0
        && ends.into_iter().chain(between).all(|(start, length)| zeros_at(device, start, length))
}

fn zeros_at(device: &dyn BlockDevice, start: u64, length: u64) -> bool {
    let end = start.saturating_add(length).min(device.size());
    // Disks are read in whole sectors, of 4096 bytes at most.
    let start = start - start % PLACE;
    let mut bytes = vec![0xff; usize::try_from(end.saturating_sub(start)).unwrap_or(0)];
    device.read_at(&mut bytes, start).is_ok() && bytes.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use block::MemoryDevice;

    use super::*;

    #[test]
    fn a_disk_with_something_on_it_is_not_blank() {
        let zeros = || vec![0_u8; 10 << 20];
        let device = |bytes: Vec<u8>| MemoryDevice::new(bytes, 512);
        assert!(is_blank(&device(zeros())));
        assert!(is_blank(&device(vec![0; 4096])) && !is_blank(&device(vec![1; 4096])));
        for place in [0, (1 << 20) - 1, (9 << 20) + 4096, (10 << 20) - 1] {
            let mut bytes = zeros();
            bytes[place] = 1;
            assert!(!is_blank(&device(bytes)), "{place}");
        }
        let mut odd = vec![0; (10 << 20) + 512];
        odd[(10 << 20) + 511] = 1;
        assert!(!is_blank(&device(odd)), "the last sector");
        let mut bytes = zeros();
        bytes[3 << 20..4 << 20].fill(0x5a);
        assert!(!is_blank(&device(bytes)));
    }

    #[test]
    fn nothing_is_said_of_what_cannot_be_read() {
        let device = MemoryDevice::new(Vec::new(), 512);
        assert!(!is_blank(&device));
    }
}
