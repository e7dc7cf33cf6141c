//! Partition tables of other machines than PCs. Their structure is that of Linux (`sun.c`, `sgi.c`,
//! `mac.c`, `amiga.c`, and for BSD `msdos.c`, all in `block/partitions/`) and, for the PC-98, of GNU
//! parted (`libparted/labels/pc98.c`).

use block::BlockDevice;

const SECTOR: usize = 512;
/// Sectors in one of which the table of an Amiga starts.
const AMIGA_SECTORS: u64 = 16;
/// Bytes in one of which the label of a BSD starts, by machine, and those between its two magics.
const BSD_PLACES: [u64; 3] = [64, 128, 512];
const BSD_MAGIC: u32 = 0x8256_4557;
const BSD_SECOND: u64 = 132;
/// Most partitions of an Apple disk.
const MOST_APPLE: u32 = 256;

/// True when such a table is at the start of `volume`. A sector that cannot be read has none.
pub(super) fn is_on(volume: &dyn BlockDevice) -> bool {
    let first = sector(volume, 0);
    first.is_some_and(|first| {
        is_sun(&first) || is_sgi(&first) || is_apple(&first, volume) || is_pc98(&first)
    }) || is_bsd(volume)
        || is_amiga(volume)
}

/// The magic number before the last two bytes, which make the exclusive or of all words zero.
fn is_sun(sector: &[u8]) -> bool {
    be16(sector, 508) == 0xdabe && (0..256).fold(0, |sum, word| sum ^ be16(sector, 2 * word)) == 0
}

/// All words add up to zero.
fn is_sgi(sector: &[u8]) -> bool {
    be32(sector, 0) == 0x0be5_a941 && sum(sector, 128) == 0
}

/// The driver descriptor, with the first entry of the map in the block behind it.
fn is_apple(sector: &[u8], volume: &dyn BlockDevice) -> bool {
    let is_entry = |at: u64| {
        let entry = volume.read_vec(at, 8);
        entry.is_ok_and(|entry| {
            entry.starts_with(b"PM") && (1..=MOST_APPLE).contains(&be32(&entry, 4))
        })
    };
    sector.starts_with(b"ER") && [512, u64::from(be16(sector, 2))].into_iter().any(is_entry)
}

/// Both magic numbers, in the order of bytes of either kind of machine.
fn is_bsd(volume: &dyn BlockDevice) -> bool {
    let is_magic = |at: u64| {
        let magic = [BSD_MAGIC.to_le_bytes(), BSD_MAGIC.to_be_bytes()];
        volume.read_vec(at, 4).is_ok_and(|found| magic.iter().any(|magic| found == *magic))
    };
    BSD_PLACES.into_iter().any(|at| is_magic(at) && is_magic(at + BSD_SECOND))
}

/// As many words as the block says add up to zero.
fn is_amiga(volume: &dyn BlockDevice) -> bool {
    let blocks = (0..AMIGA_SECTORS).filter_map(|number| sector(volume, number));
    blocks.filter(|block| block.starts_with(b"RDSK")).any(|mut block| {
        let words = usize::try_from(be32(&block, 4) & 0x7f).unwrap_or(0);
        let is_right = |block: &[u8]| sum(block, words) == 0;
        // Linux believes it without this word, too, where Windows puts a signature of its own.
        is_right(&block) || {
            block[0xdc..0xe0].fill(0);
            is_right(&block)
        }
    })
}

/// The signature of a boot sector, and the name of one of the loaders that read such a table.
fn is_pc98(sector: &[u8]) -> bool {
    let loaders: [&[u8]; 3] = [b"IPL1", b"Linux 98", b"GRUB/98 "];
    sector.ends_with(&[0x55, 0xaa]) && loaders.iter().any(|name| sector[4..].starts_with(name))
}

fn sector(volume: &dyn BlockDevice, number: u64) -> Option<Vec<u8>> {
    volume.read_vec(number * SECTOR as u64, SECTOR).ok()
}

/// The sum of the first `words` words of 32 bits.
fn sum(bytes: &[u8], words: usize) -> u32 {
    (0..words).fold(0, |sum, word| sum.wrapping_add(be32(bytes, 4 * word)))
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([0, 1, 2, 3].map(|byte| bytes[at + byte]))
}
