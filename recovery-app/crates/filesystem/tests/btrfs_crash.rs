//! Btrfs that crashed: what was fsynced is reachable only from log trees, and must survive.
//!
//! A filesystem is mounted from a file, which lies on another btrfs. While threads write, fsync,
//! create and delete, the file is cloned (`cp --reflink`), which copies all of it at one instant:
//! the disk as a power cut would leave it. The map of the clone is computed, everything that it
//! calls free is overwritten with noise, and the clone is mounted, which replays its log.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "how much each crash put at stake is worth reading")]

mod btrfs_support;
mod common;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use btrfs_support::{Mount, assert_checks};
use common::{open, scramble_free, sh, sparse_file};
use filesystem::{State, btrfs};

/// How many fsynced files there are when the clone is made.
const FILES: usize = 300;

/// One way to make and mount a filesystem.
struct Variant {
    size: u64,
    make: &'static str,
    mount: &'static str,
}

const MIB: u64 = 1 << 20;

const VARIANTS: [Variant; 6] = [
    Variant { size: 256 * MIB, make: "", mount: "noatime" },
    Variant { size: 200 * MIB, make: "-m single -n 4096 --csum xxhash", mount: "compress=zstd" },
    Variant { size: 160 * MIB, make: "-M -n 4096 -O ^no-holes", mount: "noatime" },
    Variant { size: 400 * MIB, make: "-n 65536 -d dup --csum blake2", mount: "noatime" },
    Variant { size: 200 * MIB, make: "-R ^free-space-tree", mount: "nodatacow,space_cache=v1" },
    Variant {
        size: 200 * MIB,
        make: "--csum sha256 -O ^skinny-metadata",
        mount: "compress-force=lzo",
    },
];

/// Fsynced files below the mount point, and the hashes of their contents.
type Promises = BTreeMap<PathBuf, u64>;

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Bytes that do not compress, or do.
fn content(seed: u64) -> Vec<u8> {
    let length = usize::try_from(match seed % 4 {
        0 => 1 + seed * 37 % 2000,
        1 => 3000 + seed * 911 % 20_000,
        2 => 4096 * (1 + seed % 9),
        _ => 40_000 + seed * 3571 % 160_000,
    })
    .unwrap();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|at| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if seed.is_multiple_of(3) && at % 16 > 2 { b'r' } else { state.to_le_bytes()[3] }
        })
        .collect()
}

/// Writes one file in one of several ways, and returns its content once fsync has.
fn write_and_sync(path: &Path, seed: u64) -> Vec<u8> {
    let mut bytes = content(seed);
    let mut file = OpenOptions::new().create_new(true).read(true).write(true).open(path).unwrap();
    if seed.is_multiple_of(7) {
        // Allocated and synced first, then filled: unwritten extents in the log.
        file.set_len(bytes.len() as u64).unwrap();
        sh(&format!("fallocate -l {} {}", bytes.len(), path.display()));
        file.sync_all().unwrap();
    }
    file.write_all(&bytes).unwrap();
    file.sync_all().unwrap();
    if seed.is_multiple_of(5) {
        // Overwritten in the middle and synced again: the log gets a second version.
        let at = bytes.len() / 2;
        let end = (at + 5000).min(bytes.len());
        bytes[at..end].fill(b'o');
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(&bytes[at..end]).unwrap();
        file.sync_data().unwrap();
    }
    bytes
}

/// Fsyncs files into `directories` until `stop`, and keeps account of them.
fn promise(point: &Path, writer: u64, promises: &Mutex<Promises>, stop: &AtomicBool) {
    let directories = ["", "one", "two", "inner"];
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let seed = writer * 1_000_003 + number;
        let directory = directories[usize::try_from(seed % 4).unwrap()];
        let path = Path::new(directory).join(format!("w{writer}-{number}"));
        let bytes = write_and_sync(&point.join(&path), seed);
        promises.lock().unwrap().insert(path, hash(&bytes));
    }
}

/// Creates and deletes files without a promise until `stop`.
fn churn(point: &Path, stop: &AtomicBool) {
    for number in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let name = |number: u64| point.join(format!("churn/{}", number % 60));
        let _ = std::fs::remove_file(name(number));
        std::fs::write(name(number), content(number)).unwrap();
        let _ = std::fs::remove_file(name(number + 31));
    }
}

