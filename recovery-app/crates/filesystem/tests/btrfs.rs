//! The btrfs map against real filesystems, btrfs-progs and partclone.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod btrfs_support;
mod common;

use std::path::{Path, PathBuf};

use block::double::CountingDevice;
use block::{Extent, MemoryDevice};
use btrfs_support::{Mount, assert_checks, assert_holds_partclone, fixed, progs_map};
use common::{open, partclone_map, scramble_free, sh, sparse_file};
use filesystem::{Kind, MapError, State, btrfs};

const MIB: u64 = 1 << 20;

fn make(directory: &Path, size: u64, options: &str) -> PathBuf {
    let image = directory.join("volume");
    sparse_file(&image, size);
    sh(&format!("mkfs.btrfs -q {options} {} 2>&1", image.display()));
    image
}

/// Fills, empties by half, fragments, clones and snapshots. (`sync -f` leaves the crash tests, which
/// may run at the same time, alone.)
const CHURN: &str = r#"
    mkdir -p tree/deep; cp -r /etc/ssl tree/ 2>/dev/null || true
    for i in $(seq 300); do head -c $((i * 97)) /dev/urandom > tree/f$i; done
    sync -f .
    for i in $(seq 1 2 300); do rm tree/f$i; done
    head -c 3000000 /dev/urandom > tree/large
    sync -f .
    for i in $(seq 1 3 700); do
        dd if=/dev/urandom of=tree/large bs=4096 count=1 seek=$i conv=notrunc status=none
        if [ $((i % 40)) = 1 ]; then sync -f .; fi
    done
    cp --reflink=always tree/large tree/deep/clone
    fallocate -l 1M tree/preallocated; truncate -s 5M tree/hole; echo end >> tree/hole
    btrfs -q subvolume create inner; cp tree/f2* inner/
    btrfs -q subvolume snapshot . snapshot; btrfs -q subvolume snapshot -r inner frozen
    rm tree/f4*; seq 90000 > tree/text; sync -f .
"#;

/// One line of the table: map, second opinions, scrambling, checks and hashes.
fn proves(size: u64, make_options: &str, mount_options: &str) {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), size, make_options);
    let point = directory.path().join("mount");
    let before = {
        let mount = Mount::new(&image, &point, mount_options);
        mount.run(CHURN);
        mount.hashes()
    };
    proves_image(&image, &point, &before);
}

fn proves_image(image: &Path, point: &Path, before: &str) {
    let volume = open(image);
    let map = btrfs::allocation(&volume).unwrap();
    let size = map.covered;
    assert_eq!(map.source, "btrfs extent tree");
    let progs = progs_map(image);
    assert_eq!(map.used, progs.used.union(&fixed(size)));
    assert_holds_partclone(&map.used, &partclone_map("btrfs", image), &progs);
    scramble_free(image, &map.used);
    assert_checks(image);
    let mount = Mount::new(image, point, "");
    assert!(before.lines().count() > 200);
    assert_eq!(mount.hashes(), before);
    mount.run("btrfs scrub start -Bq .");
}

#[test]
fn defaults() {
    proves(256 * MIB, "", "");
}

#[test]
fn single_metadata_and_small_nodes() {
    proves(256 * MIB, "-m single -n 4096 -O ^no-holes", "compress-force=zstd");
}

#[test]
fn largest_nodes_and_dup_data() {
    proves(400 * MIB, "-d dup -n 65536 --csum xxhash", "compress=zlib");
}

#[test]
fn mixed_groups() {
    proves(64 * MIB, "-M --csum sha256", "");
}

#[test]
fn smallest_volume_with_old_metadata_items() {
    proves(110 * MIB, "-O ^skinny-metadata,^extref --csum blake2", "nodatacow");
}

#[test]
fn old_free_space_cache() {
    // Files of the cache are ordinary extents, which must be as good after the scramble.
    proves(256 * MIB, "-R ^free-space-tree", "space_cache=v1");
}

#[test]
fn quotas_and_odd_size() {
    proves(200 * MIB + 12_345, "-R quota -U 01234567-89ab-cdef-0123-456789abcdef", "autodefrag");
}

#[test]
fn tiny_mixed_volume() {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), 16 * MIB, "-M -n 4096");
    let volume = open(&image);
    let map = btrfs::allocation(&volume).unwrap();
    assert_eq!(map.used, progs_map(&image).used.union(&fixed(16 * MIB)));
    scramble_free(&image, &map.used);
    assert_checks(&image);
}

