//! LVM2 physical volumes made by LVM2's own tools, which here work without the device mapper.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use block::double::StrictDevice;
use block::{BlockDevice, Extent, ExtentSet, MemoryDevice};
use common::{open, scramble_free, sh, sparse_file, try_sh};
use filesystem::lvm::{LogicalVolume, logical_volumes};
use filesystem::{Allocation, Kind, State, allocation, files_on, identify, read_file};
use tempfile::TempDir;

/// Bytes in an extent of the groups made here: LVM2's default.
const EXTENT: u64 = 4 << 20;

/// Disks of one volume group as files under loop devices, which are detached when dropped.
struct Disks {
    folder: TempDir,
    group: String,
    devices: Vec<String>,
}

impl Drop for Disks {
    fn drop(&mut self) {
        for device in &self.devices {
            try_sh(&format!("losetup -d {device}"));
        }
    }
}

impl Disks {
    /// `count` disks of `size` bytes in one group; the options go to pvcreate.
    fn new(group: &str, count: usize, size: u64, options: &str) -> Self {
        let mut disks = Self {
            folder: tempfile::tempdir().unwrap(),
            group: format!("remetal_{group}_{}", std::process::id()),
            devices: Vec::new(),
        };
        for number in 0..count {
            let path = disks.path(number);
            sparse_file(&path, size);
            let device = sh(&format!("losetup -f --show {}", path.display())).trim().to_owned();
            disks.devices.push(device);
        }
        let devices = disks.devices.join(" ");
        disks.lvm(&format!("pvcreate {options} {devices}"));
        disks.lvm(&format!("vgcreate {} {devices}", disks.group));
        disks
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("disk{number}"))
    }

    /// Runs a command of LVM2 that sees these disks only.
    fn lvm(&self, command: &str) -> String {
        let (name, rest) = command.split_once(' ').unwrap();
        let filter: Vec<String> =
            self.devices.iter().map(|device| format!("\"a|^{device}$|\"")).collect();
        let settings = format!(
            "devices{{use_devicesfile=0 filter=[{},\"r|.*|\"] obtain_device_list_from_udev=0}} \
             backup{{backup=0 archive=0}} activation{{udev_sync=0 udev_rules=0 monitoring=0}}",
            filter.join(",")
        );
        let output = sh(&format!(
            "export LVM_SUPPRESS_FD_WARNINGS=1; \
             {name} --driverloaded n --config '{settings}' {rest} 2>{}/errors",
            self.folder.path().display()
        ));
        for device in &self.devices {
            sh(&format!("blockdev --flushbufs {device}"));
        }
        output
    }

    /// The metadata as LVM2 reads it.
    fn backup(&self) -> String {
        let path = self.folder.path().join("metadata");
        self.lvm(&format!("vgcfgbackup -f {} {}", path.display(), self.group));
        fs::read_to_string(path).unwrap()
    }

    fn create(&self, name: &str, extents: u64, options: &str) {
        self.lvm(&format!(
            "lvcreate -y -an -Zn -Wn -n {name} -l {extents} {} {options}",
            self.group
        ));
    }

    /// Where LVM2 says that a logical volume lies on the first disk.
    fn segments(&self, name: &str) -> Vec<Extent> {
        let pairs = self.lvm(&format!(
            "lvs --noheadings -o seg_start_pe,seg_pe_ranges -O seg_start_pe {}/{name}",
            self.group
        ));
        let start: u64 = self
            .lvm("pvs --noheadings --nosuffix --units b -o pe_start")
            .lines()
            .next()
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let range = |line: &str| {
            let (_, range) = line.rsplit_once(':').unwrap();
            let (first, last) = range.trim().split_once('-').unwrap();
            let (first, last): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
            Extent::new(start + first * EXTENT, (last - first + 1) * EXTENT)
        };
        pairs.lines().map(range).collect()
    }

    /// Makes a filesystem of the size of a logical volume and copies it in.
    fn format(&self, name: &str, make: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let segments = self.segments(name);
        sparse_file(&path, segments.iter().map(|segment| segment.length).sum());
        sh(&make.replace('@', &path.display().to_string()));
        let disk = fs::OpenOptions::new().write(true).open(self.path(0)).unwrap();
        let content = fs::read(&path).unwrap();
        let mut rest = &content[..];
        for segment in segments {
            let (piece, behind) = rest.split_at(usize::try_from(segment.length).unwrap());
            disk.write_all_at(piece, segment.start).unwrap();
            rest = behind;
        }
        path
    }
}

fn map(volume: &dyn BlockDevice) -> (ExtentSet, String) {
    match allocation(volume, &identify(volume).unwrap()) {
        Allocation::Mapped(map) => (map.used, map.source),
        Allocation::Whole(reason) => panic!("captured whole: {reason}"),
    }
}

