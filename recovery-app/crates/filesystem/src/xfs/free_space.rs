//! The free extents of an allocation group, out of its two free-space B+trees.

use super::btree::{Blocks, Order};
use super::group::{Group, Root};
use crate::MapError;
use crate::bytes::Bytes;

/// Free extents kept of one group: 8 bytes each, so 8 MiB. Beyond that the shortest are given up,
/// that is, taken for used.
const MOST_RECORDS: usize = 1 << 20;
/// Tree blocks of one level: memory for the checks between neighbours is bounded by it.
const MOST_BLOCKS: usize = 1 << 20;
const NO_BLOCK: u32 = u32::MAX;

/// A free extent: first block and number of blocks.
pub(super) type Record = (u32, u32);

/// Proven free extents of one group.
pub(super) struct FreeSpace {
    /// Ascending and disjoint. All there are, but for the shortest of very many.
    pub(super) records: Vec<Record>,
    /// Free blocks as the superblock counts them: free extents, spare blocks and tree blocks.
    pub(super) counted: u64,
}

/// Totals over one tree.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    blocks: u64,
    longest: u32,
    /// Sum over a hash of each record, so that equal sets have equal sums in any order.
    digest: u64,
}

impl Totals {
    fn add(&mut self, (start, count): Record) {
        self.blocks += u64::from(count);
        self.longest = self.longest.max(count);
        let word = (u64::from(start) << 32) | u64::from(count);
        let mixed = (word ^ (word >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.digest = self.digest.wrapping_add(mixed ^ (mixed >> 29));
    }
}

impl FreeSpace {
    /// Walks both trees of `group` and checks them against each other and against the header.
    pub(super) fn read(blocks: &Blocks<'_>, group: &Group) -> Result<Self, MapError> {
        let mut kept = Kept::default();
        let (by_block, tree) =
            Walk { blocks, group, order: Order::Block }.run(group.by_block, &mut kept)?;
        let (by_size, size_tree) =
            Walk { blocks, group, order: Order::Size }.run(group.by_size, &mut kept)?;
        let wrong =
            |what: &str| Err(MapError::damaged(format!("XFS group {}: {what}", group.number)));
        if by_block != by_size {
            return wrong("the two free-space trees disagree");
        }
        if by_block.blocks != u64::from(group.free_blocks) || by_block.longest != group.longest {
            return wrong("free-space trees and AGF disagree");
        }
        let rmap = u64::from(group.rmap_blocks).saturating_sub(1);
        let tree_blocks = (tree - 1) + (size_tree - 1) + rmap;
        if blocks.sb.features.lazy_count && tree_blocks != u64::from(group.tree_blocks) {
            return wrong("number of tree blocks and AGF disagree");
        }
        let counted = by_block.blocks + u64::from(group.spare_blocks) + tree_blocks;
        Ok(Self { records: kept.sorted(), counted })
    }
}

/// Bounded memory of free extents.
#[derive(Default)]
struct Kept {
    records: Vec<Record>,
    shortest: u32,
}

impl Kept {
    fn add(&mut self, record: Record) {
        if record.1 < self.shortest {
            return;
        }
        while self.records.len() >= MOST_RECORDS {
            self.shortest = self.shortest.max(1).saturating_mul(2);
            self.records.retain(|(_, count)| *count >= self.shortest);
        }
        self.records.push(record);
    }

    fn sorted(mut self) -> Vec<Record> {
        self.records.sort_unstable();
        self.records
    }
}

/// One tree of one group.
struct Walk<'a> {
    blocks: &'a Blocks<'a>,
    group: &'a Group,
    order: Order,
}

/// What a tree block says of its neighbours and its bounds.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    left: u32,
    right: u32,
    first: Record,
    last: Record,
}

/// A block to read, and the key by which its parent knows it.
#[derive(Clone, Copy)]
struct Child {
    block: u32,
    key: Option<Record>,
}

