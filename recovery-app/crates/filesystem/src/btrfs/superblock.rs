//! The superblock and its mirrors (kernel: `struct btrfs_super_block` in `btrfs_tree.h`).

use block::{AlignedBuffer, BlockDevice, BlockError};

use super::checksum::Checksum;
use super::features;
use crate::MapError;
use crate::bytes::Bytes;

/// Where the superblock and its mirrors lie, in bytes from the start of the device.
pub(super) const MIRRORS: [u64; 3] = [64 << 10, 64 << 20, 256 << 30];

/// Size of a superblock, in bytes.
pub(super) const SIZE: usize = 4096;

/// Most levels a tree can have.
pub(super) const MOST_LEVELS: u8 = 8;

const MAGIC: &[u8] = b"_BHRfS_M";
const SYSTEM_CHUNKS: usize = 811;
const MOST_SYSTEM_CHUNKS: usize = 2048;

/// Where the root node of a tree lies and how it is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TreeRoot {
    /// Logical address of the node, bytes.
    pub logical: u64,
    /// Transaction that wrote the node.
    pub generation: u64,
    /// Height of the node above the leaves.
    pub level: u8,
    /// The tree's number, when all its nodes must carry it (not for subvolumes, which share
    /// nodes with their snapshots).
    pub owner: Option<u64>,
}

/// What is needed of a superblock. Addresses and sizes are bytes.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub fsid: [u8; 16],
    /// The UUID in the headers of tree nodes.
    pub node_uuid: [u8; 16],
    pub generation: u64,
    pub root: TreeRoot,
    pub chunk_root: TreeRoot,
    /// The tree of log trees, when something was fsynced since the last commit.
    pub log_root: Option<TreeRoot>,
    pub bytes_used: u64,
    pub devices: u64,
    pub sector: u32,
    pub node: u32,
    pub flags: u64,
    pub compat: u64,
    pub compat_ro: u64,
    pub incompat: u64,
    pub checksum: Checksum,
    pub device_id: u64,
    pub device_uuid: [u8; 16],
    /// Bytes from the start of the device that the filesystem covers.
    pub device_size: u64,
    pub label: String,
    pub system_chunks: Vec<u8>,
}

/// What lies in one of the places of the superblock.
pub(super) enum Mirror {
    /// Not on the device, or something else is there.
    Absent,
    /// It cannot be read.
    Unreadable(BlockError),
    /// It has the magic number, and is wrong; why.
    Damaged(String),
    /// It is sound.
    Sound(Box<Superblock>),
}

/// Reads the superblock at byte `place`, one of [`MIRRORS`].
pub(super) fn read(volume: &dyn BlockDevice, place: u64) -> Mirror {
    if place.saturating_add(SIZE as u64) > volume.size() {
        return Mirror::Absent;
    }
    let mut bytes = AlignedBuffer::zeroed(SIZE);
    if let Err(error) = volume.read_at(&mut bytes, place) {
        return Mirror::Unreadable(error);
    }
    if bytes[64..72] != *MAGIC {
        return Mirror::Absent;
    }
    match parse(&bytes, place) {
        Ok(superblock) => Mirror::Sound(Box::new(superblock)),
        Err(error) => Mirror::Damaged(error.to_string()),
    }
}

/// The superblock that a mount would use, or why none can be trusted.
pub(super) fn trusted(volume: &dyn BlockDevice) -> Result<Superblock, MapError> {
    let primary = match read(volume, MIRRORS[0]) {
        Mirror::Sound(superblock) => *superblock,
        Mirror::Absent => return Err(MapError::damaged("btrfs superblock is missing")),
        Mirror::Unreadable(error) => return Err(error.into()),
        Mirror::Damaged(reason) => return Err(MapError::damaged(reason)),
    };
    for place in &MIRRORS[1..] {
        // The kernel writes the primary first; a younger mirror means that write was lost.
        if let Mirror::Sound(mirror) = read(volume, *place)
            && mirror.fsid == primary.fsid
            && mirror.generation > primary.generation
        {
            return Err(MapError::damaged(format!(
                "btrfs superblock at byte {} is of generation {}, its mirror at {place} of {}",
                MIRRORS[0], primary.generation, mirror.generation
            )));
        }
    }
    Ok(primary)
}

fn parse(raw: &[u8], place: u64) -> Result<Superblock, MapError> {
    let bytes = Bytes::new(raw, "btrfs superblock");
    let wrong = |what: &str| MapError::damaged(format!("btrfs superblock at byte {place}: {what}"));
    let number = bytes.le16(196)?;
    let checksum = Checksum::from_type(number)
        .ok_or_else(|| MapError::unsupported(format!("btrfs checksum type {number} is unknown")))?;
    if !checksum.accepts(raw) {
        return Err(wrong("its checksum does not match"));
    }
    if bytes.le64(48)? != place {
        return Err(wrong("it says that it lies elsewhere"));
    }
    let (sector, node) = (bytes.le32(144)?, bytes.le32(148)?);
    let sizes_fit = (4096..=65536).contains(&sector) && (sector..=65536).contains(&node);
    if !sizes_fit || !sector.is_power_of_two() || !node.is_power_of_two() {
        return Err(wrong(&format!("sector size {sector}, node size {node}")));
    }
    let array = usize::try_from(bytes.le32(160)?).unwrap_or(usize::MAX);
    if array > MOST_SYSTEM_CHUNKS {
        return Err(wrong("its array of system chunks is too long"));
    }
    let (fsid, incompat) = (uuid(bytes, 32)?, bytes.le64(188)?);
    let separate = incompat & features::METADATA_UUID != 0;
    let generation = bytes.le64(72)?;
    let tree = |logical: usize, generation: u64, level: usize, owner| -> Result<_, MapError> {
        let (logical, level) = (bytes.le64(logical)?, bytes.u8(level)?);
        Ok(TreeRoot { logical, generation, level, owner: Some(owner) })
    };
    // Log trees are written by the transaction that follows the last committed one.
    let log_generation = generation.saturating_add(1);
    let log_root = tree(96, log_generation, 200, super::log::OWNER)?;
    Ok(Superblock {
        fsid,
        node_uuid: if separate { uuid(bytes, 571)? } else { fsid },
        generation,
        root: tree(80, generation, 198, super::volume::ROOT_TREE)?,
        chunk_root: tree(88, bytes.le64(164)?, 199, super::volume::CHUNK_TREE)?,
        log_root: (log_root.logical != 0).then_some(log_root),
        bytes_used: bytes.le64(120)?,
        devices: bytes.le64(136)?,
        sector,
        node,
        flags: bytes.le64(56)?,
        compat: bytes.le64(172)?,
        compat_ro: bytes.le64(180)?,
        incompat,
        checksum,
        device_id: bytes.le64(201)?,
        device_uuid: uuid(bytes, 201 + 66)?,
        device_size: bytes.le64(201 + 8)?,
        label: text(bytes.slice(299, 256)?),
        system_chunks: bytes.slice(SYSTEM_CHUNKS, array)?.to_vec(),
    })
}

fn uuid(bytes: Bytes<'_>, at: usize) -> Result<[u8; 16], MapError> {
    let mut uuid = [0; 16];
    uuid.copy_from_slice(bytes.slice(at, 16)?);
    Ok(uuid)
}

/// A text that ends at its first zero byte.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
