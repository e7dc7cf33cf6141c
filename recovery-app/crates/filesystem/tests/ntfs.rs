//! NTFS: maps against partclone, contents after scrambling, names, states.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;
mod ntfs_support;

use block::Extent;
use common::{open, sh, try_sh};
use filesystem::{Kind, MapError, State, ntfs};
use ntfs_support::Volume;

/// Files of many sizes, half of them deleted again so that others are in pieces.
const FILL: &str = "
    mkdir -p a/b/c many
    cp -r /usr/share/doc/bash /usr/share/doc/coreutils a/b/ 2>/dev/null || true
    for i in $(seq 200); do head -c $((i * 37)) /dev/urandom > many/$i; done
    rm $(seq -f many/%g 1 2 200)
    head -c 700000 /dev/urandom > a/pieces
    truncate -s 5M a/hole; echo tail >> a/hole
    echo hello > 'a/b/c/Grüße.txt'
";

fn filled_volume_survives(size: u64, options: &str) {
    let volume = Volume::new(size, options);
    volume.run(FILL);
    volume.survives_scrambling();
}

#[test]
fn maps_with_small_clusters() {
    for cluster in [512, 1024, 2048, 4096] {
        filled_volume_survives(24 << 20, &format!("-c {cluster}"));
    }
}

#[test]
fn maps_with_large_clusters() {
    for (cluster, size) in [(8192, 64 << 20), (65536, 96 << 20), (2 << 20, 1 << 30)] {
        filled_volume_survives(size, &format!("-c {cluster}"));
    }
}

#[test]
fn maps_with_large_sectors_and_odd_sizes() {
    filled_volume_survives(64 << 20, "-s 4096 -c 4096");
    filled_volume_survives(96 << 20, "-s 4096 -c 65536");
    filled_volume_survives((32 << 20) + 512 * 3, "-c 4096");
}

#[test]
fn maps_tiny_and_huge_volumes() {
    for size in [2 << 20, 500 << 30] {
        let volume = Volume::new(size, "");
        volume.run("echo hello > file");
        let (used, theirs) = (volume.map(), common::partclone_map("ntfs", &volume.path()));
        common::assert_close(&used, &theirs);
    }
}

#[test]
fn maps_compressed_files() {
    let volume = Volume::new(32 << 20, "-C");
    volume.run_with(
        "rw,compression",
        "mkdir c && setfattr -h -v 0x00080000 -n system.ntfs_attrib c
         for i in 1 2 3; do seq $((i * 20000)) > c/$i; done; cp -r /usr/share/doc/bash c/",
    );
    volume.survives_scrambling();
    assert!(ntfs::read_file(&open(&volume.path()), "c/3", 100).is_err());
}

/// Fills the volume, frees every other cluster group, and lets the file table grow into the gaps.
const SHATTER: &str = r#"python3 -c '
import os
def write(name, size):
    with open(name, "wb") as file: file.write(os.urandom(size))
count = 0
try:
    while True: write(f"x{count}", 8192); count += 1
except OSError: pass
for i in range(0, count, 2): os.remove(f"x{i}")
try:
    for i in range(count * 3): write(f"y{i}", 100)
except OSError: pass
for i in range(1, count, 4): os.remove(f"x{i}")
with open("large", "wb") as file:
    for i in range(2000): file.write(os.urandom(1000))
'"#;

#[test]
fn follows_a_file_table_in_pieces() {
    let volume = Volume::new(40 << 20, "-c 1024");
    volume.run(&format!("mkdir d && cd d && {SHATTER}"));
    let info = sh(&format!("ntfsinfo -i 0 {}", volume.path().display()));
    assert!(info.contains("$ATTRIBUTE_LIST"), "the table was meant to be in many pieces\n{info}");
    volume.survives_scrambling();
    let large = volume.run("cat d/large | sha256sum");
    let file = tempfile::NamedTempFile::new().unwrap();
    let content = ntfs::read_file(&open(&volume.path()), "D/LARGE", 4 << 20).unwrap().unwrap();
    std::fs::write(file.path(), content).unwrap();
    assert_eq!(sh(&format!("sha256sum < {}", file.path().display())), large);
    let whole = Extent::new(0, volume.layout().mft + 1024);
    assert!(volume.files_on(whole, 5).contains(&"$MFT".to_owned()));
}

#[test]
fn tells_what_blkid_tells() {
    for options in ["-L Daten", "-s 4096 -c 4096 -L 'Grüße 2'", ""] {
        let volume = Volume::new(16 << 20, options);
        let info = volume.probe();
        let tag = |name: &str| {
            let command = format!("blkid -p -o value -s {name} {}", volume.path().display());
            String::from_utf8(try_sh(&command).stdout).unwrap().trim().to_owned()
        };
        assert_eq!(info.kind, Kind::Ntfs);
        assert_eq!(info.uuid.unwrap(), tag("UUID"));
        assert_eq!(info.label.unwrap_or_default(), tag("LABEL"));
        assert_eq!(info.state, State::Clean);
        assert_eq!(info.system, None);
        let (size, used) = (info.size.unwrap(), info.used.unwrap());
        assert!(size < 16 << 20 && size > (16 << 20) - 8192);
        assert!(used > 1 << 20 && used < 4 << 20, "{used}");
    }
    let empty = tempfile::NamedTempFile::new().unwrap();
    empty.as_file().set_len(1 << 20).unwrap();
    assert_eq!(ntfs::probe(&open(empty.path())).unwrap(), None);
}