#[test]
fn converted_from_ext4() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("volume");
    sparse_file(&image, 256 * MIB);
    let files = directory.path().join("files");
    sh(&format!(
        "mkdir {files}; for i in $(seq 250); do head -c $((i * 151)) /dev/urandom > {files}/$i; done
         mke2fs -q -t ext4 -b 4096 -d {files} {}",
        image.display(),
        files = files.display()
    ));
    sh(&format!("btrfs-convert {} 2>&1", image.display()));
    let point = directory.path().join("mount");
    let before = Mount::new(&image, &point, "").hashes();
    proves_image(&image, &point, &before);
}

#[test]
fn separate_uuid_of_nodes() {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), 256 * MIB, "-L separate");
    sh(&format!("btrfstune -m {}", image.display()));
    let volume = open(&image);
    let map = btrfs::allocation(&volume).unwrap();
    assert_eq!(map.used, progs_map(&image).used.union(&fixed(256 * MIB)));
    let info = btrfs::probe(&volume).unwrap().unwrap();
    let uuid = sh(&format!("blkid -p -o value -s UUID {}", image.display()));
    assert_eq!(info.uuid.as_deref(), Some(uuid.trim()));
}

#[test]
fn large_sparse_volume_is_mapped_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let size = 15 << 40;
    let image = make(directory.path(), size, "-L large");
    {
        let mount = Mount::new(&image, &directory.path().join("mount"), "");
        mount.run("for i in $(seq 2000); do head -c 5000 /dev/urandom > f$i; done");
    }
    let volume = CountingDevice::new(open(&image));
    let map = btrfs::allocation(&volume).unwrap();
    assert!(volume.read() < 4 << 20, "{} bytes read", volume.read());
    assert_eq!(map.used, progs_map(&image).used.union(&fixed(size)));
    assert!(map.used.contains(Extent::new(256 << 30, 4096)));
}

#[test]
fn tells_what_the_superblock_says() {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), 256 * MIB, "-L 'my label'");
    let volume = open(&image);
    let info = btrfs::probe(&volume).unwrap().unwrap();
    let uuid = sh(&format!("blkid -p -o value -s UUID {}", image.display()));
    assert_eq!((info.kind, info.title.as_str()), (Kind::Btrfs, "btrfs"));
    assert_eq!(info.label.as_deref(), Some("my label"));
    assert_eq!(info.uuid.as_deref(), Some(uuid.trim()));
    assert_eq!(info.size, Some(256 * MIB));
    assert_eq!(info.used, Some(147_456));
    assert_eq!((info.state, info.system), (State::Clean, None));
    assert!(btrfs::probe(&MemoryDevice::from(vec![0; 1 << 20])).unwrap().is_none());
    assert!(btrfs::probe(&MemoryDevice::from(vec![0; 100])).unwrap().is_none());
}

#[test]
fn finds_the_system_where_installers_put_it() {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), 256 * MIB, "");
    let point = directory.path().join("mount");
    let system = || btrfs::probe(&open(&image)).unwrap().unwrap().system;
    {
        let mount = Mount::new(&image, &point, "compress-force=zlib");
        mount.run(
            "btrfs -q subvolume create @rootfs; cd @rootfs; mkdir -p etc usr/lib
             (echo 'PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"'
              for i in $(seq 3000); do echo \"LINE=$i\"; done) > usr/lib/os-release
             ln -s ../usr/lib/os-release etc/os-release",
        );
    }
    assert_eq!(system().as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
    {
        let mount = Mount::new(&image, &point, "compress-force=zstd");
        mount.run(
            "btrfs -q subvolume create other; cd other; mkdir etc
             echo 'PRETTY_NAME=\"Other 1\"' > etc/os-release
             (echo 'PRETTY_NAME=\"Other 2\"'; printf 'x\n%.0s' $(seq 20000)) > etc/packed
             btrfs subvolume set-default .",
        );
    }
    assert_eq!(system().as_deref(), Some("Other 1"));
    let volume = open(&image);
    let read = |path| btrfs::read_file(&volume, path, 1 << 20).unwrap();
    assert_eq!(read("/etc/packed").unwrap().len(), 22 + 40000);
    assert!(read("etc/packed").unwrap().starts_with(b"PRETTY_NAME=\"Other 2\"\nx\nx\n"));
    assert!(read("other/etc/../etc/./packed").is_some());
    assert_eq!(read("other/absent"), None);
    assert_eq!(read("etc"), None);
    let start = btrfs::read_file(&volume, "etc/packed", 100).unwrap();
    assert_eq!(start.as_deref(), read("etc/packed").unwrap().get(..100));
}

#[test]
fn names_the_files_in_an_extent() {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), 256 * MIB, "");
    {
        let mount = Mount::new(&image, &directory.path().join("mount"), "");
        mount.run(
            "mkdir -p home/ann; head -c 300000 /dev/urandom > home/ann/letter
             btrfs -q subvolume create home/bob; mkdir home/bob/mail
             head -c 300000 /dev/urandom > home/bob/mail/draft; sync -f .",
        );
    }
    let volume = open(&image);
    let content = |path| btrfs::read_file(&volume, path, 1 << 20).unwrap().unwrap();
    let everything = std::fs::read(&image).unwrap();
    let place = |path| {
        let start = content(path)[..64].to_vec();
        let at = everything.chunks(4096).position(|block| block.starts_with(&start)).unwrap();
        Extent::new(at as u64 * 4096 + 100_000, 1)
    };
    let names = |extent: Extent| btrfs::files_on(&volume, &extent.into(), 10).unwrap();
    assert_eq!(names(place("home/ann/letter")), ["home/ann/letter"]);
    assert_eq!(names(place("home/bob/mail/draft")), ["home/bob/mail/draft"]);
    assert_eq!(names(Extent::new(64 << 10, 4096)), ["btrfs superblock"]);
    let all = names(Extent::new(0, 256 * MIB));
    assert!(all.contains(&"btrfs metadata (tree 2)".to_owned()), "{all:?}");
    assert_eq!(btrfs::files_on(&volume, &Extent::new(0, 256 * MIB).into(), 3).unwrap().len(), 3);
}

