//! The XFS reader against real volumes: made by mkfs.xfs, written by the kernel, judged by xfs_db,
//! partclone and xfs_repair, and by destroying everything that the map calls free.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]
#![allow(clippy::print_stdout, reason = "what a trial came to is worth reading")]

mod common;
mod xfs_support;

use std::time::Duration;

use block::double::CountingDevice;
use block::{BlockDevice, Extent, MemoryDevice};
use common::{assert_close, noise, open, partclone_map, scramble_free, sh, sparse_file, try_sh};
use filesystem::{Kind, MapError, State, xfs};
use xfs_support::crash::{Cut, Outcome, torn_trial, trial};
use xfs_support::{Volume, fill_and_thin};

const MIB: u64 = 1 << 20;

/// Sizes in MiB and options of volumes that this kernel can mount.
const MOUNTABLE: [(u64, &str); 15] = [
    (310, ""),
    (96, "-b size=1024 -m reflink=0"),
    (200, "-b size=65536"),
    (96, "-s size=4096"),
    (96, "-i size=2048,maxpct=50"),
    (128, "-m rmapbt=1"),
    (96, "-m reflink=0,finobt=0,inobtcount=0"),
    (96, "-m bigtime=0"),
    (96, "-i nrext64=1"),
    (96, "-i sparse=0"),
    (300, "-d agcount=17"),
    (200, "-d su=64k,sw=4"),
    (96, "-n size=65536"),
    (16, "-m reflink=0 -l size=4m"),
    (40, "-m rmapbt=1,reflink=0 -b size=1024 -l size=4m"),
];

/// Options of newer mkfs versions.
const NEWER: [&str; 3] = ["-i exchange=1", "-n parent=1", "-m metadir=1"];

/// Volumes of version 4, which current kernels do not mount.
const VERSION_4: [(u64, &str); 4] = [
    (64, "-m crc=0 -b size=512"),
    (64, "-m crc=0 -l version=1"),
    (96, "-m crc=0 -i size=256,projid32bit=0 -n ftype=0"),
    (96, "-m crc=0 -b size=4096 -l lazy-count=0 -d agcount=5"),
];

/// Fills a volume, and proves its map against second opinions and by destroying what is free.
fn prove(volume: &Volume, options: &str, size: u64, known_to_partclone: bool) {
    {
        let mounted = volume.mount();
        fill_and_thin(mounted.path(), size / 2);
    }
    let hashes = volume.mount().hashes();
    assert!(hashes.lines().count() > 20, "{options}: not filled");
    prove_map(volume, options, known_to_partclone);
    assert_eq!(volume.mount().hashes(), hashes, "{options}");
}

/// Compares the map of a clean volume with xfs_db and partclone, then destroys all free bytes.
fn prove_map(volume: &Volume, options: &str, known_to_partclone: bool) {
    let map = volume.map();
    assert_eq!(map.source, "XFS free-space trees");
    let free = map.used.complement(Extent::new(0, map.covered));
    let theirs = volume.free_by_xfs_db();
    assert!(free.difference(&theirs).is_empty(), "{options}: free beyond xfs_db");
    let spare = theirs.difference(&free).total();
    let spare_blocks = volume.spare_bytes();
    assert_eq!(spare, spare_blocks, "{options}: used beyond xfs_db");
    if known_to_partclone {
        assert_close(&map.used, &partclone_map("xfs", &volume.path()));
    }
    scramble_free(&volume.path(), &map.used);
    assert_eq!(volume.repair_complaint(), None, "{options}");
}

/// Proves every second of the kinds, so that two tests share the work.
fn prove_mountable(first: usize) {
    for (size, options) in MOUNTABLE.into_iter().skip(first).step_by(2) {
        let volume = Volume::make(size * MIB, options);
        prove(&volume, options, size * MIB, true);
    }
}

#[test]
fn maps_of_many_kinds() {
    prove_mountable(0);
}

#[test]
fn maps_of_many_more_kinds() {
    prove_mountable(1);
}

#[test]
fn maps_with_newer_features() {
    for options in NEWER {
        let volume = Volume::empty();
        sparse_file(&volume.path(), 320 * MIB);
        let made = try_sh(&format!("mkfs.xfs -q -f {options} {}", volume.path().display()));
        if made.status.success() {
            prove(&volume, options, 320 * MIB, false);
        } else {
            println!("mkfs.xfs does not know {options}");
        }
    }
}

#[test]
fn maps_of_version_4() {
    let source = tempfile::tempdir().unwrap();
    fill_and_thin(source.path(), 12 * MIB);
    for (size, options) in VERSION_4 {
        let volume = Volume::make_with_files(size * MIB, options, source.path());
        prove_map(&volume, options, true);
        let device = open(&volume.path());
        let read = |path: &str| xfs::read_file(&device, path, 1 << 20).unwrap().unwrap();
        for number in [1, 5, 11, 171] {
            let path = format!("folder{}/file-{number}", number % 13);
            assert_eq!(read(&path), std::fs::read(source.path().join(&path)).unwrap(), "{path}");
        }
    }
}

