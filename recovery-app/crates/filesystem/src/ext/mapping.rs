//! Which blocks an inode maps: extent trees (Linux `fs/ext4/ext4_extents.h`) and indirect blocks
//! (`Documentation/filesystems/ext4/blockmap.rst`).

use std::ops::ControlFlow;

use crate::MapError;
use crate::bytes::Bytes;

use super::inode::Inode;
use super::volume::Volume;

const EXTENT_MAGIC: u16 = 0xf30a;
const EXTENT_RECORD: usize = 12;
/// The kernel refuses deeper trees.
const MOST_DEPTH: u16 = 5;
/// Longer extents are allocated but not written, with this subtracted.
const MOST_WRITTEN: u64 = 1 << 15;
const DIRECT_BLOCKS: usize = 12;

/// A run of blocks that an inode maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mapped {
    /// First block within the file; `None` for a block of the map itself.
    pub(super) logical: Option<u64>,
    /// First block of the volume.
    pub(super) physical: u64,
    /// Number of blocks.
    pub(super) count: u64,
    /// False when the run reads as zeros.
    pub(super) written: bool,
}

/// Most blocks that are read for one thing: a journal of 2 GiB in ext3 has 8,000 blocks of map at
/// most, and a directory of a million names has about as many blocks.
const MOST_FOR_ONE: u64 = 1 << 14;
/// Most blocks that are read for all files together, 32 GiB with the usual block size.
const MOST_FOR_ALL: u64 = 1 << 23;
/// Most blocks of map of one file: twice those of the longest file with indirect blocks.
const MOST_MAP_BLOCKS: u64 = 1 << 21;

/// How many blocks a job may still read.
///
/// On a real volume no two files share a block, so reading each once bounds every job; on a
/// damaged one this ends loops and trees that fold into themselves. How long it may take must
/// not depend on the size that a volume claims, so there is a limit besides.
pub(super) struct Budget(u64);

impl Budget {
    /// For the journal, or for one file and the directories on the way to it.
    pub(super) fn for_one() -> Self {
        Self(MOST_FOR_ONE)
    }

    /// For any number of files.
    pub(super) fn for_all(volume: &Volume<'_>) -> Self {
        let twice = volume.superblock.blocks.saturating_mul(2).saturating_add(1024);
        Self(twice.min(MOST_FOR_ALL))
    }

    pub(super) fn spend(&mut self, blocks: u64) -> Result<(), MapError> {
        let left = self.0.checked_sub(blocks);
        self.0 = left.unwrap_or(0);
        left.map(|_| ())
            .ok_or_else(|| MapError::damaged("ext4: files refer to more blocks than make sense"))
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0 == 0
    }
}

/// What is told of each run; breaks to stop early.
pub(super) type Visit<'f> = dyn FnMut(Mapped) -> ControlFlow<()> + 'f;

/// Visits all blocks that `inode` maps, in the order of the file. A block of the map comes
/// before what it maps.
pub(super) fn walk(
    volume: &Volume<'_>,
    inode: &Inode,
    budget: &mut Budget,
    visit: &mut Visit<'_>,
) -> Result<(), MapError> {
    if !inode.has_blocks() {
        return Ok(());
    }
    let mut walker = Walker { volume, budget, visit, map_blocks: 0, next: 0 };
    let _stopped = if inode.has_extents() {
        walker.extents(inode.block_field(), None)?
    } else {
        walker.indirect(inode.block_field())?
    };
    Ok(())
}

struct Walker<'w, 'a, 'f> {
    volume: &'w Volume<'a>,
    budget: &'w mut Budget,
    visit: &'w mut Visit<'f>,
    /// Blocks of the map that were read.
    map_blocks: u64,
    /// First block of the file that has not been visited: extents must ascend, and so must the
    /// nodes above them, so that a tree that folds into itself is noticed.
    next: u64,
}

