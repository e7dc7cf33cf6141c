//! Where the fixed structures of block groups lie (Linux `fs/ext4/balloc.c`,
//! `fs/ext4/super.c:descriptor_loc`).

use super::features::{compat, incompat, ro_compat};
use super::superblock::Superblock;

/// A run of blocks: `count` blocks from block `first`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) count: u64,
}

impl Superblock {
    /// First block of a group.
    pub(super) fn group_start(&self, group: u64) -> u64 {
        self.first_data_block + group * self.blocks_per_group
    }

    /// Blocks of a group; the last one may be short.
    pub(super) fn group_blocks(&self, group: u64) -> u64 {
        self.blocks.saturating_sub(self.group_start(group)).min(self.blocks_per_group)
    }

    /// Bits of a group's bitmap that stand for something.
    pub(super) fn group_clusters(&self, group: u64) -> u64 {
        self.group_blocks(group).div_ceil(self.cluster_blocks)
    }

    /// Group descriptors in one block of the descriptor table.
    pub(super) fn descriptors_per_block(&self) -> u64 {
        self.block_size / self.descriptor_size as u64
    }

    /// Blocks that all group descriptors take.
    pub(super) fn table_blocks(&self) -> u64 {
        self.groups().div_ceil(self.descriptors_per_block())
    }

    /// Blocks of an inode table.
    pub(super) fn inode_table_blocks(&self) -> u64 {
        (u64::from(self.inodes_per_group) * self.inode_size as u64).div_ceil(self.block_size)
    }

    /// True when a group starts with a copy of the superblock.
    pub(super) fn has_superblock(&self, group: u64) -> bool {
        if group == 0 {
            return true;
        }
        if self.features.has_compat(compat::SPARSE_SUPER2) {
            return self.backup_groups.contains(&group);
        }
        !self.features.has_ro_compat(ro_compat::SPARSE_SUPER)
            || group == 1
            || [3, 5, 7].into_iter().any(|base| is_power_of(group, base))
    }

    /// The superblock copy, the descriptor table and the blocks kept for its growth at the start
    /// of a group; empty when it has none.
    pub(super) fn base_metadata(&self, group: u64) -> Run {
        let has_superblock = self.has_superblock(group);
        let mut count = u64::from(has_superblock);
        // With 1 KiB blocks and no first data block, the superblock is the second block.
        if group == 0 && self.superblock_block() > self.first_data_block {
            count += 1;
        }
        if self.is_in_meta_group(group) {
            let of_meta_group = group % self.descriptors_per_block();
            let last = self.descriptors_per_block() - 1;
            count += u64::from(of_meta_group <= 1 || of_meta_group == last);
        } else if has_superblock {
            let table = match self.features.has_incompat(incompat::META_BG) {
                true => self.table_blocks().min(self.first_meta_group),
                false => self.table_blocks(),
            };
            count += table + self.reserved_table_blocks;
        }
        Run { first: self.group_start(group), count: count.min(self.group_blocks(group)) }
    }

    /// Where block `index` of the descriptor table lies, and how many of its blocks follow
    /// each other from there.
    pub(super) fn table_block(&self, index: u64) -> Run {
        let first_group = index * self.descriptors_per_block();
        if self.is_in_meta_group(first_group) {
            let mut first = self.group_start(first_group);
            first += u64::from(self.has_superblock(first_group));
            if first_group == 0 && self.superblock_block() > self.first_data_block {
                first += 1;
            }
            return Run { first, count: 1 };
        }
        let end = match self.features.has_incompat(incompat::META_BG) {
            true => self.table_blocks().min(self.first_meta_group),
            false => self.table_blocks(),
        };
        Run { first: self.superblock_block() + 1 + index, count: end - index }
    }

    /// The block that holds the primary superblock.
    pub(super) fn superblock_block(&self) -> u64 {
        super::superblock::OFFSET / self.block_size
    }

    /// True when the group's descriptor lies in its meta group instead of the table at the start.
    fn is_in_meta_group(&self, group: u64) -> bool {
        self.features.has_incompat(incompat::META_BG)
            && group / self.descriptors_per_block() >= self.first_meta_group
    }
}

fn is_power_of(number: u64, base: u64) -> bool {
    let mut power = base;
    while power < number {
        power = power.saturating_mul(base);
    }
    power == number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_lie_in_groups_that_are_powers_of_3_5_and_7() {
        let powers: Vec<_> = (2..130)
            .filter(|group| [3, 5, 7].into_iter().any(|base| is_power_of(*group, base)))
            .collect();
        assert_eq!(powers, [3, 5, 7, 9, 25, 27, 49, 81, 125]);
    }
}
