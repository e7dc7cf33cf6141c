//! NTFS with damaged structures.
//!
//! The input is a list of patches to a real volume: first a byte that chooses the volume, then
//! for each patch the number of a structure (1 byte), an offset within it (2 bytes) and the
//! number of bytes (1 byte, modulo 16) with the bytes themselves. Blocks with an update sequence
//! stay whole: their patches are made before it is put on.
#![no_main]

#[path = "../../tests/ntfs_support/hive.rs"]
mod hive;
#[path = "../../tests/ntfs_support/log.rs"]
mod log;

use std::process::Command;
use std::sync::LazyLock;

use block::{BlockDevice, BlockError, Extent, Geometry};
use filesystem::ntfs;
use libfuzzer_sys::fuzz_target;

const SIZE: u64 = 16 << 20;

/// A volume and the places of its structures.
struct Base {
    bytes: Vec<u8>,
    structures: Vec<Extent>,
}

static BASES: LazyLock<Vec<Base>> = LazyLock::new(|| {
    let log = |major: u16| {
        let mut log = log::LogBuilder::new(major, 1 << 18);
        log.record(2, &[0; 0x40]);
        for lcn in (2000..2200).step_by(3) {
            log.bits(log::SET, log::CLEAR, 100, lcn, 2);
        }
        let target = log::Target { vcn: 16, lcn: 4, offsets: [0; 3] };
        log.change(0x02, 0x03, target, &[0; 300]);
        log.change(0x05, 0x06, target, &[0; 72]);
        log.change(0x09, 0x09, target, &[0x11, 1, 1, 0]);
        log.build_with_last_page_in_copy()
    };
    vec![
        base("-c 4096", None),
        base("-c 512", None),
        base("-c 4096", Some(log(1))),
        base("-c 4096", Some(log(2))),
        base("-s 4096 -c 4096", None),
    ]
});

