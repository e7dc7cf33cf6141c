//! The superblock: geometry, counts, features.

use block::{BlockDevice, BlockError, Extent};

use super::feature::Features;
use crate::MapError;
use crate::bytes::Bytes;

const MAGIC: &[u8] = b"XFSB";
/// Largest sector that XFS uses, in bytes; the superblock fills the first sector.
const MOST_SECTOR: usize = 32 << 10;
const CRC_AT: usize = 224;
/// Fewest blocks of an AG (`XFS_MIN_AG_BLOCKS`).
const LEAST_GROUP: u32 = 64;

/// The checked superblock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Superblock {
    pub(super) features: Features,
    /// Filesystem block in bytes, 512 to 65536.
    pub(super) block_size: u32,
    /// Smallest unit of AG headers in bytes, 512 to 32768.
    pub(super) sector_size: u32,
    pub(super) inode_size: u32,
    /// Size of the data section in blocks.
    pub(super) blocks: u64,
    /// Size of every AG but the last, in blocks.
    pub(super) group_blocks: u32,
    pub(super) groups: u32,
    /// Bits of a filesystem block number that hold the block within its AG.
    pub(super) group_bits: u8,
    /// log2 of inodes in a block.
    pub(super) inode_block_bits: u8,
    /// log2 of blocks in a directory block.
    pub(super) directory_bits: u8,
    pub(super) root_inode: u64,
    /// First block of the internal log as a filesystem block number, 0 when it is elsewhere.
    log_start: u64,
    log_blocks: u32,
    /// Blocks of the realtime section.
    realtime_blocks: u64,
    /// Free blocks by the superblock's own count; right only after a clean unmount.
    pub(super) free_blocks: u64,
    pub(super) label: String,
    pub(super) uuid: [u8; 16],
    /// The UUID that metadata blocks carry.
    pub(super) meta_uuid: [u8; 16],
    in_progress: bool,
}

impl Superblock {
    /// Reads the primary superblock; `None` when the volume does not start with one.
    pub(super) fn read(volume: &dyn BlockDevice) -> Result<Option<Self>, MapError> {
        if volume.size() < 512 || !volume.read_vec(0, 512)?.starts_with(MAGIC) {
            return Ok(None);
        }
        let length = MOST_SECTOR.min(usize::try_from(volume.size()).unwrap_or(MOST_SECTOR));
        let bytes = volume.read_vec(0, length)?;
        let superblock = Self::parse(&bytes)?;
        Ok(Some(superblock))
    }

    /// Parses and checks the bytes of the first sector (more bytes may follow).
    fn parse(bytes: &[u8]) -> Result<Self, MapError> {
        let superblock = Self::decode(bytes)?;
        let sector =
            Bytes::new(bytes, "XFS superblock").slice(0, superblock.sector_size as usize)?;
        if superblock.features.v5 && !checksum_matches(sector, CRC_AT) {
            return Err(MapError::damaged("XFS superblock: wrong checksum"));
        }
        Ok(superblock)
    }

