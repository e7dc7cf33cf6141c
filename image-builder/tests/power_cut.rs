//! The power fails while the kernel writes to NTFS. All that the disk itself gives back
//! afterwards, a restored copy of it gives back as well.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use support::{BOOT, JOB, computer, guest, run};
use vm::assets::drive::{DriveKind, make_drive};
use vm::assets::hash;
use vm::{After, Bus, Disk, Firmware, Writes};

const SOURCE_MIB: u64 = 512;
const DRIVE_MIB: u64 = 1024;
/// The power is cut when so many files have been synced.
const SYNCED: usize = 250;

/// When the kernel writes what nobody asked to be synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writeback {
    /// At no time of its own: the bitmap on the disk falls behind as far as it can. The table of
    /// files has grown before: ntfs3 writes the new length of a table with no file that is synced,
    /// and of 201 such files on a new volume the disk itself gave back none.
    Never,
    /// After a second: files that were not synced are on the disk in parts.
    Early,
}

impl Writeback {
    /// The lines that set it up, with the volume mounted.
    fn script(self) -> &'static str {
        match self {
            Writeback::Never => {
                "cd /mnt/ntfs\nfor i in $(seq 900); do : > $i; done\nrm *\nsync\n\
                 echo 0 > /proc/sys/vm/dirty_writeback_centisecs\n"
            }
            Writeback::Early => {
                "echo 100 | tee /proc/sys/vm/dirty_writeback_centisecs \
                 > /proc/sys/vm/dirty_expire_centisecs\n"
            }
        }
    }
}

const MOUNT: &str = "set -e\nmkdir -p /mnt/ntfs\nmount -t ntfs3,ntfs /dev/vda1 /mnt/ntfs\n";

