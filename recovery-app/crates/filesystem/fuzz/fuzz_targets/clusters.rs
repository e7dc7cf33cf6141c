//! FAT12, FAT16, FAT32 and exFAT made by their own tools, with some bytes changed.
//!
//! The first byte chooses the volume. Then, over and over: two bytes choose a unit of 64 bytes that
//! is not empty, one a place within it, one the number of bytes (1 to 8), and these bytes follow.
//! The checksum of exFAT's boot region is made right.
#![no_main]

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::LazyLock;

use block::{BlockDevice, BlockError, ExtentSet, Geometry, Operation};
use filesystem::{exfat, fat};
use libfuzzer_sys::fuzz_target;

const UNIT: usize = 64;

struct Base {
    bytes: Vec<u8>,
    units: Vec<u32>,
    is_exfat: bool,
}

static BASES: LazyLock<Vec<Base>> = LazyLock::new(|| {
    vec![
        fat("1440K", "-F 12"),
        fat("3M", "-F 16 -s 1"),
        fat("34M", "-F 32 -s 1"),
        fat("6M", "-F 16 -s 1 -S 1024"),
        exfat("6M", "-c 4K", false),
        exfat("2M", "-c 512 -b 4K", false),
        exfat("2M", "-c 4K -b 64K", true),
    ]
});

const TREE: &str = r#"
    mkdir -p "$1/tree/a/longer directory name" "$1/tree/many"
    for i in $(seq 40); do head -c $((i * 300)) /dev/urandom > "$1/tree/many/a file with number $i"; done
    echo text > "$1/tree/a/b.txt"; seq 9000 > "$1/tree/a/longer directory name/numbers.text"
"#;

fn run(script: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let status =
        Command::new("bash").args(["-euc", script, "-"]).arg(folder.path()).status().unwrap();
    assert!(status.success());
    std::fs::read(folder.path().join("v")).unwrap()
}

fn base(bytes: Vec<u8>, is_exfat: bool) -> Base {
    let units = (0_u32..).zip(bytes.chunks(UNIT));
    // Noise is content, of which nothing is read.
    let is_structure = |unit: &[u8]| unit.iter().any(|byte| *byte != 0);
    let units =
        units.filter(|(_, unit)| is_structure(unit)).map(|(at, _)| at).take(1 << 13).collect();
    Base { bytes, units, is_exfat }
}

fn fat(size: &str, options: &str) -> Base {
    let script = format!(
        "{TREE} cd \"$1\"; truncate -s {size} v; mkfs.fat {options} -n LABEL v > /dev/null
         export MTOOLS_SKIP_CHECK=1; mcopy -s -i v tree/* ::/
         for i in 3 9 17 30; do mdel -i v \"::/many/a file with number $i\"; done
         mcopy -i v 'tree/a/longer directory name/numbers.text' ::/again.txt"
    );
    base(run(&script), false)
}

fn exfat(size: &str, options: &str, two_tables: bool) -> Base {
    let script = format!(
        "{TREE} cd \"$1\"; truncate -s {size} v; mkfs.exfat {options} -L LABEL v > /dev/null
         loop=$(losetup -f --show v); mkdir m; mount.exfat-fuse -o rw $loop m > /dev/null
         cp -r tree/* m/; rm m/many/*3 m/many/*7; cp -r tree/a m/again; umount m; sync v; sleep 1
         losetup -d $loop"
    );
    let mut bytes = run(&script);
    if two_tables {
        // TexFAT by the boot sector alone: both tables must then have a bitmap.
        bytes[110] = 2;
    }
    base(bytes, true)
}

struct Patched<'a> {
    base: &'a Base,
    patches: BTreeMap<u64, u8>,
}

impl BlockDevice for Patched<'_> {
    fn geometry(&self) -> Geometry {
        Geometry { size: self.base.bytes.len() as u64, logical_sector: 512, physical_sector: 512 }
    }

    fn name(&self) -> &str {
        "patched"
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let (length, size) = (buffer.len() as u64, self.size());
        let Some(end) = offset.checked_add(length).filter(|end| *end <= size) else {
            return Err(BlockError::OutOfRange {
                device: self.name().to_owned(),
                operation: Operation::Read,
                offset,
                length,
                size,
            });
        };
        buffer.copy_from_slice(&self.base.bytes[offset as usize..end as usize]);
        for (at, byte) in self.patches.range(offset..end) {
            buffer[(at - offset) as usize] = *byte;
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

impl<'a> Patched<'a> {
    fn new(base: &'a Base, mut input: &[u8]) -> Self {
        let mut patched = Self { base, patches: BTreeMap::new() };
        while let [a, b, place, length, rest @ ..] = input {
            let unit = usize::from(u16::from_le_bytes([*a, *b])) % base.units.len();
            let start = u64::from(base.units[unit]) * UNIT as u64 + u64::from(*place) % UNIT as u64;
            let (bytes, behind) = rest.split_at(rest.len().min(usize::from(length % 8) + 1));
            patched.patches.extend((start..).zip(bytes.iter().copied()));
            input = behind;
        }
        patched.patches.split_off(&(base.bytes.len() as u64));
        if base.is_exfat {
            patched.sign();
        }
        patched
    }

    fn sign(&mut self) {
        let mut shift = [0];
        self.read_at(&mut shift, 108).unwrap();
        let sector = 1_usize << shift[0].clamp(9, 12);
        let mut region = vec![0; 11 * sector];
        self.read_at(&mut region, 0).unwrap();
        let kept = region.iter().enumerate().filter(|(at, _)| ![106, 107, 112].contains(at));
        let sum =
            kept.fold(0_u32, |sum, (_, byte)| sum.rotate_right(1).wrapping_add((*byte).into()));
        let start = 11 * sector as u64;
        let sums = sum.to_le_bytes().into_iter().cycle();
        self.patches.extend((start..start + sector as u64).zip(sums));
    }
}

fuzz_target!(init: { LazyLock::force(&BASES); }, |input: &[u8]| {
    let Some((first, patches)) = input.split_first() else { return };
    let base = &BASES[usize::from(*first) % BASES.len()];
    let volume = Patched::new(base, patches);
    let size = volume.size();
    let everything = ExtentSet::whole(size);
    let (map, files) = if base.is_exfat {
        let _ = exfat::probe(&volume);
        let _ = exfat::read_file(&volume, "a/b.txt", 1000);
        let _ = exfat::read_file(&volume, "a/longer directory name/numbers.text", 1 << 16);
        (exfat::allocation(&volume), exfat::files_on(&volume, &everything, 100))
    } else {
        let _ = fat::probe(&volume);
        let _ = fat::read_file(&volume, "a/b.txt", 1000);
        let _ = fat::read_file(&volume, "a/longer directory name/numbers.text", 1 << 16);
        (fat::allocation(&volume), fat::files_on(&volume, &everything, 100))
    };
    if let Ok(map) = map {
        assert!(map.covered <= size && map.used.end() <= map.covered);
    }
    assert!(files.map_or(0, |files| files.len()) <= 100);
});