    /// The same without the checksum, which is not kept up to date in the log.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, MapError> {
        let sb = Bytes::new(bytes, "XFS superblock");
        if sb.slice(0, 4)? != MAGIC {
            return Err(MapError::damaged("XFS superblock: wrong magic"));
        }
        let features = Features::parse(sb)?;
        let uuid = array(sb.slice(32, 16)?);
        let superblock = Self {
            features,
            block_size: sb.be32(4)?,
            sector_size: u32::from(sb.be16(102)?),
            inode_size: u32::from(sb.be16(104)?),
            blocks: sb.be64(8)?,
            group_blocks: sb.be32(84)?,
            groups: sb.be32(88)?,
            group_bits: sb.u8(124)?,
            inode_block_bits: sb.u8(123)?,
            directory_bits: sb.u8(192)?,
            root_inode: sb.be64(56)?,
            log_start: sb.be64(48)?,
            log_blocks: sb.be32(96)?,
            realtime_blocks: sb.be64(16)?,
            free_blocks: sb.be64(144)?,
            label: text(sb.slice(108, 12)?),
            uuid,
            meta_uuid: if features.meta_uuid { array(sb.slice(248, 16)?) } else { uuid },
            in_progress: sb.u8(126)? != 0,
        };
        superblock.check(sb)?;
        Ok(superblock)
    }

    /// True when `other` is the same but for its counts and its label.
    pub(super) fn same_layout(&self, other: &Self) -> bool {
        let other = other.clone();
        *self == Self { free_blocks: self.free_blocks, label: self.label.clone(), ..other }
    }

    /// The geometry contradicts itself nowhere, so that later sums cannot overflow.
    fn check(&self, sb: Bytes<'_>) -> Result<(), MapError> {
        let power =
            |value: u32, log: u8| value.is_power_of_two() && value.ilog2() == u32::from(log);
        let inodes = self.block_size.checked_div(self.inode_size).unwrap_or(0);
        let groups = u64::from(self.groups);
        let most = groups.saturating_mul(u64::from(self.group_blocks));
        let least = (groups.max(1) - 1).saturating_mul(u64::from(self.group_blocks));
        if self.group_blocks < LEAST_GROUP || self.block_size == 0 {
            return Err(MapError::damaged("XFS superblock: blocks or groups are too small"));
        }
        let sane = [
            (512..=65536).contains(&self.block_size) && power(self.block_size, sb.u8(120)?),
            (512..=32768).contains(&self.sector_size) && power(self.sector_size, sb.u8(121)?),
            self.sector_size <= self.block_size,
            (256..=2048).contains(&self.inode_size) && power(self.inode_size, sb.u8(122)?),
            inodes >= 1 && power(inodes, self.inode_block_bits),
            u32::from(self.directory_bits) + self.block_size.ilog2() <= 16,
            (self.group_blocks - 1).checked_ilog2().map(|bits| bits + 1)
                == Some(u32::from(self.group_bits)),
            self.blocks > least && self.blocks <= most,
            u64::from(self.block_size).checked_mul(self.blocks).is_some(),
        ];
        if sane.contains(&false) {
            return Err(MapError::damaged("XFS superblock: sizes contradict each other"));
        }
        Ok(())
    }

    /// Refuses volumes of which a map cannot be made.
    pub(super) fn check_mappable(&self, volume: &dyn BlockDevice) -> Result<(), MapError> {
        self.features.check()?;
        if self.in_progress {
            return Err(MapError::damaged("XFS was not completely made (mkfs interrupted)"));
        }
        if self.features.needs_repair {
            return Err(MapError::damaged("XFS is marked as needing repair"));
        }
        if self.realtime_blocks != 0 {
            return Err(MapError::unsupported("XFS has a realtime section"));
        }
        if self.log_start == 0 {
            return Err(MapError::unsupported("XFS keeps its log on another device"));
        }
        if self.size() > volume.size() {
            return Err(MapError::damaged("XFS is larger than its volume"));
        }
        self.log().map(|_| ())
    }

    /// Bytes of the realtime section and of the log, of those that lie on another volume.
    pub(super) fn parts_elsewhere(&self) -> Vec<u64> {
        let log = if self.log_start == 0 { u64::from(self.log_blocks) } else { 0 };
        let parts = [self.realtime_blocks, log].into_iter().filter(|blocks| *blocks > 0);
        parts.map(|blocks| blocks.saturating_mul(u64::from(self.block_size))).collect()
    }

    /// Bytes of the data section.
    pub(super) fn size(&self) -> u64 {
        self.blocks * u64::from(self.block_size)
    }

    /// Blocks of AG `group`; only the last may be shorter.
    pub(super) fn length_of(&self, group: u32) -> u32 {
        let start = u64::from(group) * u64::from(self.group_blocks);
        let rest = self.blocks.saturating_sub(start).min(u64::from(self.group_blocks));
        u32::try_from(rest).unwrap_or(self.group_blocks)
    }

    /// First byte of `block` in AG `group`.
    pub(super) fn byte_of(&self, group: u32, block: u32) -> u64 {
        let start = u64::from(group) * u64::from(self.group_blocks);
        (start + u64::from(block)) * u64::from(self.block_size)
    }

    /// First blocks of every AG that hold its four header sectors.
    pub(super) fn header_blocks(&self) -> u32 {
        (4 * self.sector_size).div_ceil(self.block_size)
    }

    /// The bytes of `count` blocks from filesystem block number `start` (AG number in the high
    /// bits), or `None` when they do not all lie in one AG.
    pub(super) fn extent_of(&self, start: u64, count: u64) -> Option<Extent> {
        let group = u32::try_from(start >> self.group_bits).ok()?;
        let block = u32::try_from(start & ((1 << self.group_bits) - 1)).ok()?;
        let inside = group < self.groups
            && u64::from(block).checked_add(count)? <= u64::from(self.length_of(group));
        let length = count * u64::from(self.block_size);
        inside.then(|| Extent::new(self.byte_of(group, block), length))
    }

    /// The bytes of the internal log.
    pub(super) fn log(&self) -> Result<Extent, MapError> {
        self.extent_of(self.log_start, u64::from(self.log_blocks))
            .filter(|extent| !extent.is_empty() && extent.length <= 2 << 30)
            .ok_or_else(|| MapError::damaged("XFS superblock: log lies outside the volume"))
    }
}

/// True when the CRC-32C of `bytes`, its own field at `at` taken as zero, is what `at` says.
pub(super) fn checksum_matches(bytes: &[u8], at: usize) -> bool {
    let (Some(before), Some(field), Some(after)) =
        (bytes.get(..at), bytes.get(at..at + 4), bytes.get(at + 4..))
    else {
        return false;
    };
    let crc = crc32c::crc32c_append(crc32c::crc32c(before), &[0; 4]);
    // A fuzzer does not find checksums; it is to get past them.
    cfg!(fuzzing) || crc32c::crc32c_append(crc, after).to_le_bytes() == field
}

/// Text of a field that zeros fill up.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn array(slice: &[u8]) -> [u8; 16] {
    let mut array = [0; 16];
    array.copy_from_slice(slice);
    array
}

/// What a probe makes of an error: only a device that fails is one.
pub(super) fn device_error(error: MapError) -> Result<String, BlockError> {
    match error {
        MapError::Device(error) => Err(error),
        MapError::Unsupported(reason) | MapError::Damaged(reason) | MapError::TooLarge(reason) => {
            Ok(reason)
        }
    }
}
