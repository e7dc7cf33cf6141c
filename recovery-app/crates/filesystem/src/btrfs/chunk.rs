//! Chunks: which bytes of the device stand behind a logical address
//! (kernel: `struct btrfs_chunk`; rules as in `btrfs_check_chunk_valid`).

use block::Extent;

use super::node::Key;
use super::superblock::Superblock;
use crate::MapError;
use crate::bytes::Bytes;

pub(super) const CHUNK_ITEM: u8 = 228;
const CHUNK_OBJECT: u64 = 256;

const DATA: u64 = 1;
const SYSTEM: u64 = 1 << 1;
const METADATA: u64 = 1 << 2;
const DUP: u64 = 1 << 5;
const PROFILES: [(u64, &str); 9] = [
    (1 << 3, "RAID0"),
    (1 << 4, "RAID1"),
    (1 << 6, "RAID10"),
    (1 << 7, "RAID5"),
    (1 << 8, "RAID6"),
    (1 << 9, "RAID1C3"),
    (1 << 10, "RAID1C4"),
    (1 << 11, "remapped"),
    (1 << 12, "remap metadata"),
];

const HEADER: usize = 48;
const STRIPE: usize = 32;

/// A range of logical addresses and its one or two places on the device. All bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub logical: Extent,
    /// Type and profile, as in the block group item.
    pub flags: u64,
    first: u64,
    second: Option<u64>,
}

impl Chunk {
    /// Takes the item of a chunk, from the chunk tree or the superblock.
    pub(super) fn parse(key: Key, raw: &[u8], superblock: &Superblock) -> Result<Self, MapError> {
        let bytes = Bytes::new(raw, "btrfs chunk item");
        let start = key.offset;
        let wrong = |what: &str| MapError::damaged(format!("btrfs chunk at {start}: {what}"));
        if (key.object, key.kind) != (CHUNK_OBJECT, CHUNK_ITEM) {
            return Err(wrong("its key is not that of a chunk"));
        }
        let (length, flags) = (bytes.le64(0)?, bytes.le64(24)?);
        for (bit, name) in PROFILES {
            if flags & bit != 0 {
                return Err(MapError::unsupported(format!("btrfs profile {name} is not read")));
            }
        }
        if flags & !(DATA | SYSTEM | METADATA | DUP) != 0 || flags & !DUP == 0 {
            return Err(MapError::unsupported(format!("btrfs chunk type {flags:#x} is unknown")));
        }
        let sector = u64::from(superblock.sector);
        let end = start.checked_add(length);
        if length == 0 || end.is_none() || !(start | length).is_multiple_of(sector) {
            return Err(wrong("its length is wrong"));
        }
        let copies = if flags & DUP == 0 { 1 } else { 2 };
        if usize::from(bytes.le16(44)?) != copies || raw.len() != HEADER + copies * STRIPE {
            return Err(wrong("its number of stripes is wrong"));
        }
        let place = |index: usize| -> Result<u64, MapError> {
            let at = HEADER + index * STRIPE;
            let known = bytes.le64(at)? == superblock.device_id
                && bytes.slice(at + 16, 16)? == superblock.device_uuid;
            if !known {
                return Err(wrong("it lies on another device"));
            }
            let place = bytes.le64(at + 8)?;
            let inside = place.checked_add(length).is_some_and(|e| e <= superblock.device_size);
            if !inside || !place.is_multiple_of(sector) {
                return Err(wrong("it lies outside of the device"));
            }
            Ok(place)
        };
        let second = if copies == 2 { Some(place(1)?) } else { None };
        Ok(Self { logical: Extent::new(start, length), flags, first: place(0)?, second })
    }

    /// Start of the chunk on the device, for each copy.
    fn places(&self) -> impl Iterator<Item = u64> + use<> {
        [Some(self.first), self.second].into_iter().flatten()
    }

