use block::{Extent, ExtentSet, ExtentSetBuilder};

use crate::layout::{CopyState, GptCopy, Layout, Table};

/// Gaps between partitions up to this size, in bytes, belong to the structure: they are what
/// alignment leaves.
const SMALL_GAP: u64 = 1 << 20;

/// Bytes at the end of the disk that always belong to it: backup GPT, metadata of firmware RAID
/// and of Windows dynamic disks.
const TAIL: u64 = 1 << 20;

/// Most bytes taken from the gap behind a boot record: boot loaders and their stages (GRUB's core
/// image, the stages of ARM boards within the first 32 MiB). What is more is unpartitioned space.
const BOOT_GAP: u64 = 64 << 20;

impl Layout {
    /// The sectors of the table itself: first sector of the disk, both copies of a GPT and what
    /// is left of others, extended boot records. At most some MiB.
    #[must_use]
    pub fn table_sectors(&self) -> ExtentSet {
        let mut set = ExtentSetBuilder::new();
        set.add(Extent::new(0, u64::from(self.sector_size)));
        match &self.table {
            Table::None | Table::Doubtful => {}
            Table::Gpt(table) => {
                for GptCopy { header, entries, .. } in [&table.primary, &table.backup] {
                    set.extend([*header, *entries]);
                }
                set.extend(table.stale.iter().copied());
                // What is there tells where the entries of a damaged copy belong.
                if table.primary.state != CopyState::Intact {
                    let behind_header = 2 * u64::from(self.sector_size);
                    set.add(Extent::new(behind_header, table.primary.entries.length));
                }
            }
            Table::Mbr(table) => set.extend(table.extended_boot_records.iter().copied()),
        }
        set.build().clipped(self.disk())
    }

    /// Every byte outside the partitions that a capture must hold: tables, boot records and the
    /// gaps behind them, small gaps between partitions, both ends of the disk, and all that is
    /// [`Self::uncertain`]. With [`Table::Doubtful`] it is the whole disk, with [`Table::None`]
    /// nothing, because the disk then is one volume.
    ///
    /// The set may touch bytes of partitions where tables lie within them.
    #[must_use]
    pub fn structural(&self) -> ExtentSet {
        let volumes = self.volume_bytes();
        let mut set = ExtentSetBuilder::new();
        match &self.table {
            Table::None => return ExtentSet::empty(),
            Table::Doubtful => return ExtentSet::whole(self.disk_size),
            Table::Gpt(_) => {}
            Table::Mbr(table) => {
                let records = &table.extended_boot_records;
                set.extend(records.iter().map(|record| gap_behind(record.end(), &volumes)));
            }
        }
        set.extend(self.table_sectors().iter());
        set.add(gap_behind(0, &volumes));
        set.add(Extent::between(self.disk_size.saturating_sub(TAIL), self.disk_size));
        let gaps = volumes.complement(self.disk());
        set.extend(gaps.iter().filter(|gap| gap.length <= SMALL_GAP));
        set.extend(self.uncertain.iter().copied());
        set.build().clipped(self.disk())
    }

    fn disk(&self) -> Extent {
        Extent::new(0, self.disk_size)
    }
}

/// The bytes from `start` up to the next of `volumes`, or [`BOOT_GAP`] of them.
fn gap_behind(start: u64, volumes: &ExtentSet) -> Extent {
    let most = Extent::new(start, BOOT_GAP);
    let next = volumes.within(most).next();
    Extent::between(start, next.map_or(most.end(), |volume| volume.start))
}
