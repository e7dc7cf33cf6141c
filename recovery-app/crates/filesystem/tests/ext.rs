//! ext2, ext3 and ext4: maps against partclone's, and the proof by scrambling all free bytes.

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use block::{BlockDevice, Extent, ExtentSet, MemoryDevice};
use common::{assert_close, open, partclone_map, scramble_free, sh, sparse_file, try_sh};
use filesystem::{Kind, MapError, State, ext};

const MIB: u64 = 1 << 20;

/// A volume file mounted through a loop device until it is dropped.
struct Mount {
    at: PathBuf,
}

impl Mount {
    fn try_new(volume: &Path, options: &str) -> Option<Self> {
        let at = volume.with_extension("mount");
        fs::create_dir_all(&at).unwrap();
        let command = format!("mount -o loop{options} {} {}", volume.display(), at.display());
        try_sh(&command).status.success().then_some(Self { at })
    }

    fn new(volume: &Path, options: &str) -> Self {
        Self::try_new(volume, options).unwrap_or_else(|| panic!("mount {}", volume.display()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = try_sh(&format!("umount {0} || umount -l {0}", self.at.display()));
    }
}

/// A volume file made by `mke2fs` with `options`.
fn made(folder: &Path, size: u64, options: &str) -> PathBuf {
    let volume = folder.join("volume");
    let _ = fs::remove_file(&volume);
    sparse_file(&volume, size);
    sh(&format!("mke2fs -q -F {options} {}", volume.display()));
    volume
}

/// Bytes that differ for each `seed`.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Fills about `share` percent of a folder's filesystem, in fragments: small files, half of them
/// deleted again, large ones between.
fn fill(folder: &Path, bytes: u64) {
    let small = usize::try_from(bytes / 400).unwrap().clamp(200, 20_000);
    let name = |round: u64, index: u64| {
        let inner = folder.join(format!("dir{}", index % 7));
        fs::create_dir_all(&inner).unwrap();
        inner.join(format!("file-{round}-{index}"))
    };
    for index in 0..200 {
        if fs::write(name(0, index), noise(index, small)).is_err() {
            break;
        }
    }
    for index in (0..200).step_by(2) {
        let _ = fs::remove_file(name(0, index));
    }
    for index in 0..4 {
        let length = usize::try_from(bytes / 16).unwrap().min(3 << 20);
        let _ = fs::write(name(1, index), noise(1000 + index, length));
    }
    let _ = std::os::unix::fs::symlink("file-0-1", folder.join("dir1/link"));
    let _ = File::create(folder.join("sparse")).and_then(|file| file.set_len(1 << 30));
}

fn hashes(folder: &Path) -> String {
    sh(&format!(
        "cd {} && find . -path ./lost+found -prune -o -type f -size -100M -print0 | sort -z | xargs -0 -r sha256sum",
        folder.display()
    ))
}

fn check(volume: &Path) {
    sh(&format!("e2fsck -fn {}", volume.display()));
}

fn map_of(volume: &Path) -> filesystem::AllocationMap {
    ext::allocation(&open(volume)).unwrap_or_else(|error| panic!("{}: {error}", volume.display()))
}

/// Fills a volume and proves its map: by partclone, and by scrambling what it calls free.
fn prove(size: u64, options: &str) {
    let folder = tempfile::tempdir().unwrap();
    let volume = made(folder.path(), size, options);
    let before = match Mount::try_new(&volume, "") {
        Some(mount) => {
            fill(&mount.at, size / 2);
            hashes(&mount.at)
        }
        None => {
            let source = folder.path().join("source");
            fs::create_dir(&source).unwrap();
            fill(&source, size / 2);
            made(folder.path(), size, &format!("{options} -d {}", source.display()));
            String::new()
        }
    };
    check(&volume);
    let map = map_of(&volume);
    eprintln!("{options}: {} of {} used", map.used.total(), map.covered);
    assert_close(&map.used, &partclone_map("extfs", &volume));
    assert!(map.used.end() <= map.covered);
    assert!(map.used.total() < map.covered, "everything is used");
    scramble_free(&volume, &map.used);
    check(&volume);
    if !before.is_empty() {
        assert_eq!(hashes(&Mount::new(&volume, ",ro").at), before);
    }
    assert_eq!(map_of(&volume).used, map.used, "the map depends on free bytes");
}

#[test]
fn old_and_plain() {
    prove(48 * MIB, "-t ext2");
    prove(48 * MIB, "-t ext2 -r 0 -O none");
    prove(48 * MIB, "-t ext3");
    prove(48 * MIB, "-t ext4");
    prove(48 * MIB, "-t ext2 -b 1024 -g 512 -O ^resize_inode");
    prove(48 * MIB, "-t ext3 -b 1024 -O ^sparse_super");
}

#[test]
fn block_sizes() {
    for size in [1024, 2048, 4096] {
        prove(64 * MIB, &format!("-t ext4 -b {size}"));
    }
    for size in [8192, 16384, 32768, 65536] {
        prove(96 * MIB, &format!("-t ext4 -b {size}"));
    }
}

#[test]
fn groups_in_other_places() {
    prove(80 * MIB, "-t ext4 -b 1024 -O meta_bg,^resize_inode");
    prove(80 * MIB, "-t ext4 -b 1024 -O meta_bg,^resize_inode,^flex_bg,^64bit");
    prove(80 * MIB, "-t ext4 -b 1024 -g 256 -O meta_bg,^resize_inode");
    prove(80 * MIB, "-t ext4 -b 1024 -O ^flex_bg");
    prove(80 * MIB, "-t ext4 -b 1024 -G 4");
    prove(80 * MIB, "-t ext4 -b 1024 -O sparse_super2");
    prove(80 * MIB, "-t ext4 -b 1024 -O sparse_super2 -E num_backup_sb=1");
    prove(80 * MIB, "-t ext4 -b 1024 -O sparse_super2 -E num_backup_sb=0 -E packed_meta_blocks=1");
    prove(80 * MIB, "-t ext4 -b 1024 -E resize=8000000");
}

#[test]
fn checksums() {
    prove(64 * MIB, "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg");
    prove(64 * MIB, "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,^64bit");
    prove(64 * MIB, "-t ext4 -b 1024 -O ^metadata_csum,^uninit_bg");
    prove(64 * MIB, "-t ext4 -b 1024 -O ^64bit");
    prove(64 * MIB, "-t ext4 -O metadata_csum_seed");
}

#[test]
fn clusters() {
    prove(128 * MIB, "-t ext4 -O bigalloc");
    prove(128 * MIB, "-t ext4 -O bigalloc -C 65536 -b 1024");
    prove(130 * MIB + 4096 * 3, "-t ext4 -O bigalloc -C 16384");
    prove(128 * MIB, "-t ext4 -O bigalloc,^metadata_csum,uninit_bg -C 8192");
    prove(300 * MIB, "-t ext4 -O bigalloc,meta_bg,^resize_inode -C 4096 -b 1024 -g 65536");
}

#[test]
fn other_features() {
    prove(
        64 * MIB,
        "-t ext4 -O inline_data,ea_inode,encrypt,casefold,verity,quota,project,large_dir,stable_inodes -I 512",
    );
    prove(64 * MIB, "-t ext4 -O orphan_file,fast_commit,mmp");
    prove(64 * MIB, "-t ext4 -O ^has_journal");
    prove(64 * MIB, "-t ext4 -N 16 -m 0");
    prove(64 * MIB, "-t ext4 -E root_owner=1:1,lazy_itable_init=0,lazy_journal_init=0");
}

#[test]
fn tiny() {
    for (size, options) in [(64 << 10, "-t ext2 -b 1024"), (256 << 10, "-t ext4 -b 1024")] {
        let folder = tempfile::tempdir().unwrap();
        let volume = made(folder.path(), size, options);
        let map = map_of(&volume);
        assert_close(&map.used, &partclone_map("extfs", &volume));
        scramble_free(&volume, &map.used);
        check(&volume);
    }
    prove(MIB, "-t ext4 -b 1024");
    // A last group of a few blocks, and bytes behind the last block.
    prove(16 * MIB + 700 * 1024 + 512, "-t ext4 -b 1024");
}

#[test]
fn huge_and_empty_takes_seconds_and_little() {
    let folder = tempfile::tempdir().unwrap();
    for (size, options) in [
        (15 << 40, "-t ext4 -O ^64bit -i 1073741824"),
        (16 << 40, "-t ext4 -i 1073741824"),
        (40 << 40, "-t ext4 -O bigalloc -C 1048576 -i 4194304"),
    ] {
        // Such sizes exceed what a file on the test machine's filesystem may have.
        let volume = folder.path().join("volume");
        if File::create(&volume).unwrap().set_len(size).is_err() {
            eprintln!("no sparse file of {size} bytes here");
            continue;
        }
        sh(&format!("mke2fs -q -F -E lazy_itable_init=1 {options} {}", volume.display()));
        let start = Instant::now();
        let map = map_of(&volume);
        eprintln!("{size}: {} used in {:?}", map.used.total(), start.elapsed());
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(map.covered, size);
        assert!(map.used.total() < size / 50);
        fs::remove_file(&volume).unwrap();
    }
}

/// Writes files and deletes others at the same time, then copies the backing file while the
/// mount is still there. Returns the copy and the hashes of what was synced.
fn crash(folder: &Path, size: u64, options: &str, mount_options: &str) -> (PathBuf, String) {
    let volume = made(folder, size, options);
    let mount = Mount::new(&volume, mount_options);
    for index in 0..200 {
        fs::write(mount.at.join(format!("old-{index}")), noise(index, 30_000)).unwrap();
    }
    sh(&format!("sync -f {}", mount.at.display()));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| churn(&mount.at, &stop));
        for index in 0..250 {
            let inner = mount.at.join(format!("synced/{}", index % 9));
            fs::create_dir_all(&inner).unwrap();
            let mut file = File::create(inner.join(format!("file-{index}"))).unwrap();
            let length = usize::try_from(index).unwrap() % 17 * 2500 + 1;
            file.write_all(&noise(5000 + index, length)).unwrap();
            file.sync_all().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let copy = folder.join("copy");
    // The kernel may still write: take a copy during which nothing changed.
    for attempt in 0.. {
        assert!(attempt < 20, "the volume never stands still");
        let both =
            format!("cp --sparse=always {0} {1} && cmp {0} {1}", volume.display(), copy.display());
        if try_sh(&both).status.success() {
            break;
        }
    }
    let synced = hashes(&mount.at.join("synced"));
    assert_eq!(synced.lines().count(), 250);
    (copy, synced)
}

fn churn(folder: &Path, stop: &AtomicBool) {
    for round in 0.. {
        for index in 0..40 {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let _ = fs::remove_file(folder.join(format!("old-{}", (round * 40 + index) % 200)));
            let _ = fs::remove_file(folder.join(format!("churn-{}-{index}", round - 1)));
            let bytes = noise(round as u64, 9000 * (1 + index as usize % 5));
            let _ = fs::write(folder.join(format!("churn-{round}-{index}")), bytes);
        }
    }
}

fn survive(size: u64, options: &str, mount_options: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (copy, synced) = crash(folder.path(), size, options, mount_options);
    let info = ext::probe(&open(&copy)).unwrap().unwrap();
    assert_eq!(info.state, State::Dirty("journal needs recovery".to_owned()), "{options}");
    let map = map_of(&copy);
    eprintln!("{options} {mount_options}: {} of {}, {}", map.used.total(), size, map.source);
    assert!(map.used.total() < size * 3 / 4, "nearly everything is used");
    scramble_free(&copy, &map.used);
    let by_e2fsck = folder.path().join("copy2");
    sh(&format!("cp --sparse=always {} {}", copy.display(), by_e2fsck.display()));
    {
        let mount = Mount::new(&copy, "");
        assert_eq!(hashes(&mount.at.join("synced")), synced, "{options}: {}", map.source);
    }
    check(&copy);
    let replay = try_sh(&format!("e2fsck -fy {}", by_e2fsck.display()));
    assert!(replay.status.code().is_some_and(|code| code <= 1), "{replay:?}");
    let mount = Mount::new(&by_e2fsck, ",ro");
    assert_eq!(hashes(&mount.at.join("synced")), synced, "{options}: after e2fsck");
}

#[test]
fn crashed_ext4() {
    survive(160 * MIB, "-t ext4", "");
    survive(160 * MIB, "-t ext4 -O ^metadata_csum", "");
    survive(160 * MIB, "-t ext4 -O ^64bit -b 1024", "");
    survive(160 * MIB, "-t ext4 -O bigalloc", "");
}

#[test]
fn crashed_with_fast_commits() {
    survive(160 * MIB, "-t ext4 -O fast_commit -J size=16", "");
    survive(160 * MIB, "-t ext4 -O fast_commit,^metadata_csum -J size=8", "");
}

#[test]
fn crashed_in_other_journal_modes() {
    survive(160 * MIB, "-t ext4 -J size=16", ",data=journal");
    survive(160 * MIB, "-t ext4", ",journal_async_commit,data=writeback");
    survive(160 * MIB, "-t ext4 -O ^metadata_csum", ",journal_async_commit,data=writeback");
    survive(160 * MIB, "-t ext4 -O ^metadata_csum -J size=4 -b 1024", ",journal_checksum");
    survive(160 * MIB, "-t ext3", "");
    survive(160 * MIB, "-t ext3 -b 1024 -J size=4", "");
}
