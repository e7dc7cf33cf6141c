//! An open filesystem: its superblock, its chunks, and the nodes that they lead to.

use std::ops::ControlFlow;

use block::{AlignedBuffer, BlockDevice, Extent};

use super::chunk::{CHUNK_ITEM, Chunk, ChunkMap};
use super::node::{Key, Node, Pointer};
use super::superblock::{self, Superblock, TreeRoot};
use super::tree::{self, Visitor};
use super::{features, roots};
use crate::MapError;

/// Number of the tree of tree roots.
pub(super) const ROOT_TREE: u64 = 1;
/// Number of the tree of chunks.
pub(super) const CHUNK_TREE: u64 = 3;

const DEVICE_ITEM: u8 = 216;

/// Most bytes read at once. Neighbouring leaves are read together.
const RUN: u64 = 1 << 20;

/// Bytes between two nodes that are read and thrown away rather than starting another read.
const GAP: u64 = 64 << 10;

/// A btrfs whose chunks are known.
pub(super) struct Btrfs<'a> {
    pub device: &'a dyn BlockDevice,
    pub superblock: Superblock,
    pub chunks: ChunkMap,
}

impl<'a> Btrfs<'a> {
    /// Opens the filesystem if it is one plain device with known features.
    pub(super) fn open(device: &'a dyn BlockDevice) -> Result<Self, MapError> {
        let superblock = superblock::trusted(device)?;
        features::check(&superblock)?;
        if superblock.device_size > device.size() {
            return Err(MapError::damaged(format!(
                "btrfs covers {} bytes, the volume has {}",
                superblock.device_size,
                device.size()
            )));
        }
        let chunks = ChunkMap::bootstrap(&superblock)?;
        let bootstrap = Self { device, superblock, chunks };
        let chunks = bootstrap.read_chunk_tree()?;
        Ok(Self { chunks, ..bootstrap })
    }

    fn read_chunk_tree(&self) -> Result<ChunkMap, MapError> {
        let mut reader = ChunkTree { superblock: &self.superblock, chunks: Vec::new() };
        tree::walk(self, self.superblock.chunk_root, &mut reader)?;
        ChunkMap::complete(reader.chunks, &self.chunks)
    }

    /// The root of tree `number`, from the tree of roots.
    pub(super) fn tree(&self, number: u64) -> Result<Option<TreeRoot>, MapError> {
        roots::find(self, number)
    }

    /// Reads a node; from its second copy where the first is damaged.
    pub(super) fn read_node(&self, pointer: &Pointer) -> Result<Node, MapError> {
        let logical = self.node_extent(pointer);
        let (_, chunk) = self.chunks.holding(logical)?;
        let mut failure = None;
        for place in chunk.physical(logical) {
            let read = self
                .read(place)
                .and_then(|bytes| Node::check(bytes.to_vec(), pointer, &self.superblock));
            match read {
                Ok(node) => return Ok(node),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or_else(|| MapError::damaged("btrfs chunk without a place")))
    }

    /// Reads several nodes, neighbours in one go, and returns them in the order of `pointers`.
    pub(super) fn read_nodes(&self, pointers: &[Pointer]) -> Result<Vec<Node>, MapError> {
        let mut places = Vec::with_capacity(pointers.len());
        for (index, pointer) in pointers.iter().enumerate() {
            let logical = self.node_extent(pointer);
            let (_, chunk) = self.chunks.holding(logical)?;
            places.extend(chunk.physical(logical).next().map(|place| (place, index)));
        }
        places.sort_unstable();
        let mut nodes: Vec<Option<Node>> = pointers.iter().map(|_| None).collect();
        let mut rest = places.as_slice();
        while let Some(first) = rest.first() {
            let fits = |pair: &[(Extent, usize)]| {
                let (last, next) = (pair[0].0, pair[1].0);
                next.start <= last.end() + GAP && next.end() - first.0.start <= RUN
            };
            let length = 1 + rest.windows(2).take_while(|pair| fits(pair)).count();
            let (run, behind) = rest.split_at(length);
            self.read_run(run, pointers, &mut nodes)?;
            rest = behind;
        }
        let missing = || MapError::damaged("btrfs chunk without a place");
        nodes.into_iter().map(|node| node.ok_or_else(missing)).collect()
    }

    /// Reads the nodes at the places of `run`, which ascend and lie close together.
    fn read_run(
        &self,
        run: &[(Extent, usize)],
        pointers: &[Pointer],
        nodes: &mut [Option<Node>],
    ) -> Result<(), MapError> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        let all = Extent::between(first.0.start, last.0.end());
        // A failed read is repeated node by node below, from the second copy where there is one.
        let bytes = self.read(all).ok();
        for (place, index) in run {
            let pointer = &pointers[*index];
            let checked = bytes.as_ref().and_then(|bytes| {
                let start = usize::try_from(place.start - all.start).ok()?;
                let end = start + usize::try_from(place.length).ok()?;
                Node::check(bytes.get(start..end)?.to_vec(), pointer, &self.superblock).ok()
            });
            nodes[*index] = match checked {
                Some(node) => Some(node),
                None => Some(self.read_node(pointer)?),
            };
        }
        Ok(())
    }

    /// The bytes of `place` on the device; callers bound its length.
    pub(super) fn read(&self, place: Extent) -> Result<AlignedBuffer, MapError> {
        let length = usize::try_from(place.length)
            .map_err(|_| MapError::damaged("btrfs extent is too long to read"))?;
        let mut bytes = AlignedBuffer::zeroed(length);
        self.device.read_at(&mut bytes, place.start)?;
        Ok(bytes)
    }

    /// The logical addresses of a node.
    pub(super) fn node_extent(&self, pointer: &Pointer) -> Extent {
        Extent::new(pointer.root.logical, u64::from(self.superblock.node))
    }
}

/// Collects the chunks and sees to it that there is one device.
struct ChunkTree<'a> {
    superblock: &'a Superblock,
    chunks: Vec<Chunk>,
}

impl Visitor for ChunkTree<'_> {
    fn item(&mut self, key: Key, data: &[u8]) -> Result<ControlFlow<()>, MapError> {
        match key.kind {
            CHUNK_ITEM => self.chunks.push(Chunk::parse(key, data, self.superblock)?),
            DEVICE_ITEM if key.offset == self.superblock.device_id => {}
            DEVICE_ITEM => {
                let reason = format!("btrfs has a second device, number {}", key.offset);
                return Err(MapError::unsupported(reason));
            }
            kind => {
                let reason = format!("btrfs chunk tree has an item of unknown type {kind}");
                return Err(MapError::unsupported(reason));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
