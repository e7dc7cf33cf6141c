//! Reads the header and the tree blocks of an allocation group as they are after log replay, and
//! proves each one.

use block::BlockDevice;

use super::group;
use super::log::{Coverage, Overlay};
use super::superblock::{Superblock, checksum_matches};
use crate::MapError;
use crate::bytes::Bytes;

/// Most bytes that one read asks for.
const MOST_READ: u64 = 1 << 20;
/// Blocks read for nothing between two wanted ones, rather than asking twice.
const MOST_GAP: u64 = 8;

/// The two trees that hold the same free extents (`xfs_alloc_btree.c`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By first block ("bnobt").
    Block,
    /// By length, then first block ("cntbt").
    Size,
}

impl Order {
    fn magic(self, v5: bool) -> &'static [u8; 4] {
        match (self, v5) {
            (Self::Block, false) => b"ABTB",
            (Self::Block, true) => b"AB3B",
            (Self::Size, false) => b"ABTC",
            (Self::Size, true) => b"AB3C",
        }
    }

    /// True for the magic of either tree, in either version.
    pub(super) fn is_magic(magic: &[u8]) -> bool {
        [b"ABTB", b"AB3B", b"ABTC", b"AB3C"].iter().any(|known| magic == *known)
    }
}

/// Where the fields of a self-describing (version 5) structure are, in bytes.
struct Places {
    crc: usize,
    lsn: usize,
    uuid: usize,
}

const HEADER_PLACES: Places =
    Places { crc: group::CRC_AT, lsn: group::LSN_AT, uuid: group::UUID_AT };
const TREE_PLACES: Places = Places { crc: 52, lsn: 24, uuid: 32 };

/// Metadata of a volume, with what the log says laid over it.
pub(super) struct Blocks<'a> {
    pub(super) volume: &'a dyn BlockDevice,
    pub(super) sb: &'a Superblock,
    /// Replayed log, or `None` for the volume as it is.
    pub(super) overlay: Option<&'a Overlay>,
}

impl Blocks<'_> {
    /// Size of a tree block's header in bytes.
    pub(super) fn tree_header(&self) -> usize {
        if self.sb.features.v5 { 56 } else { 16 }
    }

    /// The sector that holds the AGF of `group`.
    pub(super) fn header(&self, group: u32) -> Result<Vec<u8>, MapError> {
        let offset = group::header_at(self.sb, group);
        let mut bytes = self.volume.read_vec(offset, self.sb.sector_size as usize)?;
        let good = bytes.starts_with(b"XAGF") && self.checksum_is_good(&bytes, &HEADER_PLACES);
        let coverage = self.replay(offset, &mut bytes, good, &HEADER_PLACES)?;
        if good || coverage.contains(0, group::LENGTH) {
            return Ok(bytes);
        }
        Err(MapError::damaged(format!("XFS group {group}: AGF has a wrong magic or checksum")))
    }

    /// Calls `visit` with the index and content of each block of `wanted`, in order of place.
    pub(super) fn visit(
        &self,
        group: u32,
        order: Order,
        wanted: &[u32],
        mut visit: impl FnMut(usize, &[u8]) -> Result<(), MapError>,
    ) -> Result<(), MapError> {
        let size = u64::from(self.sb.block_size);
        let most = MOST_READ / size;
        let mut sorted: Vec<(u32, usize)> =
            wanted.iter().enumerate().map(|(index, block)| (*block, index)).collect();
        sorted.sort_unstable();
        let near = |a: &(u32, usize), b: &(u32, usize)| u64::from(b.0 - a.0) <= MOST_GAP;
        for run in sorted.chunk_by(near) {
            let mut rest = run;
            while let Some((first, _)) = rest.first() {
                let taken = rest.partition_point(|(block, _)| u64::from(block - first) < most);
                self.visit_run(group, order, &rest[..taken], &mut visit)?;
                rest = &rest[taken..];
            }
        }
        Ok(())
    }

    fn visit_run(
        &self,
        group: u32,
        order: Order,
        run: &[(u32, usize)],
        visit: &mut impl FnMut(usize, &[u8]) -> Result<(), MapError>,
    ) -> Result<(), MapError> {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else {
            return Ok(());
        };
        if *last >= self.sb.length_of(group) {
            return Err(MapError::damaged(format!("XFS group {group}: tree points outside")));
        }
        let size = self.sb.block_size as usize;
        let length = (last - first + 1) as usize * size;
        let mut bytes = self.volume.read_vec(self.sb.byte_of(group, *first), length)?;
        for (block, index) in run {
            let at = (block - first) as usize * size;
            let content = &mut bytes[at..at + size];
            self.prove(group, order, *block, content)?;
            visit(*index, content)?;
        }
        Ok(())
    }

    /// Lays the log over `content` and checks all but the records.
    fn prove(
        &self,
        group: u32,
        order: Order,
        block: u32,
        content: &mut [u8],
    ) -> Result<(), MapError> {
        let magic = order.magic(self.sb.features.v5);
        let offset = self.sb.byte_of(group, block);
        let wrong = |what| {
            MapError::damaged(format!("XFS group {group}, block {block}: free-space tree {what}"))
        };
        let good = content.starts_with(magic) && self.checksum_is_good(content, &TREE_PLACES);
        let coverage = self.replay(offset, content, good, &TREE_PLACES)?;
        if !content.starts_with(magic) {
            return Err(wrong("has a wrong magic"));
        }
        if !good && !self.covers_records(&coverage, content)? {
            return Err(wrong("has a wrong checksum"));
        }
        let header = Bytes::new(content, "XFS tree block");
        if self.sb.features.v5
            && (header.be64(16)? != offset / 512
                || header.slice(32, 16)? != self.sb.meta_uuid
                || header.be32(48)? != group)
        {
            return Err(wrong("belongs elsewhere"));
        }
        Ok(())
    }

    fn checksum_is_good(&self, content: &[u8], places: &Places) -> bool {
        !self.sb.features.v5 || checksum_matches(content, places.crc)
    }

    /// Applies what the log has for the structure at byte `offset`, unless the version on the
    /// disk is as new (`xfs_buf_item_recover.c`).
    fn replay(
        &self,
        offset: u64,
        content: &mut [u8],
        good: bool,
        places: &Places,
    ) -> Result<Coverage, MapError> {
        let Some(overlay) = self.overlay else { return Ok(Coverage::default()) };
        let header = Bytes::new(content, "XFS metadata");
        let known = content.starts_with(b"XAGF") || Order::is_magic(&content[..4]);
        let ours = self.sb.features.v5 && header.slice(places.uuid, 16)? == self.sb.meta_uuid;
        let lsn = if known && ours { header.be64(places.lsn)? } else { 0 };
        if good && ours && lsn > overlay.newest() {
            return Err(MapError::damaged("XFS has metadata newer than its log"));
        }
        Ok(overlay.apply(offset / 512, content, lsn))
    }

    /// True when all bytes of `content` that mean something came from the log.
    fn covers_records(&self, coverage: &Coverage, content: &[u8]) -> Result<bool, MapError> {
        let header = Bytes::new(content, "XFS tree block");
        let (level, count) = (header.be16(4)?, usize::from(header.be16(6)?));
        let start = self.tree_header();
        let keys = coverage.contains(0, start + count * 8);
        if level == 0 {
            return Ok(keys);
        }
        let pointers = start + (content.len() - start) / 12 * 8;
        Ok(keys && coverage.contains(pointers, count * 4))
    }
}