#[test]
fn of_a_large_sparse_volume_little_is_read() {
    let volume = Volume::make((16 << 40) - 4096, "-K -l size=16m");
    {
        let mounted = volume.mount();
        fill_and_thin(mounted.path(), 30 * MIB);
    }
    let device = CountingDevice::new(open(&volume.path()));
    let map = xfs::allocation(&device).unwrap();
    assert!(device.read() < 4 << 20, "{} bytes read", device.read());
    assert!(map.used.total() < 100 * MIB, "{}", map.used.total());
    assert!(map.used.end() > 14 << 40);
}

#[test]
fn crashed_volumes_keep_what_was_fsynced() {
    let trials = [
        (Cut::ShutdownFlushed, "-m rmapbt=1,reflink=1 -l size=16m"),
        (Cut::Shutdown, "-d agcount=8 -i size=1024"),
        (Cut::Copy, "-b size=1024 -m reflink=0 -l size=8m"),
        (Cut::ShutdownFlushed, "-m reflink=0,rmapbt=0 -l size=8m -d agcount=2"),
    ];
    for (seed, (cut, options)) in (1..).zip(trials) {
        let outcome = trial(300 * MIB, options, cut, Duration::from_millis(600), seed);
        if cut == Cut::Copy {
            println!("{outcome:?}");
        } else {
            let expected = Outcome::Mapped("XFS free-space trees, log replayed".to_owned());
            assert_eq!(outcome, expected, "{options}");
        }
    }
}

#[test]
fn a_short_record_from_a_large_log_buffer_is_no_torn_one() {
    for buffer in ["64k", "128k", "256k"] {
        let volume = Volume::make(300 * MIB, "");
        let mounted = volume.try_mount_with(&format!("logbsize={buffer}")).unwrap();
        let at = mounted.path().to_owned();
        for number in 0..5000 {
            std::fs::File::create(at.join(number.to_string())).unwrap();
        }
        // Full records, and then the short one of an fsync.
        let content = noise(7, 5_000_000);
        std::fs::write(at.join("promised"), &content).unwrap();
        std::fs::File::open(at.join("promised")).unwrap().sync_all().unwrap();
        sh(&format!("xfs_io -x -c shutdown {}", at.display()));
        drop(mounted);
        let map = volume.map();
        assert_eq!(map.source, "XFS free-space trees, log replayed");
        scramble_free(&volume.path(), &map.used);
        let found = std::fs::read(volume.mount().path().join("promised")).unwrap();
        assert!(found == content, "logbsize={buffer}");
    }
}

#[test]
fn a_torn_log_is_replayed_as_the_kernel_does() {
    for (seed, options) in (40..).zip(["-l size=8m -m reflink=0", "-m rmapbt=1 -d agcount=2"]) {
        let outcome = (0..6)
            .map(|again| {
                torn_trial(300 * MIB, options, Duration::from_millis(700), seed + 100 * again)
            })
            .find(|outcome| *outcome != Outcome::TornCopy)
            .unwrap();
        let expected = Outcome::Mapped("XFS free-space trees, log replayed".to_owned());
        assert_eq!(outcome, expected, "{options}");
    }
}

#[test]
fn says_what_it_is() {
    let volume =
        Volume::make(320 * MIB, "-L 'some label' -m uuid=0e5c9d0a-9f3b-4bb8-a3b2-d7e2a4a3f0c1");
    {
        let mounted = volume.mount();
        let at = mounted.path().display();
        sh(&format!(
            "mkdir -p {at}/etc {at}/usr/lib; ln -s ../usr/lib/os-release {at}/etc/os-release; \
             echo 'PRETTY_NAME=\"Some System 12\"' > {at}/usr/lib/os-release"
        ));
    }
    let info = xfs::probe(&open(&volume.path())).unwrap().unwrap();
    assert_eq!(info.kind, Kind::Xfs);
    assert_eq!(info.label.as_deref(), Some("some label"));
    assert_eq!(info.uuid.as_deref(), Some("0e5c9d0a-9f3b-4bb8-a3b2-d7e2a4a3f0c1"));
    assert_eq!(info.size, Some(320 * MIB));
    assert_eq!(info.state, State::Clean);
    assert_eq!(info.system.as_deref(), Some("Some System 12"));
    let mounted = volume.mount();
    std::fs::write(mounted.path().join("late"), "late").unwrap();
    sh(&format!("sync -f {}", mounted.path().display()));
    let crashed = volume.copy();
    let info = xfs::probe(&open(&crashed.path())).unwrap().unwrap();
    assert_eq!(info.state, State::Dirty("log needs recovery".to_owned()));
    assert!(xfs::probe(&MemoryDevice::from(vec![0; 100_000])).unwrap().is_none());
    assert!(xfs::probe(&MemoryDevice::from(vec![0; 100])).unwrap().is_none());
}

