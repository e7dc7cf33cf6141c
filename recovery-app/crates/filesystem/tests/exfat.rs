//! exFAT volumes made by mkfs.exfat and filled by exfat-fuse, against partclone's map and
//! fsck.exfat.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use block::double::{CountingDevice, FaultDevice};
use block::{BlockDevice, Extent, ExtentSet, MemoryDevice};
use common::{assert_close, open, partclone_map, scramble_free, sh, sparse_file, try_sh};
use filesystem::{
    Allocation, AllocationMap, Kind, State, allocation, files_on, identify, read_file,
};
use tempfile::TempDir;

/// A volume file in a folder of its own.
struct Volume {
    folder: TempDir,
    path: PathBuf,
}

/// A volume while it is mounted over a loop device; unmounted and detached when dropped.
struct Mounted {
    device: String,
    file: PathBuf,
    point: PathBuf,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        try_sh(&format!("umount {0}; losetup -d {1}", self.point.display(), self.device));
        // The program behind the mount writes and lets go of the device after umount has
        // returned; by then the device's number may already be another's.
        let name = self.device.trim_start_matches("/dev/");
        let backing = PathBuf::from(format!("/sys/block/{name}/loop/backing_file"));
        let is_ours =
            || fs::read_to_string(&backing).is_ok_and(|path| Path::new(path.trim()) == self.file);
        let end = Instant::now() + Duration::from_secs(60);
        while is_ours() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!is_ours() || std::thread::panicking(), "{} is still in use", self.device);
    }
}

fn make(size: u64, options: &str) -> Volume {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume");
    sparse_file(&path, size);
    sh(&format!("mkfs.exfat {options} -L 'Läbel 1' {}", path.display()));
    Volume { folder, path }
}

impl Volume {
    fn mount(&self, options: &str) -> Mounted {
        let device = sh(&format!("losetup -f --show {}", self.path.display())).trim().to_owned();
        let point = self.folder.path().join("mounted");
        fs::create_dir_all(&point).unwrap();
        let mounted = Mounted { device, file: self.path.clone(), point };
        sh(&format!(
            "mount.exfat-fuse -o {options} {} {} 2>&1",
            mounted.device,
            mounted.point.display()
        ));
        mounted
    }

    /// Files of many sizes, every third deleted again, then files that fill the holes.
    fn fill(&self, files: usize, most: usize) {
        let mounted = self.mount("rw");
        let noise: Vec<u8> = (0..most).map(|i| u8::try_from(i * 7919 % 251).unwrap()).collect();
        let name = |number: usize| {
            mounted.point.join(format!("folder {}/file number {number}.bin", number % 5))
        };
        for number in 0..files {
            fs::create_dir_all(name(number).parent().unwrap()).unwrap();
            fs::write(name(number), &noise[..most * (number + 1) / files]).unwrap();
        }
        for number in (0..files).step_by(3) {
            fs::remove_file(name(number)).unwrap();
        }
        fs::create_dir_all(mounted.point.join("late/deeper")).unwrap();
        let late: Vec<u8> = noise.iter().map(|byte| !byte).collect();
        fs::write(mounted.point.join("late/deeper/late.bin"), late).unwrap();
        for number in 0..300 {
            fs::write(mounted.point.join(format!("late/empty {number}")), b"").unwrap();
        }
    }

    fn hashes(&self) -> String {
        let mounted = self.mount("ro");
        let point = mounted.point.display();
        sh(&format!("cd {point} && find . -type f -print0 | sort -z | xargs -0 sha256sum"))
    }

    fn map(&self) -> ExtentSet {
        mapped(&open(&self.path))
    }

    fn poke(&self, offset: u64, bytes: &[u8]) {
        let file = fs::OpenOptions::new().write(true).open(&self.path).unwrap();
        file.write_all_at(bytes, offset).unwrap();
    }

    fn peek<const N: usize>(&self, offset: u64) -> [u8; N] {
        open(&self.path).read_vec(offset, N).unwrap().try_into().unwrap()
    }

    /// First byte of the cluster with this number, and bytes in a cluster.
    fn cluster(&self, number: u32) -> Extent {
        let shifts: [u8; 2] = self.peek(108);
        let heap = u64::from(u32::from_le_bytes(self.peek(88))) << shifts[0];
        let size = 1 << (shifts[0] + shifts[1]);
        Extent::new(heap + u64::from(number - 2) * size, size)
    }