#[test]
fn reads_and_names_files() {
    let volume = Volume::new(16 << 20, "");
    volume.run(
        "mkdir -p 'Some Folder/deep' && cd 'Some Folder' && seq 9000 > deep/Numbers.TXT
         for i in $(seq 500); do : > \"with a rather long name so that it grows $i\"; done
         cd .. && echo x > s && echo y > compact
         # As Windows marks a compact file, whose content is in another stream.
         setfattr -n system.ntfs_reparse_data compact \\
             -v 0x170000801000000001000000020000000100000000000000",
    );
    assert_eq!(volume.read("some folder/DEEP/numbers.txt").unwrap().len(), 43_893);
    assert_eq!(volume.read("/s").unwrap(), b"x\n");
    assert_eq!(
        volume.read("some folder/with A rather long name so that it grows 377").unwrap(),
        b""
    );
    assert_eq!(volume.read("some folder/absent"), None);
    assert!(ntfs::read_file(&open(&volume.path()), "compact", 10).is_err());
    let file = volume.number("'Some Folder/deep/Numbers.TXT'");
    let named = ["Some Folder/deep/Numbers.TXT"];
    assert_eq!(volume.files_on(Extent::new(volume.content(file).start, 1), 10), named);
    assert_eq!(volume.files_on(volume.record_place(file), 10), ["$MFT", named[0]]);
    assert_eq!(volume.files_on(Extent::new(0, 1 << 40), 3).len(), 3);
}

#[test]
fn a_destroyed_boot_sector_is_replaced_by_its_copy() {
    for options in ["", "-s 4096 -c 4096"] {
        let volume = Volume::new(16 << 20, &format!("-L Here {options}"));
        let intact = volume.probe();
        volume.write(&[0; 512], 0);
        let info = volume.probe();
        assert_eq!((&info.label, &info.uuid), (&intact.label, &intact.uuid));
        assert!(matches!(info.state, State::Damaged(_)), "{:?}", info.state);
        assert!(volume.allocation().is_err());
        assert!(ntfs::read_file(&open(&volume.path()), "$Volume", 10).unwrap().is_some());
    }
}

#[test]
fn a_hibernated_windows_is_seen() {
    let volume = Volume::new(16 << 20, "");
    let header = |start: &str| {
        let command = format!("(printf '{start}'; head -c 9000 /dev/zero) > hiberfil.sys");
        volume.run_with("rw,remove_hiberfile", &command);
        volume.state()
    };
    let second_opinion = || {
        let probe = format!("ntfs-3g.probe --readwrite {}", volume.path().display());
        try_sh(&probe).status.code()
    };
    for active in ["hibr", "HIBR", "RSTR"] {
        assert!(matches!(header(active), State::Hibernated(_)), "{active}");
        assert!(active == "RSTR" || second_opinion() == Some(14));
        // It is mapped all the same: what it may lack is in the file records and the log.
        volume.allocation().unwrap();
    }
    assert_eq!(header("wake"), State::Clean);
    assert_eq!(header(""), State::Clean);
}

#[test]
fn a_run_list_may_be_longer_than_stated_but_not_shorter() {
    let volume = Volume::new(16 << 20, "");
    volume.run("head -c 100000 /dev/urandom > cut");
    let (number, last_cluster, sizes) = (volume.number("cut"), 0x18, 0x28);
    let (at, record) = volume.attribute(number, 0x80);
    let place = volume.record_place(number).start + at as u64;
    let file = volume.content(number);

    volume.write(&[record[at + last_cluster] + 1], place + last_cluster as u64);
    assert!(matches!(volume.allocation(), Err(MapError::Damaged(_))));

    // As ntfs3 leaves a file that it cut to nothing.
    volume.write(&[0xff; 8], place + last_cluster as u64);
    volume.write(&[0; 24], place + sizes);
    volume.set_bitmap(file, false);
    assert_eq!(volume.state(), State::Clean);
    assert!(volume.map().contains(file));
}

#[test]
fn tells_that_shadow_copies_may_not_be_complete() {
    let volume = Volume::new(16 << 20, "");
    let is_told = || volume.allocation().unwrap().source.contains("restore points");
    assert!(!is_told());
    let identifier = b"\x6b\x87\x08\x38\x76\xc1\x48\x4e\xb7\xae\x04\x04\x6e\x6c\xc7\x52";
    volume.write(identifier, 0x1e00);
    assert!(!is_told(), "there is no catalog");
    volume.write(&(5_u64 << 20).to_le_bytes(), 0x1e00 + 48);
    assert!(is_told());
}

#[test]
fn names_the_windows_on_it() {
    let volume = Volume::new(16 << 20, "");
    let system = |values: &[(&str, &str)]| {
        let hive = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(hive.path(), ntfs_support::hive::software(values)).unwrap();
        let place = "Windows/System32/config";
        volume.run(&format!("mkdir -p {place} && cp {} {place}/SOFTWARE", hive.path().display()));
        volume.probe().system
    };
    let newest = [
        ("Other", ""),
        ("ProductName", "Windows 10 Pro"),
        ("CurrentBuildNumber", "26100"),
        ("DisplayVersion", "24H2"),
        ("ReleaseId", "2009"),
    ];
    assert_eq!(system(&newest).unwrap(), "Windows 11 Pro 24H2");
    let ten =
        [("ProductName", "Windows 10 Home"), ("CurrentBuild", "19045"), ("DisplayVersion", "22H2")];
    assert_eq!(system(&ten).unwrap(), "Windows 10 Home 22H2");
    let old = [("ProductName", "Windows 7 Professional"), ("CSDVersion", "Service Pack 1")];
    assert_eq!(system(&old).unwrap(), "Windows 7 Professional Service Pack 1");
    assert_eq!(system(&[]).unwrap(), "Windows");
}
