use block::{BlockDevice, Extent, ExtentSet, ExtentSetBuilder};

use super::boot::Layout;
use crate::MapError;
use crate::clusters::Link;

/// Bytes of each copy compared at a time: whole entries of every width, and more than a whole
/// table of 12-bit entries.
const PIECE: u64 = 3 << 16;

/// What all copies of the table say together.
pub(super) struct Scan {
    /// The clusters that are in use by any copy, that any copy leads to, or whose entries cannot
    /// be read in any copy that is kept up to date.
    pub used: ExtentSet,
    /// False when copies that are to be alike differ, or an entry cannot be read in each of them.
    pub copies_agree: bool,
    /// Entry 1 has its "unmounted in order" and "no errors met" bits (always true of FAT12).
    pub is_clean: bool,
    /// Clusters in use by the active copy.
    pub in_use: u64,
}

impl Scan {
    /// Reads all copies of the table once from start to end.
    pub(super) fn read(volume: &dyn BlockDevice, layout: &Layout) -> Result<Self, MapError> {
        let mut scanner = Scanner {
            layout,
            used: ExtentSetBuilder::new(),
            led_to: ExtentSetBuilder::new(),
            copies_agree: true,
            in_use: 0,
        };
        let bits = layout.width.bits();
        let entries = u64::from(layout.heap.numbers().end);
        let length = (entries * bits).div_ceil(8).min(layout.table_length);
        let mut is_clean = true;
        for piece in Extent::new(0, length).pieces(PIECE) {
            let copies = read_copies(volume, layout, piece);
            if piece.start == 0 {
                is_clean = check_first(layout, &copies)?;
            }
            let first = piece.start * 8 / bits;
            let last = entries.min(piece.end() * 8 / bits);
            scanner.take(&copies, first, last)?;
        }
        let used = scanner.used.build().union(&scanner.led_to.build());
        let (copies_agree, in_use) = (scanner.copies_agree, scanner.in_use);
        Ok(Self { used, copies_agree, is_clean, in_use })
    }
}

/// The bytes of `piece` in each copy of the table that can be read; none when the only one that
/// is kept up to date cannot.
fn read_copies(volume: &dyn BlockDevice, layout: &Layout, piece: Extent) -> Vec<Vec<u8>> {
    let length = usize::try_from(piece.length).unwrap_or(0);
    let read = |start: &u64| volume.read_vec(start + piece.start, length).ok();
    let copies: Vec<Option<Vec<u8>>> = layout.tables.iter().map(read).collect();
    if !layout.is_mirrored && copies.first().is_none_or(Option::is_none) {
        return Vec::new();
    }
    copies.into_iter().flatten().collect()
}

/// Checks entry 0 and returns what entry 1 says of the volume's state.
///
/// Entry 0 repeats the media byte, with all higher bits set. Where it does not, this is not the
/// table, or it has been overwritten.
fn check_first(layout: &Layout, copies: &[Vec<u8>]) -> Result<bool, MapError> {
    let mask = layout.width.mask();
    let expected = (mask & !0xff) | u32::from(layout.media);
    if copies.is_empty() {
        return Err(MapError::damaged("FAT: the start of the table cannot be read"));
    }
    if copies.iter().any(|copy| layout.width.entry(copy, 0) != expected) {
        return Err(MapError::damaged("FAT: the table does not start as it must"));
    }
    // The two highest bits: unmounted in order, no errors met.
    let state = mask & !(mask >> 2);
    let mut current = copies.iter().take(if layout.is_mirrored { copies.len() } else { 1 });
    Ok(layout.width.bits() == 12
        || current.all(|copy| layout.width.entry(copy, 1) & state == state))
}

struct Scanner<'a> {
    layout: &'a Layout,
    used: ExtentSetBuilder,
    led_to: ExtentSetBuilder,
    copies_agree: bool,
    in_use: u64,
}

impl Scanner<'_> {
    /// Takes the entries `first..last`, which `copies` start with.
    fn take(&mut self, copies: &[Vec<u8>], first: u64, last: u64) -> Result<(), MapError> {
        let (heap, width) = (self.layout.heap, self.layout.width);
        let Some((main, others)) = copies.split_first() else {
            self.copies_agree = false;
            let first = u32::try_from(first.max(2)).unwrap_or(u32::MAX);
            self.used.add(heap.extent(first, last.saturating_sub(first.into())));
            return Ok(());
        };
        let agree =
            copies.len() == self.layout.tables.len() && others.iter().all(|copy| copy == main);
        self.copies_agree &= agree || !self.layout.is_mirrored;
        for number in first.max(2)..last {
            let index = usize::try_from(number - first).unwrap_or(usize::MAX);
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let entry = width.entry(main, index);
            self.in_use += u64::from(entry != 0);
            self.take_entry(number, entry)?;
            if !agree {
                for copy in others {
                    self.take_entry(number, width.entry(copy, index))?;
                }
            }
        }
        Ok(())
    }

    fn take_entry(&mut self, number: u32, entry: u32) -> Result<(), MapError> {
        let heap = self.layout.heap;
        match self.layout.width.link(entry) {
            Link::Free => return Ok(()),
            Link::Next(next) if heap.holds(next) => self.led_to.add(heap.extent(next, 1)),
            Link::Next(next) => {
                return Err(MapError::damaged(format!(
                    "FAT: cluster {number} leads to cluster {next}, which does not exist"
                )));
            }
            Link::End | Link::Bad => {}
        }
        self.used.add(heap.extent(number, 1));
        Ok(())
    }
}