/// Loads the filesystem, and clones it to `copy` in the middle of it.
fn crash(volume: &Path, copy: &Path, point: &Path, variant: &Variant) -> Promises {
    let _ = std::fs::remove_file(volume);
    sparse_file(volume, variant.size);
    sh(&format!("mkfs.btrfs -q {} {} 2>&1", variant.make, volume.display()));
    // No periodic commit, so that the log lives until the clone.
    let mount = Mount::new(volume, point, &format!("commit=300,{}", variant.mount));
    mount.run(
        "mkdir one two churn; btrfs -q subvolume create inner
         head -c 5000000 /dev/urandom > old; cp --reflink=always old one/clone
         btrfs -q subvolume snapshot . snapshot; rm old
         # Room in block groups that exist: making one would empty the log with a commit.
         for i in $(seq 40); do head -c 1000000 /dev/urandom > room$i; done; sync -f .
         for i in $(seq 1 2 40); do rm room$i; done; sync -f .",
    );
    let (promises, stop) = (Mutex::new(Promises::new()), AtomicBool::new(false));
    let mut kept = Promises::new();
    std::thread::scope(|scope| {
        for writer in 1..=2 {
            let (promises, stop) = (&promises, &stop);
            scope.spawn(move || promise(point, writer, promises, stop));
        }
        scope.spawn(|| churn(point, &stop));
        while promises.lock().unwrap().len() < FILES {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        kept.clone_from(&promises.lock().unwrap());
        let cloned = common::try_sh(&format!(
            "rm -f {copy}; cp --reflink=always {} {copy}",
            volume.display(),
            copy = copy.display()
        ));
        stop.store(true, Ordering::Relaxed);
        assert!(cloned.status.success());
    });
    kept
}

/// Paths of files whose content is not what was promised.
fn broken(mount: &Mount, promises: &Promises) -> Vec<PathBuf> {
    let intact = |path: &Path, expected: u64| {
        let mut bytes = Vec::new();
        let read = File::open(mount.point.join(path)).and_then(|mut f| f.read_to_end(&mut bytes));
        read.is_ok() && hash(&bytes) == expected
    };
    let wrong =
        |(path, expected): (&PathBuf, &u64)| (!intact(path, *expected)).then(|| path.clone());
    promises.iter().filter_map(wrong).collect()
}

/// How many promises are kept by the log alone. Fails unless the kernel itself, replaying the log
/// on an untouched clone, finds all of them kept: then the clone is of one instant.
fn only_in_log(copy: &Path, directory: &Path, promises: &Promises) -> usize {
    let untouched = directory.join("untouched");
    sh(&format!(
        "rm -f {to}; cp --reflink=always {} {to}",
        copy.display(),
        to = untouched.display()
    ));
    let point = directory.join("mount");
    let count = broken(&Mount::new(&untouched, &point, "ro,rescue=nologreplay"), promises).len();
    let mount = Mount::new(&untouched, &point, "");
    assert_eq!(broken(&mount, promises), Vec::<PathBuf>::new(), "the clone is not of one instant");
    count
}

/// One crash; how many files were kept by the log alone.
fn survives(directory: &Path, variant: &Variant) -> usize {
    let (volume, copy) = (directory.join("volume"), directory.join("copy"));
    let point = directory.join("mount");
    let promises = crash(&volume, &copy, &point, variant);
    let at_stake = only_in_log(&copy, directory, &promises);

    let device = open(&copy);
    let map = btrfs::allocation(&device).unwrap();
    let state = btrfs::probe(&device).unwrap().unwrap().state;
    if at_stake > 0 {
        assert_eq!(state, State::Dirty("log tree to replay".to_owned()));
        assert_eq!(map.source, "btrfs extent tree and log trees");
    }
    scramble_free(&copy, &map.used);
    {
        let mount = Mount::new(&copy, &point, "");
        assert_eq!(broken(&mount, &promises), Vec::<PathBuf>::new());
        mount.run("btrfs scrub start -Bq .");
    }
    assert_checks(&copy);
    println!(
        "{at_stake} of {} files only in the log: mkfs.btrfs {}, mount -o {}",
        promises.len(),
        variant.make,
        variant.mount
    );
    at_stake
}

fn host(directory: &Path) -> Mount {
    let image = directory.join("host");
    sparse_file(&image, 8 << 30);
    sh(&format!("mkfs.btrfs -q -m single {} 2>&1", image.display()));
    Mount::new(&image, &directory.join("outer"), "nodatasum")
}

/// Crashes each of `variants`. A commit in the middle, by somebody's `sync` or because large nodes
/// fill the room for metadata, empties the log; with nothing left in it to prove, then again.
fn run(variants: &[Variant]) {
    let directory = tempfile::tempdir().unwrap();
    let host = host(directory.path());
    for variant in variants {
        let tries = (0..3).any(|_| survives(&host.point, variant) > 0);
        assert!(tries, "three commits in the middle: mkfs.btrfs {}", variant.make);
    }
}

#[test]
fn fsynced_files_survive() {
    run(&VARIANTS[..3]);
}

#[test]
fn fsynced_files_survive_in_other_variants() {
    run(&VARIANTS[3..]);
}

/// For an hour's soak: `cargo test -p filesystem --test btrfs_crash -- --ignored --nocapture`.
#[test]
#[ignore = "takes many minutes"]
fn fsynced_files_survive_many_times() {
    for _ in 0..10 {
        run(&VARIANTS);
    }
}