fn whole(volume: &dyn BlockDevice) -> String {
    match allocation(volume, &identify(volume).unwrap()) {
        Allocation::Mapped(map) => panic!("mapped: {}", map.source),
        Allocation::Whole(reason) => reason,
    }
}

fn bytes(disk: &Path) -> Vec<u8> {
    fs::read(disk).unwrap()
}

const FAT: &str = "mkfs.fat -F 16 -s 4 -n ROOT @; head -c 3000000 /dev/urandom > @.in; \
    mcopy -i @ @.in ::/file.bin";

/// A group with a FAT volume in two segments, swap between them, and something unknown.
fn mixed() -> Disks {
    let disks = Disks::new("mixed", 1, 300 << 20, "");
    disks.create("root", 10, "");
    disks.create("swap", 5, "");
    disks.lvm(&format!("lvextend -y -l +5 {}/root", disks.group));
    disks.create("unknown", 3, "");
    disks.format("root", FAT);
    disks.format("swap", "mkswap -L pages @");
    disks.format("unknown", "head -c 1000 /dev/urandom | dd of=@ conv=notrunc");
    disks
}

#[test]
fn the_map_is_that_of_the_volumes_inside() {
    let disks = mixed();
    let volume = open(&disks.path(0));
    let info = identify(&volume).unwrap();
    assert_eq!(info.kind, Kind::Lvm2);
    assert_eq!(info.state, State::Member(format!("volume group {}", disks.group)));
    let blkid = sh(&format!("blkid -p -s UUID -o value {}", disks.path(0).display()));
    assert_eq!(info.uuid.as_deref(), Some(blkid.trim()));

    let (used, source) = map(&volume);
    assert!(source.contains("root: FAT16") && source.contains("unknown: whole"), "{source}");
    let root = disks.segments("root");
    assert_eq!(root.len(), 2);
    let inside = map(&open(&disks.folder.path().join("root"))).0;
    let first = inside.clipped(Extent::new(0, root[0].length)).shifted_by(root[0].start);
    let second = inside.clipped(Extent::between(root[0].length, inside.end()));
    let second: ExtentSet = second
        .iter()
        .map(|extent| Extent::new(extent.start - root[0].length + root[1].start, extent.length))
        .collect();
    let swap = Extent::new(disks.segments("swap")[0].start, 4096);
    let unknown = disks.segments("unknown")[0];
    let before: ExtentSet = Extent::new(0, root[0].start).into();
    // 74 extents of 4 MiB behind the first MiB.
    let behind = Extent::between((1 << 20) + 74 * EXTENT, 300 << 20);
    let expected = [first, second, swap.into(), unknown.into(), before, behind.into()];
    let expected = expected.iter().fold(ExtentSet::empty(), |sum, set| sum.union(set));
    assert_eq!(used, expected);
    assert!(used.total() < 25 << 20);
    assert_eq!(map(&StrictDevice::new(MemoryDevice::new(bytes(&disks.path(0)), 4096))).0, used);
}

#[test]
fn a_restored_physical_volume_is_sound() {
    let disks = mixed();
    let before = disks.backup();
    let (used, _) = map(&open(&disks.path(0)));
    scramble_free(&disks.path(0), &used);
    let stable = |text: &str| {
        let keep = |line: &&str| {
            !line.contains("time") && !line.contains("Generated") && !line.contains("escription")
        };
        text.lines().filter(keep).map(str::to_owned).collect::<Vec<_>>()
    };
    let after = disks.backup();
    assert_eq!(stable(&after), stable(&before));
    disks.lvm(&format!("pvck {}", disks.devices[0]));
    assert_eq!(map(&open(&disks.path(0))).0, used);

    let volume = open(&disks.path(0));
    let logical = logical_volumes(&volume).unwrap();
    let root = logical.iter().find(|logical| logical.name == "root").unwrap();
    let inside = root.open(&volume).unwrap();
    let content = inside.read_vec(0, usize::try_from(inside.size()).unwrap()).unwrap();
    let copy = disks.folder.path().join("copy");
    fs::write(&copy, content).unwrap();
    sh(&format!("fsck.fat -n {}", copy.display()));
    let file = fs::read(disks.folder.path().join("root.in")).unwrap();
    assert_eq!(read_file(&inside, &root.info, "file.bin", 4 << 20), Some(file));
}

#[test]
fn lists_logical_volumes_and_names_their_files() {
    let disks = mixed();
    let volume = open(&disks.path(0));
    let logical = logical_volumes(&volume).unwrap();
    let found: Vec<_> = logical.iter().map(|one| (one.name.as_str(), one.info.kind)).collect();
    assert_eq!(found, [("root", Kind::Fat16), ("swap", Kind::Swap), ("unknown", Kind::Unknown)]);
    assert!(logical.iter().all(|one| one.not_plain.is_none() && one.group == disks.group));
    assert_eq!(logical[0].segments, disks.segments("root"));
    assert_eq!(logical[0].info.label.as_deref(), Some("ROOT"));

    let info = identify(&volume).unwrap();
    let names = files_on(&volume, &info, &ExtentSet::whole(volume.size()), 10);
    assert_eq!(names, ["root:/file.bin"]);
    let swap = logical[1].segments[0];
    assert!(files_on(&volume, &info, &swap.into(), 10).is_empty());
}

