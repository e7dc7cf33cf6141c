//! The journal in inode 8: jbd2 (Linux `fs/jbd2/`, `Documentation/filesystems/ext4/journal.rst`).
//!
//! No crate exposes the blocks that a journal holds, so it is read here: [`Journal`] finds it,
//! [`Log`] follows its transactions as recovery in the kernel does, and [`fast_commit`] reads
//! what fast commits name.

mod end;
pub(super) mod fast_commit;
mod log;
mod superblock;
mod tag;

use std::ops::ControlFlow;

use crate::MapError;

use super::inode::Inode;
use super::layout::Run;
use super::mapping::{self, Budget};
use super::volume::Volume;

pub(super) use log::{Copy, Log};
use superblock::JournalSuperblock;

/// The first four bytes of every block that describes others.
pub(super) const MAGIC: u32 = 0xc03b_3998;

/// A journal: what its superblock says, and which blocks of the volume it is.
pub(super) struct Journal {
    superblock: JournalSuperblock,
    /// In the order of the journal, without holes.
    runs: Vec<Run>,
    /// Of each run, its first block within the journal.
    starts: Vec<u64>,
}

impl Journal {
    /// Finds the journal inside `volume`.
    pub(super) fn open(volume: &Volume<'_>) -> Result<Self, MapError> {
        let inode = Inode::read(volume, volume.superblock.journal_inode)?;
        let runs = read_runs(volume, &inode)?;
        let Some(first) = runs.first() else {
            return Err(MapError::damaged("ext4 journal: it has no blocks"));
        };
        let superblock = JournalSuperblock::parse(&volume.read_on_disk(first.first, 1)?)?;
        let mut held = 0;
        let mut starts = Vec::with_capacity(runs.len());
        for run in &runs {
            starts.push(held);
            held += run.count;
        }
        if u64::from(superblock.block_size) != volume.superblock.block_size {
            return Err(MapError::unsupported("ext4 journal: its block size is another"));
        }
        if u64::from(superblock.blocks) > held {
            return Err(MapError::damaged("ext4 journal: shorter than it says"));
        }
        if u64::from(superblock.blocks) * volume.superblock.block_size > MOST_BYTES {
            return Err(MapError::unsupported("ext4 journal: longer than can be followed"));
        }
        Ok(Self { superblock, runs, starts })
    }

    /// True when there are transactions to replay.
    pub(super) fn has_transactions(&self) -> bool {
        self.superblock.start != 0
    }

    /// True when a failure ended its last use.
    pub(super) fn was_aborted(&self) -> bool {
        self.superblock.error != 0
    }

    /// The blocks of the volume that hold it.
    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The block of the volume that holds block `index` of the journal.
    fn place(&self, index: u32) -> Option<u64> {
        self.run_at(index).map(|run| run.first)
    }

    /// The blocks of the volume that hold the journal from block `index` up to where they part.
    fn run_at(&self, index: u32) -> Option<Run> {
        let index = u64::from(index);
        let at = self.starts.partition_point(|start| *start <= index).checked_sub(1)?;
        let run = self.runs[at];
        let within = index - self.starts[at];
        (within < run.count).then(|| Run { first: run.first + within, count: run.count - within })
    }

    /// The same, when they must be there.
    fn run_from(&self, index: u32) -> Result<Run, MapError> {
        self.run_at(index)
            .ok_or_else(|| MapError::damaged("ext4 journal: refers to a block behind its end"))
    }

    fn read(&self, volume: &Volume<'_>, index: u32) -> Result<Vec<u8>, MapError> {
        volume.read_on_disk(self.run_from(index)?.first, 1)
    }
}

fn read_runs(volume: &Volume<'_>, inode: &Inode) -> Result<Vec<Run>, MapError> {
    let mut runs: Vec<Run> = Vec::new();
    let mut next = 0;
    let mut has_hole = false;
    mapping::walk(volume, inode, &mut Budget::for_one(), &mut |mapped| {
        let Some(logical) = mapped.logical else { return ControlFlow::Continue(()) };
        if logical != next || !mapped.written {
            has_hole = true;
            return ControlFlow::Break(());
        }
        next += mapped.count;
        match runs.last_mut() {
            Some(last) if last.first + last.count == mapped.physical => last.count += mapped.count,
            _ => runs.push(Run { first: mapped.physical, count: mapped.count }),
        }
        match runs.len() {
            0..MOST_RUNS => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    })?;
    if has_hole || runs.len() >= MOST_RUNS {
        return Err(MapError::damaged("ext4 journal: its blocks do not follow each other"));
    }
    if overlap(runs.clone()) {
        return Err(MapError::damaged("ext4 journal: two of its blocks are the same"));
    }
    Ok(runs)
}

fn overlap(mut runs: Vec<Run>) -> bool {
    runs.sort_unstable_by_key(|run| run.first);
    runs.windows(2).any(|pair| pair[0].first + pair[0].count > pair[1].first)
}

/// Most pieces a journal may lie in: made in one go, it has a few.
const MOST_RUNS: usize = 1 << 16;
/// Longest journal that is followed, in bytes: mke2fs makes one of up to 1 GiB unasked.
const MOST_BYTES: u64 = 16 << 30;