#[test]
fn names_files_and_reads_them() {
    let volume = Volume::make(320 * MIB, "-n size=8192");
    {
        let mounted = volume.mount();
        let at = mounted.path();
        let deep = at.join("one/two");
        std::fs::create_dir_all(&deep).unwrap();
        for number in 0..3000_u64 {
            std::fs::write(deep.join(format!("file with a rather long name {number}")), b"x")
                .unwrap();
        }
        std::fs::write(deep.join("large"), noise(7, 3_000_000)).unwrap();
        sh(&format!(
            "cd {} && ln -s one/two/large link && setfattr -n user.x -v y link -h || true",
            at.display()
        ));
        // A file of many extents: every other block punched out.
        let holes = at.join("holes");
        std::fs::write(&holes, noise(8, 4 << 20)).unwrap();
        sh(&format!(
            "sync -f {0}; for i in $(seq 0 2 1023); do fallocate -p -o $((i*4096)) -l 4096 {0}; done",
            holes.display()
        ));
    }
    let device = open(&volume.path());
    assert_eq!(
        xfs::read_file(&device, "one/two/large", 1 << 22).unwrap().unwrap(),
        noise(7, 3_000_000)
    );
    assert_eq!(xfs::read_file(&device, "/link", 1000).unwrap().unwrap(), noise(7, 1000));
    assert_eq!(xfs::read_file(&device, "one/two/none", 10).unwrap(), None);
    assert_eq!(xfs::read_file(&device, "one/two", 10).unwrap(), None);
    let mut holes = noise(8, 4 << 20);
    holes.chunks_mut(4096).step_by(2).for_each(|block| block.fill(0));
    assert_eq!(xfs::read_file(&device, "holes", 1 << 23).unwrap().unwrap(), holes);

    let whole = Extent::new(0, device.size()).into();
    let all = xfs::files_on(&device, &whole, 10_000).unwrap();
    assert_eq!(all.iter().filter(|name| name.starts_with("one/two/file with")).count(), 3000);
    for name in ["one", "one/two", "one/two/large", "link", "holes"] {
        assert!(all.iter().any(|found| found == name), "{name} is missing");
    }
    assert_eq!(xfs::files_on(&device, &whole, 5).unwrap().len(), 5);
    let large = position_of(&device, &noise(7, 4096));
    let found = xfs::files_on(&device, &Extent::new(large, 1).into(), 10).unwrap();
    assert_eq!(found, ["one/two/large"]);
    let hole = position_of(&device, &noise(8, 8192)[4096..]);
    assert_eq!(xfs::files_on(&device, &Extent::new(hole, 1).into(), 10).unwrap(), ["holes"]);
}

/// Where a block of this content lies.
fn position_of(device: &dyn BlockDevice, content: &[u8]) -> u64 {
    let blocks = (0..device.size()).step_by(4096);
    blocks.into_iter().find(|at| device.read_vec(*at, 4096).unwrap() == content).unwrap()
}

/// A volume in memory whose structures can be changed.
struct Changed {
    bytes: Vec<u8>,
}

impl Changed {
    fn new(volume: &Volume) -> Self {
        Self { bytes: std::fs::read(volume.path()).unwrap() }
    }

    /// Replaces bytes at `at` and makes the checksum of the structure around them right again.
    fn set(&mut self, (start, length, crc): (usize, usize, usize), at: usize, new: &[u8]) {
        self.bytes[start + at..][..new.len()].copy_from_slice(new);
        self.bytes[start + crc..][..4].fill(0);
        let sum = crc32c::crc32c(&self.bytes[start..start + length]);
        self.bytes[start + crc..][..4].copy_from_slice(&sum.to_le_bytes());
    }

    fn error(self) -> String {
        let error = xfs::allocation(&MemoryDevice::from(self.bytes)).unwrap_err();
        let kind = match error {
            MapError::Unsupported(_) => "unsupported",
            MapError::Damaged(_) => "damaged",
            MapError::TooLarge(_) => "too large",
            MapError::Device(_) => "device",
        };
        format!("{kind}: {error}")
    }
}

/// Start, length and place of the checksum, for 512-byte sectors and 4096-byte blocks.
const SUPERBLOCK: (usize, usize, usize) = (0, 512, 224);
const AGF: (usize, usize, usize) = (512, 512, 216);
const BNO_ROOT: (usize, usize, usize) = (4096, 4096, 52);