#[test]
fn volumes_that_are_more_than_extents_here_are_whole() {
    let disks = Disks::new("several", 2, 200 << 20, "");
    let here = &disks.devices[0];
    disks.create("plain", 5, here);
    disks.format("plain", "mkfs.fat -F 16 @");
    disks.create("stripes", 6, "-i 2 --type striped");
    disks.create("both", 60, "");
    let volume = open(&disks.path(0));
    let by_name = |name: &str| -> LogicalVolume {
        let all = logical_volumes(&volume).unwrap();
        all.into_iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(by_name("plain").not_plain, None);
    assert_eq!(by_name("stripes").not_plain.as_deref(), Some("it is striped"));
    assert_eq!(by_name("both").not_plain.as_deref(), Some("it lies on several physical volumes"));
    let (used, source) = map(&volume);
    assert!(source.contains("both: whole (it lies on several"), "{source}");
    let allocated = disks.lvm(&format!("pvs --noheadings -o pv_pe_alloc_count {here}"));
    let allocated: u64 = allocated.trim().parse().unwrap();
    let (plain, _) = map(&by_name("plain").open(&volume).unwrap());
    let tail = (200 << 20) - (1 << 20) - 49 * EXTENT;
    let expected = (1 << 20) + (allocated - 5) * EXTENT + plain.total() + tail;
    assert_eq!(used.total(), expected);
}

/// Metadata as LVM2 writes it for kinds that cannot be made without the device mapper.
#[test]
fn thin_pools_snapshots_and_caches_are_whole() {
    let disks = Disks::new("thin", 1, 200 << 20, "");
    for (name, extents) in
        [("data", 5), ("meta", 1), ("origin", 4), ("cow", 2), ("plain", 3), ("image", 1)]
    {
        disks.create(name, extents, "");
    }
    disks.format("origin", "mkfs.fat -F 16 @");
    disks.format("plain", "mkfs.fat -F 16 @");
    let text = disks.backup();
    let segment = |name: &str, rest: &str| {
        format!(
            "{name} {{ id = \"{}\" status = [\"READ\", \"WRITE\", \"VISIBLE\"] flags = [] \
             creation_time = 1 creation_host = \"x\" segment_count = 1 \
             segment1 {{ start_extent = 0 extent_count = 5 {rest} }} }}\n",
            "Abcdef-Abcd-Abcd-Abcd-Abcd-Abcd-".to_owned() + &format!("{name:x<6}")[..6],
        )
    };
    let pool = segment(
        "pool",
        "type = \"thin-pool\" metadata = \"meta\" pool = \"data\" transaction_id = 1 \
         chunk_size = 128 discards = \"passdown\" zero_new_blocks = 1",
    );
    let snapshot = segment(
        "snapshot0",
        "type = \"snapshot\" chunk_size = 8 origin = \"origin\" cow_store = \"cow\"",
    );
    let raid = segment("raid", "type = \"raid1\" device_count = 2 raids = [\"x\", \"image\"]");
    let moved = segment("moved", "type = \"error\" mirrors = [\"pv0\", 40, \"pv1\", 0]");
    let text = text.replace(
        "logical_volumes {",
        &format!("logical_volumes {{ {pool} {snapshot} {raid} {moved}"),
    );
    assert!(text.contains("thin-pool"));
    let written = with_metadata(&bytes(&disks.path(0)), &text);
    let volume = MemoryDevice::from(written);
    let (used, source) = map(&volume);
    for part in ["data", "meta", "origin", "cow", "image"] {
        assert!(source.contains(&format!("{part}: whole (it is a part of another")), "{source}");
        assert!(disks.segments(part).iter().all(|segment| used.contains(*segment)), "{part}");
    }
    assert!(source.contains("plain: FAT16"));
    assert!(source.contains("moved: whole (it has a segment of the kind error)"), "{source}");
    assert!(used.contains(Extent::new((1 << 20) + 40 * EXTENT, 5 * EXTENT)));
}

/// The disk with `text` as its metadata, checksums made new.
fn with_metadata(disk: &[u8], text: &str) -> Vec<u8> {
    let mut disk = disk.to_vec();
    let area = 4096;
    disk[area + 512..area + 512 + text.len()].copy_from_slice(text.as_bytes());
    disk[area + 40..area + 48].copy_from_slice(&512_u64.to_le_bytes());
    disk[area + 48..area + 56].copy_from_slice(&(text.len() as u64).to_le_bytes());
    disk[area + 56..area + 60].copy_from_slice(&crc(text.as_bytes()).to_le_bytes());
    let header = crc(&disk[area + 4..area + 512]);
    disk[area..area + 4].copy_from_slice(&header.to_le_bytes());
    disk
}

fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0xf597_a6cf, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 };
        }
        crc
    })
}