impl Walk<'_> {
    /// The totals over all records, and the number of blocks in the tree.
    fn run(&self, root: Root, kept: &mut Kept) -> Result<(Totals, u64), MapError> {
        let mut level = vec![Child { block: root.block, key: None }];
        let mut tree_blocks = 0;
        let mut totals = Totals::default();
        for height in (0..root.levels).rev() {
            tree_blocks += level.len() as u64;
            level = self.level(height, &level, |record| {
                totals.add(record);
                if self.order == Order::Block {
                    kept.add(record);
                }
            })?;
        }
        Ok((totals, tree_blocks))
    }

    /// Reads all blocks of one level; returns those of the level below, in order of key.
    fn level(
        &self,
        height: u32,
        level: &[Child],
        mut record: impl FnMut(Record),
    ) -> Result<Vec<Child>, MapError> {
        let wanted: Vec<u32> = level.iter().map(|child| child.block).collect();
        let mut seen = vec![Seen::default(); level.len()];
        let mut below: Vec<(usize, Vec<Child>)> = Vec::new();
        let mut count = 0;
        self.blocks.visit(self.group.number, self.order, &wanted, |index, content| {
            let node = Node::parse(self, height, level.len() == 1, content)?;
            seen[index] = node.seen;
            if height == 0 {
                node.records.iter().copied().for_each(&mut record);
            } else {
                count += node.children.len();
                below.push((index, node.children));
            }
            if count > MOST_BLOCKS {
                return Err(MapError::unsupported("XFS free space is too fragmented"));
            }
            Ok(())
        })?;
        self.check_neighbours(level, &seen)?;
        below.sort_unstable_by_key(|(index, _)| *index);
        Ok(below.into_iter().flat_map(|(_, children)| children).collect())
    }

    fn check_neighbours(&self, level: &[Child], seen: &[Seen]) -> Result<(), MapError> {
        let block_at = |index: Option<usize>| {
            index.and_then(|index| level.get(index)).map_or(NO_BLOCK, |child| child.block)
        };
        for (index, (child, this)) in level.iter().zip(seen).enumerate() {
            let linked = this.left == block_at(index.checked_sub(1))
                && this.right == block_at(index.checked_add(1));
            let known = child.key.is_none_or(|key| !self.differs(key, this.first));
            let ordered =
                seen.get(index + 1).is_none_or(|next| self.follows(this.last, next.first));
            if !(linked && known && ordered) {
                return Err(self.damaged("blocks contradict each other"));
            }
        }
        Ok(())
    }

    /// True when the key of a parent does not name this first record.
    fn differs(&self, key: Record, first: Record) -> bool {
        match self.order {
            Order::Block => key.0 != first.0,
            Order::Size => key != first,
        }
    }

    /// True when `next` may stand right behind `record`.
    fn follows(&self, record: Record, next: Record) -> bool {
        match self.order {
            Order::Block => record.0.checked_add(record.1).is_some_and(|end| end <= next.0),
            Order::Size => (record.1, record.0) < (next.1, next.0),
        }
    }

    fn damaged(&self, what: &str) -> MapError {
        MapError::damaged(format!("XFS group {}: free-space tree: {what}", self.group.number))
    }
}

/// One parsed tree block.
struct Node {
    seen: Seen,
    records: Vec<Record>,
    children: Vec<Child>,
}

impl Node {
    fn parse(walk: &Walk<'_>, height: u32, alone: bool, content: &[u8]) -> Result<Self, MapError> {
        let block = Bytes::new(content, "XFS tree block");
        let start = walk.blocks.tree_header();
        let width = if height == 0 { 8 } else { 12 };
        let most = (content.len() - start) / width;
        let count = usize::from(block.be16(6)?);
        let empty_leaf = count == 0 && height == 0 && alone;
        if u32::from(block.be16(4)?) != height || count > most || (count == 0 && !empty_leaf) {
            return Err(walk.damaged("block has a wrong level or count"));
        }
        // Of a key by place only the place counts.
        let place_only = height > 0 && walk.order == Order::Block;
        let mut records = Vec::with_capacity(count);
        for index in 0..count {
            let at = start + index * 8;
            let length = if place_only { 1 } else { block.be32(at + 4)? };
            records.push((block.be32(at)?, length));
        }
        let mut children = Vec::new();
        if height > 0 {
            for (index, key) in records.iter().enumerate() {
                let pointer = block.be32(start + most * 8 + index * 4)?;
                children.push(Child { block: pointer, key: Some(*key) });
            }
        }
        let node = Self {
            seen: Seen {
                left: block.be32(8)?,
                right: block.be32(12)?,
                first: records.first().copied().unwrap_or_default(),
                last: records.last().copied().unwrap_or_default(),
            },
            records,
            children,
        };
        node.check(walk)?;
        Ok(node)
    }

    /// Records lie in the group behind its headers, and are in order.
    fn check(&self, walk: &Walk<'_>) -> Result<(), MapError> {
        let first_block = walk.blocks.sb.header_blocks();
        let inside = |(start, count): &Record| {
            *start >= first_block
                && *count > 0
                && start.checked_add(*count).is_some_and(|end| end <= walk.group.length)
        };
        let ordered = self.records.windows(2).all(|pair| walk.follows(pair[0], pair[1]));
        if ordered && self.records.iter().all(inside) {
            return Ok(());
        }
        Err(walk.damaged("records are out of order or outside"))
    }
}