const FILL: &str = r#"
    mkdir -p Windows/System32/config d && cp "$1/hive" Windows/System32/config/SOFTWARE
    for i in $(seq 60); do head -c $((i * 200)) /dev/urandom > "d/a file with a long name $i"; done
    rm d/*2 && seq 30000 > d/pieces && printf hibr > hiberfil.sys
    python3 -c '
f = open("d/shattered", "wb")
for i in range(700): f.seek(i * 131072); f.write(b"x"); f.flush()
'
"#;

fn base(options: &str, log: Option<Vec<u8>>) -> Base {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().display();
    let values = [("ProductName", "Windows 10 Pro"), ("CurrentBuild", "26100")];
    std::fs::write(directory.path().join("hive"), hive::software(&values)).unwrap();
    let script = format!(
        "set -eu -- {place}; cd $1; truncate -s {SIZE} v; mkntfs -q -F -Q {options} v; mkdir m
         ntfs-3g v m; (cd m; {FILL}); umount m; while pgrep -f \"^ntfs-3g v m\" > /dev/null; do sleep 0.1; done"
    );
    let status = Command::new("bash").arg("-c").arg(script).status().unwrap();
    assert!(status.success());
    let mut bytes = std::fs::read(directory.path().join("v")).unwrap();
    let structures = structures(&bytes);
    if let Some(log) = log {
        let at = usize::try_from(structures[2].start).unwrap();
        bytes[at..at + log.len()].copy_from_slice(&log);
    }
    Base { bytes, structures }
}

/// Boot sectors, `$Bitmap`, the start of the log; then everything that starts with a signature.
fn structures(bytes: &[u8]) -> Vec<Extent> {
    let word = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let cluster = word(11, 2) * word(13, 1);
    let mft = usize::try_from(word(0x30, 8) * cluster).unwrap();
    // The record size: 1024 bytes, except on large sectors.
    let step = usize::try_from(word(11, 2).max(1024)).unwrap();
    let content = |number: usize| {
        let record = mft + number * step;
        let mut at = record + usize::try_from(word(record + 0x14, 2)).unwrap();
        while word(at, 4) != 0x80 {
            at += usize::try_from(word(at + 4, 4)).unwrap();
        }
        let pairs = at + usize::try_from(word(at + 0x20, 2)).unwrap();
        let (length, offset) = (bytes[pairs] & 15, bytes[pairs] >> 4);
        let lcn = word(pairs + 1 + usize::from(length), offset.into());
        Extent::new(lcn * cluster, word(pairs + 1, length.into()) * cluster)
    };
    let log = content(2);
    let mut found = vec![
        Extent::new(0, 512),
        content(6),
        Extent::new(log.start, 512),
        Extent::new(log.start + 4096, 512),
        Extent::new(SIZE - 512, 512),
    ];
    let signed = |at: &usize| matches!(&bytes[*at..at + 4], b"FILE" | b"INDX" | b"hbin" | b"regf");
    let blocks = (0..bytes.len()).step_by(512).filter(signed).map(|at| at as u64);
    found.extend(blocks.map(|at| Extent::new(at, 4096)));
    found.extend((2..12).map(|page| Extent::new(log.start + page * 4096, 4096)));
    found
}

/// The volume with patches.
struct Patched<'a> {
    base: &'a Base,
    /// Start and bytes, later ones over earlier ones.
    patches: Vec<(u64, &'a [u8])>,
}

impl<'a> Patched<'a> {
    fn new(base: &'a Base, mut input: &'a [u8]) -> Self {
        let mut patches = Vec::new();
        while let [structure, low, high, length, rest @ ..] = input {
            let place = base.structures[usize::from(*structure) % base.structures.len()];
            let offset = u64::from(u16::from_le_bytes([*low, *high])) % place.length;
            let length = rest.len().min(usize::from(length % 16) + 1);
            // The last two bytes of a sector are the update sequence.
            let room = 510_u64.saturating_sub(offset % 512).min(length as u64);
            patches.push((place.start + offset, &rest[..usize::try_from(room).unwrap()]));
            input = &rest[length..];
        }
        Self { base, patches }
    }
}

impl BlockDevice for Patched<'_> {
    fn geometry(&self) -> Geometry {
        Geometry { size: SIZE, logical_sector: 512, physical_sector: 512 }
    }

    fn name(&self) -> &str {
        "patched"
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let all = Extent::new(offset, buffer.len() as u64);
        assert!(all.end() <= SIZE, "reads must be checked before they are made");
        let start = usize::try_from(offset).unwrap();
        buffer.copy_from_slice(&self.base.bytes[start..start + buffer.len()]);
        for (place, bytes) in &self.patches {
            let patch = Extent::new(*place, bytes.len() as u64);
            if let Some(both) = patch.intersection(&all) {
                let length = usize::try_from(both.length).unwrap();
                let from = usize::try_from(both.start - patch.start).unwrap();
                let to = usize::try_from(both.start - offset).unwrap();
                buffer[to..to + length].copy_from_slice(&bytes[from..from + length]);
            }
        }
        Ok(())
    }

    fn write_at(&self, _: &[u8], _: u64) -> Result<(), BlockError> {
        panic!("a reader must not write");
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}

fuzz_target!(init: { LazyLock::force(&BASES); }, |input: &[u8]| {
    let Some((base, patches)) = input.split_first() else { return };
    let volume = Patched::new(&BASES[usize::from(*base) % BASES.len()], patches);
    ntfs::probe(&volume).unwrap();
    if let Ok(map) = ntfs::allocation(&volume) {
        assert!(map.covered <= SIZE && map.used.end() <= map.covered);
    }
    let everything = Extent::new(0, SIZE).into();
    assert!(ntfs::files_on(&volume, &everything, 20).map_or(0, |files| files.len()) <= 20);
    let _ = ntfs::read_file(&volume, "d/PIECES", 10_000);
    let _ = ntfs::read_file(&volume, "Windows/System32/config/SOFTWARE", 10_000);
});