#[test]
fn the_newest_of_two_metadata_areas_counts_and_damage_to_either_is_whole() {
    let disks = Disks::new("areas", 1, 200 << 20, "--metadatacopies 2 --metadatasize 1m");
    let end = (200 << 20) - (1 << 20);
    disks.create("first", 2, "");
    let old = bytes(&disks.path(0));
    disks.create("second", 2, "");
    let new = bytes(&disks.path(0));
    assert!(old[end..] != new[end..], "the second area is at the end");
    let second = disks.segments("second")[0];
    for (start, stop) in [(end, new.len()), (4096, 1 << 20)] {
        let mut mixed = new.clone();
        mixed[start..stop].copy_from_slice(&old[start..stop]);
        let (used, _) = map(&MemoryDevice::from(mixed));
        assert!(used.contains(second));
        assert!(used.contains(Extent::new(end as u64, 1 << 20)));
    }
    for at in [4096 + 50, end + 50] {
        let mut damaged = new.clone();
        damaged[at] ^= 1;
        assert!(whole(&MemoryDevice::from(damaged)).contains("header of a metadata area"));
    }
    let text = new.windows(6).rposition(|window| window == b"second").unwrap();
    let mut damaged = new.clone();
    damaged[text] = b'S';
    assert!(whole(&MemoryDevice::from(damaged)).contains("checksum of its metadata"));
    let mut damaged = new.clone();
    damaged[512 + 40] ^= 1;
    assert!(whole(&MemoryDevice::from(damaged)).contains("checksum of its label"));
    assert!(whole(&MemoryDevice::from(new[..100 << 20].to_vec())).contains("beyond its end"));
}

#[test]
fn metadata_that_wraps_around_its_area_is_read() {
    let disks = Disks::new("wraps", 1, 100 << 20, "--metadatasize 32k --dataalignment 4k");
    disks.create("only", 2, "");
    let mut has_wrapped = false;
    for number in 0..40 {
        disks.lvm(&format!("vgchange --addtag a_rather_long_tag_{number} {}", disks.group));
        let disk = bytes(&disks.path(0));
        let field =
            |at: usize| u64::from_le_bytes(disk[4096 + at..4096 + at + 8].try_into().unwrap());
        has_wrapped |= field(40) + field(48) > field(32);
        let (_, source) = map(&MemoryDevice::from(disk));
        assert!(source.contains("only: whole"), "{source}");
    }
    assert!(has_wrapped);
}

/// Many volumes of the same bytes would cost as much time as if there were that many bytes.
#[test]
fn volumes_that_share_extents_are_whole() {
    let disks = Disks::new("shared", 1, 100 << 20, "");
    disks.create("first", 2, "");
    disks.create("second", 2, "");
    let disk = bytes(&disks.path(0));
    let field = |at: usize| {
        let bytes = disk[4096 + at..4096 + at + 8].try_into().unwrap();
        usize::try_from(u64::from_le_bytes(bytes)).unwrap()
    };
    let text = &disk[4096 + field(40)..][..field(48)];
    let text = String::from_utf8(text.to_vec()).unwrap();
    let apart = "\"pv0\", 2";
    assert!(text.contains(apart), "{text}");
    assert!(map(&MemoryDevice::from(with_metadata(&disk, &text))).1.contains("second: whole"));
    let shared = with_metadata(&disk, &text.replace(apart, "\"pv0\", 1"));
    assert!(whole(&MemoryDevice::from(shared)).contains("belongs to two logical volumes"));
}

#[test]
fn a_physical_volume_without_a_group_is_whole() {
    let disks = Disks::new("gone", 1, 100 << 20, "");
    disks.lvm(&format!("vgremove -y {}", disks.group));
    let reason = whole(&open(&disks.path(0)));
    assert!(reason.contains("does not describe a volume group"), "{reason}");
}

#[test]
fn a_volume_that_is_the_disk_of_a_guest_is_whole() {
    let disks = Disks::new("guest", 1, 100 << 20, "");
    disks.create("guest", 16, "");
    disks.format("guest", "mkfs.ext4 -q -F @; echo 2048,,L | sfdisk -q --wipe never -X dos @");
    let (used, source) = map(&open(&disks.path(0)));
    let told = "guest: whole (it also bears the signature of a partition table)";
    assert!(source.contains(told), "{source}");
    assert!(used.contains(disks.segments("guest")[0]));
}