    /// Where the bytes of `logical`, which lies in the chunk, are on the device: each copy.
    pub(super) fn physical(&self, logical: Extent) -> impl Iterator<Item = Extent> + use<> {
        let distance = logical.start.saturating_sub(self.logical.start);
        self.places().map(move |place| Extent::new(place + distance, logical.length))
    }

    /// The logical addresses behind the bytes of `physical`, for each copy that touches it.
    pub(super) fn logical_of(&self, physical: Extent) -> impl Iterator<Item = Extent> + use<> {
        let logical = self.logical;
        self.places().filter_map(move |place| {
            let touched = Extent::new(place, logical.length).intersection(&physical)?;
            Some(Extent::new(logical.start + (touched.start - place), touched.length))
        })
    }

    pub(super) fn holds_data(&self) -> bool {
        self.flags & DATA != 0
    }

    pub(super) fn holds_nodes(&self) -> bool {
        self.flags & (SYSTEM | METADATA) != 0
    }
}

/// All chunks, sorted, without overlap.
#[derive(Debug, Clone, Default)]
pub(super) struct ChunkMap {
    chunks: Vec<Chunk>,
}

impl ChunkMap {
    /// The chunks in the superblock, with which the chunk tree is found.
    pub(super) fn bootstrap(superblock: &Superblock) -> Result<Self, MapError> {
        let array = &superblock.system_chunks;
        let bytes = Bytes::new(array, "btrfs array of system chunks");
        let (mut chunks, mut at) = (Vec::new(), 0);
        while at < array.len() {
            let key = Key::parse(bytes, at)?;
            let stripes = usize::from(bytes.le16(at + 17 + 44)?);
            let length = HEADER + stripes * STRIPE;
            let chunk = Chunk::parse(key, bytes.slice(at + 17, length)?, superblock)?;
            chunks.push(chunk);
            at += 17 + length;
        }
        Self::new(chunks)
    }

    /// Sorts `chunks` and refuses overlap, in logical addresses and on the device.
    fn new(mut chunks: Vec<Chunk>) -> Result<Self, MapError> {
        chunks.sort_unstable_by_key(|chunk| chunk.logical);
        let mut places: Vec<Extent> = chunks
            .iter()
            .flat_map(|c| c.places().map(|place| Extent::new(place, c.logical.length)))
            .collect();
        places.sort_unstable();
        let apart = |a: &Extent, b: &Extent| a.end() <= b.start;
        let sound =
            places.is_sorted_by(apart) && chunks.is_sorted_by(|a, b| apart(&a.logical, &b.logical));
        if !sound {
            return Err(MapError::damaged("btrfs chunks overlap"));
        }
        Ok(Self { chunks })
    }

    /// The map of all `chunks` in the chunk tree, which must contain those of `bootstrap`.
    pub(super) fn complete(chunks: Vec<Chunk>, bootstrap: &Self) -> Result<Self, MapError> {
        let map = Self::new(chunks)?;
        for chunk in &bootstrap.chunks {
            if map.at(chunk.logical.start).map(|(_, found)| found) != Some(chunk) {
                return Err(MapError::damaged(format!(
                    "btrfs system chunk at {} is not in the chunk tree",
                    chunk.logical.start
                )));
            }
        }
        Ok(map)
    }

    /// The chunks, by logical address.
    pub(super) fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The chunk that holds the logical address, and its index.
    fn at(&self, logical: u64) -> Option<(usize, &Chunk)> {
        let index = self.chunks.partition_point(|chunk| chunk.logical.end() <= logical);
        let chunk = self.chunks.get(index)?;
        (chunk.logical.start <= logical).then_some((index, chunk))
    }

    /// The chunk that holds all of `logical`, and its index.
    pub(super) fn holding(&self, logical: Extent) -> Result<(usize, &Chunk), MapError> {
        self.at(logical.start).filter(|(_, chunk)| chunk.logical.contains(&logical)).ok_or_else(
            || {
                MapError::damaged(format!(
                    "btrfs extent at {} ({} bytes) lies in no chunk",
                    logical.start, logical.length
                ))
            },
        )
    }
}
