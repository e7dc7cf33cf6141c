//! Small volumes with some bytes changed, as a list of changes says: what the fuzzer plays with, and
//! how its finds are kept.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use block::{BlockDevice, BlockError, ExtentSet, Geometry, MemoryDevice};

const UNIT: usize = 512;

/// A volume made by `mkfs.xfs` (34 MiB), and where it is not zero, in units.
struct Image {
    device: MemoryDevice,
    units: Vec<u64>,
}

impl Image {
    fn new(compressed: &[u8]) -> Self {
        let bytes = zstd::decode_all(compressed).unwrap();
        let units = (0..).zip(bytes.chunks(UNIT));
        let units = units.filter(|(_, unit)| unit.iter().any(|byte| *byte != 0));
        let units = units.map(|(number, _)| number).collect();
        Self { units, device: MemoryDevice::from(bytes) }
    }
}

/// Unmounted in order; shut down with work in the log; version 4.
static IMAGES: LazyLock<[Image; 3]> = LazyLock::new(|| {
    [
        Image::new(include_bytes!("../xfs_images/clean.zst")),
        Image::new(include_bytes!("../xfs_images/dirty.zst")),
        Image::new(include_bytes!("../xfs_images/v4.zst")),
    ]
});

/// A volume with changes laid over it.
pub struct Patched {
    image: &'static Image,
    patches: BTreeMap<u64, u8>,
}

impl Patched {
    /// The first byte chooses the volume. Then, over and over: two bytes choose a unit that is not
    /// empty, two a place within it, one the number of bytes (1 to 8), and these bytes follow.
    pub fn new(input: &[u8]) -> Self {
        let (first, mut rest) = input.split_first().unwrap_or((&0, &[]));
        let image = &IMAGES[usize::from(*first) % IMAGES.len()];
        let mut patches = BTreeMap::new();
        while let [a, b, c, d, length, bytes @ ..] = rest {
            let unit = usize::from(u16::from_le_bytes([*a, *b])) % image.units.len();
            let place = u64::from(u16::from_le_bytes([*c, *d])) % UNIT as u64;
            let (bytes, behind) = bytes.split_at(bytes.len().min(usize::from(length % 8) + 1));
            let start = image.units[unit] * UNIT as u64 + place;
            patches.extend((start..).zip(bytes.iter().copied()));
            rest = behind;
        }
        Self { image, patches }
    }

    /// Calls everything that reads a volume; only a panic or an endless loop is wrong.
    pub fn read_in_every_way(&self) {
        let _ = filesystem::xfs::probe(self);
        if let Ok(map) = filesystem::xfs::allocation(self) {
            assert!(map.used.end() <= self.size());
        }
        let _ = filesystem::xfs::files_on(self, &ExtentSet::whole(self.size()), 1000);
        let _ = filesystem::xfs::read_file(self, "sub/deep/file-number-77", 1 << 16);
    }
}

impl BlockDevice for Patched {
    fn geometry(&self) -> Geometry {
        self.image.device.geometry()
    }

    fn name(&self) -> &'static str {
        "patched"
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        self.image.device.read_at(buffer, offset)?;
        for (at, byte) in self.patches.range(offset..offset + buffer.len() as u64) {
            buffer[usize::try_from(at - offset).unwrap()] = *byte;
        }
        Ok(())
    }

    fn write_at(&self, _: &[u8], _: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: "patched".to_owned() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}