/// A volume in memory with bytes changed by `change`.
fn changed(image: &Path, change: impl FnOnce(&mut [u8])) -> MemoryDevice {
    let mut bytes = std::fs::read(image).unwrap();
    change(&mut bytes);
    MemoryDevice::from(bytes)
}

fn flip(bytes: &mut [u8], place: u64) {
    bytes[usize::try_from(place).unwrap()] ^= 0x10;
}

#[test]
fn damage_is_said_and_mirrors_serve() {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), 128 * MIB, "-L twice");
    let sound = open(&image);
    let info = btrfs::probe(&sound).unwrap().unwrap();

    for place in [64 << 10, (64 << 10) + 64, (64 << 10) + 300] {
        let device = changed(&image, |bytes| flip(bytes, place));
        let damaged = btrfs::probe(&device).unwrap().unwrap();
        assert!(matches!(damaged.state, State::Damaged(_)), "{damaged:?}");
        assert_eq!((&damaged.label, &damaged.uuid), (&info.label, &info.uuid));
        assert!(matches!(btrfs::allocation(&device), Err(MapError::Damaged(_))));
    }
    // The superblock of another filesystem's past must not be taken for this one's.
    let device = changed(&image, |bytes| bytes[64 << 10..68 << 10].fill(0));
    assert!(btrfs::probe(&device).unwrap().is_none());

    // One copy of a node that is written twice may be lost; both may not.
    let map = btrfs::allocation(&sound).unwrap();
    let nodes: Vec<Extent> = map.used.difference(&fixed(128 * MIB)).iter().collect();
    let (first, second) = nodes.split_at(nodes.len() / 2);
    let damage = |bytes: &mut [u8], extents: &[Extent]| {
        extents.iter().for_each(|extent| flip(bytes, extent.start + 200));
    };
    let device = changed(&image, |bytes| damage(bytes, &first[..1]));
    assert_eq!(btrfs::allocation(&device).unwrap(), map);
    let device = changed(&image, |bytes| {
        damage(bytes, first);
        damage(bytes, second);
    });
    assert!(matches!(btrfs::allocation(&device), Err(MapError::Damaged(_))));

    // A device that is cut short.
    let short = changed(&image, |_| {}).to_vec()[..100 << 20].to_vec();
    let short = MemoryDevice::from(short);
    assert!(matches!(btrfs::allocation(&short), Err(MapError::Damaged(_))));
    let state = btrfs::probe(&short).unwrap().unwrap().state;
    assert!(matches!(state, State::Damaged(_)));
}

#[test]
fn more_than_one_device_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one"), directory.path().join("two"));
    sparse_file(&one, 256 * MIB);
    sparse_file(&two, 256 * MIB);
    sh(&format!("mkfs.btrfs -q -m raid1 -d single {} {} 2>&1", one.display(), two.display()));
    let volume = open(&two);
    let state = btrfs::probe(&volume).unwrap().unwrap().state;
    assert_eq!(state, State::Member("btrfs on 2 devices".to_owned()));
    assert!(matches!(btrfs::allocation(&volume), Err(MapError::Unsupported(_))));
}

#[test]
fn seed_devices_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let image = make(directory.path(), 256 * MIB, "");
    sh(&format!("btrfstune -S 1 {}", image.display()));
    let error = btrfs::allocation(&open(&image)).unwrap_err();
    assert_eq!(error.to_string(), "btrfs seed device");
}
