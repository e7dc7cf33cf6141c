//! A partition table on a volume, which is then the disk of something else: of a virtual machine,
//! for instance. A filesystem that was on the volume before shines through where the table and
//! what it describes left its superblock alone, and its map would miss all that is new.

mod foreign;

use block::BlockDevice;

/// Where the header of a GPT is: behind the first sector, in either size of a sector.
const GPT_PLACES: [u64; 2] = [512, 4096];
/// The smallest size of a sector, in which a table covers the fewest bytes.
const SECTOR: u64 = 512;
/// Where the four entries of an MBR are, and the bytes of one.
const ENTRIES: usize = 446;
const ENTRY: usize = 16;

/// True when there is a partition table at the start of `volume`. A sector that cannot be read
/// has none.
pub(crate) fn is_on(volume: &dyn BlockDevice) -> bool {
    let starts_with = |place: u64, signature: &[u8]| {
        volume.read_vec(place, signature.len()).is_ok_and(|bytes| bytes == signature)
    };
    GPT_PLACES.iter().any(|place| starts_with(*place, b"EFI PART"))
        || volume.read_vec(0, 512).is_ok_and(|sector| is_mbr(&sector, volume.size()))
        || foreign::is_on(volume)
}

/// True when all four entries of a first sector could be those of a table, and one is in use.
///
/// Boot sectors of FAT, NTFS and exFAT have the same signature and code or messages in place of the
/// entries, boot loaders that are installed into a partition no entry in use. A FAT that claims a
/// partition from its own first sector on, as `mkfs.fat` writes it, is no disk of something else.
fn is_mbr(sector: &[u8], size: u64) -> bool {
    let entries = || sector[ENTRIES..].chunks_exact(ENTRY);
    sector.ends_with(&[0x55, 0xaa])
        && entries().all(|entry| !is_used(entry) || is_plausible(entry, size))
        && entries().any(is_used)
}

fn is_used(entry: &[u8]) -> bool {
    entry.iter().any(|byte| *byte != 0)
}

/// True for an entry that may describe a partition of a disk of `size` bytes.
fn is_plausible(entry: &[u8], size: u64) -> bool {
    let number =
        |at: usize| u64::from(u32::from_le_bytes([0, 1, 2, 3].map(|byte| entry[at + byte])));
    let (boot_flag, kind, start, count) = (entry[0], entry[4], number(8), number(12));
    matches!(boot_flag, 0 | 0x80)
        && kind != 0
        && start > 0
        && count > 0
        && (start + count) * SECTOR <= size
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 1 << 20;

    /// A first sector with these entries: boot flag, type, first sector, sectors.
    fn sector(entries: &[(u8, u8, u32, u32)]) -> Vec<u8> {
        let mut sector = vec![0; 512];
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        for (entry, place) in entries.iter().zip(sector[ENTRIES..].chunks_exact_mut(ENTRY)) {
            (place[0], place[4]) = (entry.0, entry.1);
            place[8..12].copy_from_slice(&entry.2.to_le_bytes());
            place[12..].copy_from_slice(&entry.3.to_le_bytes());
        }
        sector
    }

    #[test]
    fn entries_must_all_make_sense() {
        let good = (0x80, 0x83, 1, 2047);
        for entries in [&[good][..], &[(0, 0, 0, 0), good], &[good, (0, 7, 8, 1), good, good]] {
            assert!(is_mbr(&sector(entries), SIZE), "{entries:?}");
        }
        let without_signature = &mut sector(&[good]);
        without_signature[511] = 0;
        assert!(!is_mbr(without_signature, SIZE));
        assert!(!is_mbr(&sector(&[]), SIZE));
        for wrong in [
            (0x81, 0x83, 1, 2047),
            (0, 0, 1, 2047),
            (0, 0x83, 0, 2048),
            (0, 0x83, 1, 0),
            (0, 0x83, 1, 2048),
            (0, 0x83, u32::MAX, u32::MAX),
        ] {
            assert!(!is_mbr(&sector(&[good, wrong]), SIZE), "{wrong:?}");
        }
    }
}