    /// Byte offset of the bitmap, which mkfs.exfat puts into the first cluster.
    fn bitmap(&self) -> u64 {
        self.cluster(2).start
    }

    /// Clears the bits of the clusters that hold `extent`.
    fn forget(&self, extent: Extent) {
        let heap = self.cluster(2);
        for number in (extent.start - heap.start) / heap.length
            ..(extent.end() - heap.start).div_ceil(heap.length)
        {
            let [byte] = self.peek::<1>(self.bitmap() + number / 8);
            self.poke(self.bitmap() + number / 8, &[byte & !(1 << (number % 8))]);
        }
    }

    /// Sets VolumeDirty.
    fn make_dirty(&self) {
        self.poke(106, &[2]);
    }
}

fn mapped(volume: &dyn BlockDevice) -> ExtentSet {
    allocation_map(volume).used
}

fn allocation_map(volume: &dyn BlockDevice) -> AllocationMap {
    match allocation(volume, &identify(volume).unwrap()) {
        Allocation::Mapped(map) => map,
        Allocation::Whole(reason) => panic!("captured whole: {reason}"),
    }
}

fn whole(volume: &dyn BlockDevice) -> String {
    match allocation(volume, &identify(volume).unwrap()) {
        Allocation::Mapped(map) => panic!("mapped: {}", map.source),
        Allocation::Whole(reason) => reason,
    }
}

#[test]
fn maps_agree_with_partclone_and_restored_volumes_are_sound() {
    for (mib, options) in [(8, ""), (64, "-c 512"), (200, "-c 4K"), (300, "-c 128K -b 1M")] {
        let volume = make(mib << 20, options);
        volume.fill(40, usize::try_from((mib << 20) / 50).unwrap());
        let info = identify(&open(&volume.path)).unwrap();
        assert_eq!((info.kind, info.state), (Kind::ExFat, State::Clean), "{options}");
        assert_eq!(info.label.as_deref(), Some("Läbel 1"));
        let blkid = sh(&format!("blkid -p -s UUID -o value {}", volume.path.display()));
        assert_eq!(info.uuid.as_deref(), Some(blkid.trim()));

        let used = volume.map();
        assert_close(&used, &partclone_map("exfat", &volume.path));
        assert!(used.total() - info.used.unwrap() <= volume.cluster(2).length);
        let before = volume.hashes();
        scramble_free(&volume.path, &used);
        sh(&format!("fsck.exfat -n {}", volume.path.display()));
        assert_eq!(volume.hashes(), before, "{options}");
        assert_eq!(volume.map(), used);
    }
}

#[test]
fn of_sixteen_tebibytes_little_is_read() {
    let size = (1_u64 << 44) - (1 << 20);
    let volume = make(size, "-c 128K");
    let device = CountingDevice::new(open(&volume.path));
    let used = mapped(&device);
    assert!(used.total() < 1 << 30, "{}", used.total());
    // Its bitmap, which has 16 MiB, is read a few times.
    assert!(device.read() < 64 << 20, "{} bytes read", device.read());
}

/// A volume with one large file, and the bytes that hold it.
fn one_file() -> (Volume, Extent) {
    let volume = make(64 << 20, "-c 4K");
    {
        let mounted = volume.mount("rw");
        fs::create_dir(mounted.point.join("folder")).unwrap();
        fs::write(mounted.point.join("folder/file"), vec![7; 100_000]).unwrap();
    }
    let bytes = fs::read(&volume.path).unwrap();
    let first = bytes.windows(4096).position(|window| window == [7; 4096]).unwrap() as u64;
    assert!(volume.peek::<4096>(first + 90_112) == [7; 4096], "the file is in one piece");
    (volume, Extent::new(first, 100_000))
}

#[test]
fn what_only_the_directories_name_is_used_on_a_clean_volume_too() {
    let (volume, file) = one_file();
    let before = allocation_map(&open(&volume.path));
    assert_eq!(before.source, "exFAT allocation bitmap and directories");
    volume.forget(file);
    let damaged = allocation_map(&open(&volume.path));
    assert_eq!(damaged.used, before.used);
    let lost = file.length.next_multiple_of(4096);
    assert_eq!(damaged.source, format!("{} ({lost} bytes only in directories)", before.source));
    volume.make_dirty();
    assert!(matches!(identify(&open(&volume.path)).unwrap().state, State::Dirty(_)));
    assert_eq!(allocation_map(&open(&volume.path)), damaged);
}

