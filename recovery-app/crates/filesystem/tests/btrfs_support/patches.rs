//! Small changes to real filesystems that still have right checksums: what the fuzz target and
//! the tests feed to the reader.

use std::collections::BTreeMap;

use block::{BlockDevice, BlockError, Geometry, MemoryDevice, Operation};

/// Size of the nodes of the fixtures, and of a superblock.
const BLOCK: usize = 4096;

const SUPERBLOCKS: [u64; 2] = [64 << 10, 64 << 20];

/// A filesystem image of which only the blocks that are not zero are kept.
pub struct Base {
    size: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
    /// Where superblocks and tree nodes are: the blocks that are worth a change.
    targets: Vec<u64>,
}

impl Base {
    /// Takes a compressed image with CRC-32C checksums.
    pub fn unpack(compressed: &[u8]) -> Self {
        let image = zstd::decode_all(compressed).unwrap();
        let uuid = &image[(64 << 10) + 32..][..16];
        let blocks: BTreeMap<u64, Vec<u8>> = image
            .chunks(BLOCK)
            .zip(0..)
            .filter(|(block, _)| block.iter().any(|byte| *byte != 0))
            .map(|(block, index)| (index * BLOCK as u64, block.to_vec()))
            .collect();
        let is_target = |(place, block): (&u64, &Vec<u8>)| {
            (block[32..48] == *uuid && has_checksum(block)).then_some(*place)
        };
        let targets = blocks.iter().filter_map(is_target).collect();
        Self { size: image.len() as u64, blocks, targets }
    }

    /// The image with changes.
    ///
    /// `input` is a row of changes: two bytes choose a superblock or node, two bytes (twelve bits)
    /// the place in it, of which the top bit leaves the checksum wrong; one byte (three bits) is
    /// the number of bytes that follow and replace what is there.
    pub fn patched(&self, mut input: &[u8]) -> Patched<'_> {
        let mut changed: BTreeMap<u64, (Vec<u8>, bool)> = BTreeMap::new();
        while let [a, b, c, d, length, rest @ ..] = input {
            let index = usize::from(u16::from_le_bytes([*a, *b])) % self.targets.len();
            let at = u16::from_le_bytes([*c, *d]);
            let (at, repair) = (usize::from(at) % BLOCK, at < 0x8000);
            let (bytes, rest) = rest.split_at(rest.len().min(1 + usize::from(length % 8)));
            let place = self.targets[index];
            let (block, whole) =
                changed.entry(place).or_insert_with(|| (self.blocks[&place].clone(), true));
            let end = (at + bytes.len()).min(BLOCK);
            block[at..end].copy_from_slice(&bytes[..end - at]);
            *whole &= repair;
            input = rest;
        }
        let finish = |(place, (mut block, whole)): (u64, (Vec<u8>, bool))| {
            if whole {
                set_checksum(&mut block);
            }
            (place, block)
        };
        Patched { base: self, changed: changed.into_iter().map(finish).collect() }
    }

    /// The change that puts `bytes` at byte `at` of the node or superblock at `place`.
    pub fn change(&self, place: u64, at: u16, bytes: &[u8]) -> Vec<u8> {
        let index = self.targets.iter().position(|target| *target == place).unwrap();
        let mut change = u16::try_from(index).unwrap().to_le_bytes().to_vec();
        change.extend(at.to_le_bytes());
        change.push(u8::try_from(bytes.len() - 1).unwrap());
        change.extend(bytes);
        change
    }

    /// The places of nodes and superblocks.
    pub fn targets(&self) -> &[u64] {
        &self.targets
    }
}

fn has_checksum(block: &[u8]) -> bool {
    block[..4] == crc32c::crc32c(&block[32..]).to_le_bytes()
}

fn set_checksum(block: &mut [u8]) {
    let sum = crc32c::crc32c(&block[32..]);
    block[..4].copy_from_slice(&sum.to_le_bytes());
}

/// A [`Base`] with changes, as a device.
pub struct Patched<'b> {
    base: &'b Base,
    changed: BTreeMap<u64, Vec<u8>>,
}

impl Patched<'_> {
    /// The same as a device in memory, for writing to a file.
    pub fn to_memory(&self) -> MemoryDevice {
        let mut bytes = vec![0; usize::try_from(self.base.size).unwrap()];
        self.read_at(&mut bytes, 0).unwrap();
        MemoryDevice::from(bytes)
    }
}

impl BlockDevice for Patched<'_> {
    fn geometry(&self) -> Geometry {
        Geometry { size: self.base.size, logical_sector: 512, physical_sector: 512 }
    }

    fn name(&self) -> &str {
        "patched"
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let length = buffer.len() as u64;
        let end = offset.checked_add(length).filter(|end| *end <= self.base.size);
        let Some(end) = end else {
            return Err(BlockError::OutOfRange {
                device: self.name().to_owned(),
                operation: Operation::Read,
                offset,
                length,
                size: self.base.size,
            });
        };
        buffer.fill(0);
        let first = offset / BLOCK as u64 * BLOCK as u64;
        let mut copy = |place: u64, block: &[u8]| {
            let (from, to) = (place.max(offset), (place + BLOCK as u64).min(end));
            if from < to {
                let index = |at: u64| usize::try_from(at).unwrap();
                buffer[index(from - offset)..index(to - offset)]
                    .copy_from_slice(&block[index(from - place)..index(to - place)]);
            }
        };
        for blocks in [&self.base.blocks, &self.changed] {
            blocks.range(first..end).for_each(|(place, block)| copy(*place, block));
        }
        Ok(())
    }

    fn write_at(&self, _: &[u8], _: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: self.name().to_owned() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}

/// Calls every function of the reader; panics when one breaks its word.
pub fn exercise(volume: &dyn BlockDevice) {
    let size = volume.size();
    let _ = filesystem::btrfs::probe(volume);
    if let Ok(map) = filesystem::btrfs::allocation(volume) {
        assert!(map.covered <= size && map.used.end() <= size);
        assert!(
            SUPERBLOCKS
                .iter()
                .all(|place| { map.used.contains(block::Extent::new(*place, BLOCK as u64)) })
        );
    }
    let everything = block::ExtentSet::whole(size);
    if let Ok(names) = filesystem::btrfs::files_on(volume, &everything, 20) {
        assert!(names.len() <= 20);
    }
    for path in ["one/file-with-a-longer-name-2", "inner/clone", "large"] {
        if let Ok(Some(content)) = filesystem::btrfs::read_file(volume, path, 100_000) {
            assert!(content.len() <= 100_000);
        }
    }
}