impl Walker<'_, '_, '_> {
    fn check_run(&self, first: u64, count: u64) -> Result<(), MapError> {
        let inside = first.checked_add(count).is_some_and(|end| {
            first >= self.volume.superblock.first_data_block && end <= self.volume.superblock.blocks
        });
        if inside {
            return Ok(());
        }
        Err(MapError::damaged(format!("ext4: a file refers to block {first}, which is outside")))
    }

    fn read_map_block(&mut self, physical: u64) -> Result<Vec<u8>, MapError> {
        self.budget.spend(1)?;
        self.map_blocks += 1;
        if self.map_blocks > MOST_MAP_BLOCKS {
            return Err(MapError::damaged("ext4: the map of a file is longer than any file"));
        }
        self.volume.read_blocks(physical, 1)
    }

    fn tell_map_block(&mut self, physical: u64) -> ControlFlow<()> {
        (self.visit)(Mapped { logical: None, physical, count: 1, written: true })
    }

    fn extents(
        &mut self,
        node: &[u8],
        depth_above: Option<u16>,
    ) -> Result<ControlFlow<()>, MapError> {
        let field = Bytes::new(node, "ext4 extent tree");
        let depth = field.le16(6)?;
        let is_right_depth = depth_above.map_or(depth <= MOST_DEPTH, |above| depth + 1 == above);
        if field.le16(0)? != EXTENT_MAGIC || !is_right_depth {
            return Err(MapError::damaged("ext4: an extent tree node is not one"));
        }
        let count = usize::from(field.le16(2)?);
        if count == 0 && depth_above.is_some() {
            return Err(MapError::damaged("ext4: an extent tree node has no entries"));
        }
        for index in 0..count {
            let at = EXTENT_RECORD * (index + 1);
            let flow = match depth {
                0 => self.extent(field, at)?,
                _ => self.child(field, at, depth)?,
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn extent(&mut self, field: Bytes<'_>, at: usize) -> Result<ControlFlow<()>, MapError> {
        let (count, written) = extent_length(field.le16(at + 4)?);
        let physical = u64::from(field.le16(at + 6)?) << 32 | u64::from(field.le32(at + 8)?);
        self.check_run(physical, count)?;
        let logical = u64::from(field.le32(at)?);
        if logical < self.next || count == 0 {
            return Err(MapError::damaged("ext4: the extents of a file overlap"));
        }
        self.next = logical + count;
        Ok((self.visit)(Mapped { logical: Some(logical), physical, count, written }))
    }

    fn child(
        &mut self,
        field: Bytes<'_>,
        at: usize,
        depth: u16,
    ) -> Result<ControlFlow<()>, MapError> {
        let physical = u64::from(field.le16(at + 8)?) << 32 | u64::from(field.le32(at + 4)?);
        self.check_run(physical, 1)?;
        let logical = u64::from(field.le32(at)?);
        if logical < self.next {
            return Err(MapError::damaged("ext4: the nodes of an extent tree overlap"));
        }
        self.next = logical;
        if self.tell_map_block(physical).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let node = self.read_map_block(physical)?;
        self.extents(&node, Some(depth))
    }

    fn indirect(&mut self, field: &[u8]) -> Result<ControlFlow<()>, MapError> {
        let mut logical = 0;
        let pointers = Bytes::new(field, "ext4 inode");
        for index in 0..DIRECT_BLOCKS {
            let flow = self.pointer(pointers.le32(index * 4)?, 0, &mut logical)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        for level in 1..=3 {
            let at = (DIRECT_BLOCKS - 1 + level) * 4;
            let level = u32::try_from(level).unwrap_or(0);
            let flow = self.pointer(pointers.le32(at)?, level, &mut logical)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// A pointer to data (level 0) or to a block of pointers one level down.
    fn pointer(
        &mut self,
        block: u32,
        level: u32,
        logical: &mut u64,
    ) -> Result<ControlFlow<()>, MapError> {
        let per_block = self.volume.superblock.block_size / 4;
        let spanned = per_block.saturating_pow(level);
        let physical = u64::from(block);
        if block == 0 {
            *logical = logical.saturating_add(spanned);
            return Ok(ControlFlow::Continue(()));
        }
        self.check_run(physical, 1)?;
        if level == 0 {
            let first = Some(*logical);
            *logical += 1;
            return Ok((self.visit)(Mapped { logical: first, physical, count: 1, written: true }));
        }
        if self.tell_map_block(physical).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let pointers = self.read_map_block(physical)?;
        for pointer in pointers.chunks_exact(4) {
            let mut word = [0; 4];
            word.copy_from_slice(pointer);
            let flow = self.pointer(u32::from_le_bytes(word), level - 1, logical)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The number of blocks of an extent, and whether they were written.
pub(super) fn extent_length(length: u16) -> (u64, bool) {
    match u64::from(length) {
        length @ 0..=MOST_WRITTEN => (length, true),
        length => (length - MOST_WRITTEN, false),
    }
}