#[test]
fn a_file_with_a_chain_is_followed_where_the_bitmap_lacks_it() {
    let volume = make(64 << 20, "-c 4K");
    volume.fill(60, 1 << 20);
    let device = open(&volume.path);
    let before = volume.map();
    let heap = volume.cluster(2);
    let info = identify(&device).unwrap();
    let late = read_file(&device, &info, "late/deeper/late.bin", 2 << 20).unwrap();
    assert_eq!(late.len(), 1 << 20);
    let data = Extent::between(volume.cluster(20).start, device.size());
    volume.forget(Extent::new(data.start, 6_000 * heap.length));
    let damaged = allocation_map(&device);
    assert_eq!(damaged.used, before);
    assert!(damaged.source.contains("only in directories"), "{}", damaged.source);
}

#[test]
fn a_bitmap_that_frees_the_filesystem_itself_is_not_believed() {
    let (volume, _) = one_file();
    volume.forget(volume.cluster(2));
    assert!(whole(&open(&volume.path)).contains("itself free"));
}

#[test]
fn damage_is_captured_whole() {
    let (volume, _) = one_file();
    let bytes = fs::read(&volume.path).unwrap();
    let damaged = |offset: usize, change: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[offset..offset + change.len()].copy_from_slice(change);
        whole(&MemoryDevice::from(bytes))
    };
    assert!(damaged(100, &[9, 9]).contains("checksum of its boot region"));
    assert!(damaged(110, &[3]).contains("not valid"));
    let root = volume.cluster(u32::from_le_bytes(volume.peek(96)));
    let root = usize::try_from(root.start).unwrap();
    let entry =
        |kind: u8| root + bytes[root..].chunks(32).position(|entry| entry[0] == kind).unwrap() * 32;
    assert!(damaged(entry(0x81), &[0x01]).contains("as many bitmaps"));
    assert!(damaged(entry(0x82) + 4, &[0]).contains("upper-case"));
    assert!(damaged(entry(0x81) + 24, &[1, 0]).contains("too short"));
    assert!(damaged(entry(0x83), &[0x84]).contains("unknown kind 0x84"));
    assert!(whole(&MemoryDevice::from(bytes[..32 << 20].to_vec())).contains("smaller"));
}

#[test]
fn a_damaged_backup_is_no_reason_to_capture_all() {
    let (volume, file) = one_file();
    let before = volume.map();
    volume.poke(12 * 512 + 90, &[1, 2, 3]);
    let state = identify(&open(&volume.path)).unwrap().state;
    assert!(matches!(state, State::Dirty(reason) if reason.contains("backup")));
    volume.forget(file);
    assert_eq!(volume.map(), before);
}

#[test]
fn clusters_whose_bits_cannot_be_read_are_used() {
    let volume = make(64 << 20, "-c 512");
    let before = volume.map();
    let bad =
        FaultDevice::new(open(&volume.path)).unreadable(Extent::new(volume.bitmap() + 4096, 512));
    let used = mapped(&bad);
    let first = volume.cluster(2 + 4096 * 8).start;
    assert_eq!(used, before.union(&Extent::new(first, 4096 * 8 * 512).into()));
}

#[test]
fn names_and_reads_files() {
    let volume = make(64 << 20, "-c 4K");
    volume.fill(30, 50_000);
    let device = open(&volume.path);
    let info = identify(&device).unwrap();
    let content = read_file(&device, &info, "Folder 1/FILE number 1.bin", 1 << 20).unwrap();
    assert_eq!(content.len(), 50_000 * 2 / 30);
    assert_eq!(read_file(&device, &info, "folder 1/file number 1.bin", 100), None);
    assert_eq!(read_file(&device, &info, "folder 1/file number 0.bin", 1 << 20), None);

    let late = read_file(&device, &info, "late/deeper/late.bin", 1 << 20).unwrap();
    let bytes = fs::read(&volume.path).unwrap();
    let at = bytes.windows(512).rposition(|window| window == &late[49_152..49_664]).unwrap() as u64;
    assert_eq!(files_on(&device, &info, &Extent::new(at, 1).into(), 10), ["late/deeper/late.bin"]);
    // Files with content and folders.
    let all = files_on(&device, &info, &ExtentSet::whole(device.size()), 1000);
    assert_eq!(all.len(), 20 + 5 + 3, "{all:?}");
}