/// Writes file after file and tells of each when it is safe, by the kernel's word; deletes some
/// again; other files come and go beside it without ever being synced. Ends never.
const LOAD: &str = "\
cd /mnt/ntfs
for i in 0 1 2 3 4 5 6; do mkdir d$i; done
mkdir load
sync .
(set +e; n=0; while :; do cp -r $(ls -d /usr/lib/modules/*/kernel/fs/x*) load/$n; n=$((n+1))
rm -rf load/$((n-4)); done) &
i=0
while :; do
    i=$((i+1))
    file=d$((i%7))/f$i
    head -c $((i*7919%200000)) /dev/urandom > /tmp/f
    sum=$(sha256sum < /tmp/f)
    dd if=/tmp/f of=$file bs=64k conv=fsync status=none
    sync ${file%/*}
    echo synced $file ${sum%% *}
    if [ $((i%5)) = 0 ]; then
        file=d$(((i-3)%7))/f$((i-3))
        echo deleting $file
        rm $file
    fi
done
";

/// What the disk held when the power went.
struct Cut {
    /// Files that were promised to be safe, and not deleted since.
    promised: BTreeMap<String, String>,
    synced: usize,
}

/// Cuts the power of a machine that writes to the disk.
fn cut(disk: &Path, writeback: Writeback) -> Cut {
    let builder = computer("writes", Firmware::Bios).disk(Disk::new(Bus::VirtioBlk, disk));
    let script = MOUNT.to_owned() + writeback.script() + LOAD;
    let mut machine = builder.script(&script, After::PowerOff).start().unwrap();
    let mut synced = 0;
    while synced < SYNCED {
        machine.wait_for_line("synced ", BOOT).unwrap();
        synced += 1;
    }
    machine.cut_power();
    let log = machine.serial_log();
    let mut promised = BTreeMap::new();
    let mut synced = 0;
    for line in log.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["synced", file, sum] if sum.len() == 64 => {
                promised.insert(file.to_owned(), sum.to_owned());
                synced += 1;
            }
            ["deleting", file] => drop(promised.remove(file)),
            _ => {}
        }
    }
    Cut { promised, synced }
}

/// Ways to read a volume after a crash: as it is; forced, for writing; after the repair that
/// stands for Windows' check.
const WAYS: [(&str, &str, &str); 3] = [
    ("as-it-is", "true", "mount -t ntfs3,ntfs -o ro"),
    ("forced", "true", "mount -t ntfs3,ntfs -o force"),
    ("repaired", "ntfsfix -d", "mount -t ntfs3,ntfs"),
];

/// Tells the hash of each file on the disk that can be read, in each way. `name` is that of the
/// disk in the answers.
fn read_back(name: &str, node: &str) -> String {
    let mut script = String::new();
    for (way, repair, mount) in WAYS {
        script += &format!(
            "{repair} {node} || true\n{mount} {node} /mnt/ntfs && (cd /mnt/ntfs; find . -type f \
             | sort | while read -r f; do s=$(sha256sum < $f) && echo \"{name} {way} $f \
             ${{s%% *}}\"; done)\numount /mnt/ntfs || true\n"
        );
    }
    script
}

type Files<'a> = BTreeMap<&'a str, &'a str>;

/// The files that a disk gave back in one way.
fn given_back<'a>(said: &'a str, name: &str, way: &str) -> Files<'a> {
    let words = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words
        .filter_map(|words| match words[..] {
            [n, w, file, sum] if n == name && w == way && sum.len() == 64 => {
                Some((file.trim_start_matches("./"), sum))
            }
            _ => None,
        })
        .collect()
}

fn make_random(path: &Path, mib: u64) {
    let mut noise = fs::File::open("/dev/urandom").unwrap().take(mib << 20);
    std::io::copy(&mut noise, &mut fs::File::create(path).unwrap()).unwrap();
}

#[test]
fn long_files_synced_before_a_power_cut_come_back_where_the_bitmap_is_far_behind() {
    synced_files_come_back(Writeback::Never);
}

#[test]
fn long_files_synced_before_a_power_cut_come_back_where_others_are_half_written() {
    synced_files_come_back(Writeback::Early);
}

#[expect(clippy::print_stdout, reason = "the figures are to be seen")]
fn synced_files_come_back(writeback: Writeback) {
    let folder = vm::scratch().unwrap();
    let [source, drive, target] =
        ["source", "drive", "target"].map(|name| folder.path().join(name));
    make_drive(&source, DriveKind::Ntfs, SOURCE_MIB).unwrap();
    let cut = cut(&source, writeback);
    make_drive(&drive, DriveKind::Exfat, DRIVE_MIB).unwrap();
    make_random(&target, SOURCE_MIB);
    let before = hash(&source).unwrap();

    let moves = computer("moves", Firmware::Bios)
        .disk(Disk::new(Bus::VirtioBlk, &source).serial("CUT-C0DE"))
        .disk(Disk::new(Bus::Usb, &drive))
        .disk(Disk::new(Bus::Nvme, &target).serial("NOISE-7F3A"));
    let script = guest::capture(DriveKind::Exfat, "/dev/vda")
        + &guest::restore(DriveKind::Exfat, "/dev/nvme0n1", "7f3a");
    let said = run(moves, &script, JOB);
    let how = said.lines().find(|line| line.contains("partition 1: NTFS")).unwrap();
    println!("{} files synced, {} of them not deleted\n{how}", cut.synced, cut.promised.len());
    assert!(how.contains("dirty"), "the cut was meant to leave a dirty volume: {how}");
    let lags = how.contains("only in run lists");
    assert!(lags || writeback == Writeback::Early, "the bitmap was meant to lag: {how}");
    assert_eq!(before, hash(&source).unwrap(), "the capture changed its source");

    let looks = computer("looks", Firmware::Bios)
        .disk(Disk::new(Bus::VirtioBlk, &source).writes(Writes::Dropped))
        .disk(Disk::new(Bus::Nvme, &target).writes(Writes::Dropped));
    let script = "mkdir -p /mnt/ntfs\n".to_owned()
        + &read_back("original", "/dev/vda1")
        + &read_back("restored", "/dev/nvme0n1p1");
    let said = run(looks, &script, JOB);
    let mut most = 0;
    for (way, ..) in WAYS {
        let original = given_back(&said, "original", way);
        let restored = given_back(&said, "restored", way);
        let kept = |files: &Files<'_>| {
            let held =
                |&(file, sum): &(&String, &String)| files.get(file.as_str()) == Some(&sum.as_str());
            cut.promised.iter().filter(held).count()
        };
        let (by_original, by_restored) = (kept(&original), kept(&restored));
        println!(
            "{way}: of {} promised files, the original gives back {by_original}, the restored \
             disk {by_restored}; of all files {} and {}",
            cut.promised.len(),
            original.len(),
            restored.len()
        );
        let names: BTreeSet<_> = original.keys().chain(restored.keys()).collect();
        let differ: Vec<_> =
            names.iter().filter(|name| original.get(**name) != restored.get(**name)).collect();
        assert!(differ.is_empty(), "{way}: not the same: {differ:?}");
        most = most.max(by_restored);
    }
    assert!(most * 10 >= cut.promised.len() * 9, "hardly anything was to be compared: {said}");
}