#[test]
fn refuses_what_is_not_understood_or_damaged() {
    let volume = Volume::make(64 * MIB, "-l size=8m");
    volume.map();
    type Place = (usize, usize, usize);
    let cases: [(Place, usize, &[u8], &str); 12] = [
        (SUPERBLOCK, 216, &[0, 0, 0x80, 3], "unsupported: XFS incompatible feature 0x8000"),
        (SUPERBLOCK, 216, &[0, 0, 2, 3], "unsupported: XFS incompatible feature 0x200"),
        (SUPERBLOCK, 212, &[0, 1, 0, 1], "unsupported: XFS read-only compatible feature 0x10000"),
        (SUPERBLOCK, 220, &[0, 0, 0, 2], "unsupported: XFS log feature 0x2"),
        (SUPERBLOCK, 216, &[0, 0, 0, 0x13], "damaged: XFS is marked as needing repair"),
        (SUPERBLOCK, 16, &[0, 0, 0, 0, 0, 0, 1, 0], "unsupported: XFS has a realtime"),
        (SUPERBLOCK, 48, &[0; 8], "unsupported: XFS keeps its log"),
        (SUPERBLOCK, 144, &[0, 0, 0, 0, 0, 0, 1, 0], "damaged: XFS superblock counts 256 free"),
        (SUPERBLOCK, 84, &[0xff; 4], "damaged: XFS superblock"),
        (AGF, 52, &[0, 0, 1, 0], "damaged: XFS group 0: "),
        (BNO_ROOT, 6, &[0, 0], "damaged: XFS group 0: the two free-space trees disagree"),
        (BNO_ROOT, 48, &[0, 0, 0, 1], "damaged: XFS group 0, block 1: free-space tree belongs"),
    ];
    for (place, at, new, expected) in cases {
        let mut changed = Changed::new(&volume);
        changed.set(place, at, new);
        let error = changed.error();
        assert!(error.starts_with(expected), "{error:?} is not {expected:?}");
    }
    for at in [100, 512 + 56, 4096 + 60, 8192 + 60] {
        let mut changed = Changed::new(&volume);
        changed.bytes[at] ^= 0x10;
        let error = changed.error();
        assert!(error.contains("checksum"), "{at}: {error}");
    }
    let mut short = Changed::new(&volume);
    short.bytes.truncate(60 << 20);
    assert_eq!(short.error(), "damaged: XFS is larger than its volume");
}

#[test]
fn refuses_other_devices_of_one_volume() {
    let volume = Volume::empty();
    let (path, other) = (volume.path(), volume.folder.path().join("other"));
    sparse_file(&path, 320 * MIB);
    sparse_file(&other, 320 * MIB);
    for (option, reason) in
        [("-l logdev=", "log on another device"), ("-r rtdev=", "realtime section")]
    {
        sh(&format!("mkfs.xfs -q -f {option}{} {}", other.display(), path.display()));
        let error = xfs::allocation(&open(&path)).unwrap_err();
        assert!(matches!(&error, MapError::Unsupported(why) if why.contains(reason)), "{error}");
    }
}

#[test]
#[ignore = "many rounds; XFS_ROUNDS says how many"]
fn many_crashes() {
    let rounds: u64 = std::env::var("XFS_ROUNDS").map_or(10, |text| text.parse().unwrap());
    let first: u64 = std::env::var("XFS_SEED").map_or(1, |text| text.parse().unwrap());
    let options = [
        "",
        "-m rmapbt=1,reflink=1 -l size=16m",
        "-m reflink=0,rmapbt=0 -l size=8m -d agcount=2",
        "-d agcount=8 -l size=12m -i size=1024",
        "-b size=1024 -m reflink=0 -l size=8m",
        "-m rmapbt=1 -d agcount=1 -l su=32k",
        "-s size=4096 -m rmapbt=1 -l size=16m",
    ];
    let cuts = [Cut::ShutdownFlushed, Cut::Shutdown, Cut::Copy];
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    for round in first..first + rounds {
        let index = usize::try_from(round).unwrap();
        let (options, cut) = (options[index % options.len()], cuts[index / options.len() % 3]);
        let time = Duration::from_millis(200 + round * 977 % 3000);
        let outcome = if round % 4 == 3 {
            torn_trial(400 * MIB, options, time, round)
        } else {
            trial(400 * MIB, options, cut, time, round)
        };
        println!("round {round}: {options:?} {cut:?} {time:?}: {outcome:?}");
        let kind = match outcome {
            Outcome::Mapped(source) => source,
            Outcome::Whole(reason) => format!("whole: {reason}"),
            Outcome::TornCopy => "torn copy".to_owned(),
        };
        *counts.entry(format!("{cut:?}: {kind}")).or_default() += 1;
    }
    println!("{counts:#?}");
}
