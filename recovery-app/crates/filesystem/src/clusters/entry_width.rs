/// Where a file allocation table leads from a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Free,
    /// The last cluster of a chain.
    End,
    /// A cluster that the formatter found unusable.
    Bad,
    /// The next cluster of the chain, not yet checked to be one that exists.
    Next(u32),
}

/// The size of the entries of a file allocation table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryWidth {
    /// FAT12.
    Bits12,
    /// FAT16.
    Bits16,
    /// FAT32: 28 bits count, the upper four are reserved.
    Bits28,
    /// exFAT.
    Bits32,
}

impl EntryWidth {
    pub(crate) fn bits(self) -> u64 {
        match self {
            Self::Bits12 => 12,
            Self::Bits16 => 16,
            Self::Bits28 | Self::Bits32 => 32,
        }
    }

    /// All bits of an entry that count.
    pub(crate) fn mask(self) -> u32 {
        match self {
            Self::Bits12 => 0xfff,
            Self::Bits16 => 0xffff,
            Self::Bits28 => 0x0fff_ffff,
            Self::Bits32 => u32::MAX,
        }
    }

    /// The entry at `index` of `bytes`, which start at an entry; 0 when it lies outside.
    ///
    /// Entries of 12 bits can be read from the start of the table only.
    pub(crate) fn entry(self, bytes: &[u8], index: usize) -> u32 {
        let at = |start: usize, length: usize| bytes.get(start..start + length);
        match self {
            Self::Bits12 => at(index + index / 2, 2).map_or(0, |pair| {
                let pair = u32::from(u16::from_le_bytes([pair[0], pair[1]]));
                if index.is_multiple_of(2) { pair & 0xfff } else { pair >> 4 }
            }),
            Self::Bits16 => at(index * 2, 2)
                .map_or(0, |entry| u32::from(u16::from_le_bytes([entry[0], entry[1]]))),
            Self::Bits28 | Self::Bits32 => at(index * 4, 4).map_or(0, |entry| {
                u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) & self.mask()
            }),
        }
    }

    /// What an entry means.
    ///
    /// Values from ...FF0 to ...FF6 are reserved; they are taken for numbers of clusters, which
    /// are then found not to exist.
    pub(crate) fn link(self, entry: u32) -> Link {
        match entry {
            0 => Link::Free,
            _ if entry == self.mask() - 8 => Link::Bad,
            _ if entry > self.mask() - 8 => Link::End,
            _ => Link::Next(entry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_entries_of_each_width() {
        let twelve = [0xf8, 0xff, 0xff, 0x03, 0x40, 0x00];
        let entries: Vec<u32> = (0..4).map(|i| EntryWidth::Bits12.entry(&twelve, i)).collect();
        assert_eq!(entries, [0xff8, 0xfff, 3, 4]);
        assert_eq!(EntryWidth::Bits12.entry(&twelve, 4), 0);
        assert_eq!(EntryWidth::Bits28.entry(&[1, 0, 0, 0xf0], 0), 1);
        assert_eq!(EntryWidth::Bits16.link(0xfff7), Link::Bad);
        assert_eq!(EntryWidth::Bits28.link(0x0fff_fff8), Link::End);
        assert_eq!(EntryWidth::Bits32.link(0x0fff_fff8), Link::Next(0x0fff_fff8));
    }
}
