//! NTFS: maps against partclone, contents after scrambling, damage, dirty volumes.

mod common;

use std::path::{Path, PathBuf};

use block::{BlockDevice, ExtentSet};
use common::{assert_close, open, partclone_map, scramble_free, sh, sparse_file};
use filesystem::ntfs;

/// A volume file in a directory that goes away with it, mounted through ntfs-3g on demand.
struct Volume {
    directory: tempfile::TempDir,
}

impl Volume {
    fn new(size: u64, options: &str) -> Self {
        let volume = Self { directory: tempfile::tempdir().unwrap() };
        sparse_file(&volume.path(), size);
        sh(&format!("mkntfs -q -F -Q {options} {}", volume.path().display()));
        volume
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("volume")
    }

    /// Runs a command in the root directory of the mounted volume.
    fn run(&self, command: &str) -> String {
        self.run_with("", command)
    }

    fn run_with(&self, options: &str, command: &str) -> String {
        let mount = Mount::new(&self.path(), &self.directory.path().join("mnt"), options);
        sh(&format!("cd {} && {command}", mount.place.display()))
    }

    fn map(&self) -> ExtentSet {
        let device = open(&self.path());
        let map = ntfs::allocation(&device).unwrap();
        assert!(map.covered <= device.size());
        // As `filesystem::allocation` does: what lies behind the filesystem is used.
        let rest = block::Extent::between(map.covered, device.size());
        map.used.union(&rest.into())
    }

    fn hashes(&self) -> String {
        self.run("find . -type f -print0 | sort -z | xargs -0 -r sha256sum")
    }

    /// Everything outside the map may turn to noise and nothing is missed.
    fn survives_scrambling(&self) {
        let before = self.hashes();
        let used = self.map();
        assert_close(&used, &partclone_map("ntfs", &self.path()));
        scramble_free(&self.path(), &used);
        assert_eq!(self.hashes(), before);
        let path = self.path();
        sh(&format!("ntfsfix -n {0} && ntfsinfo -m {0} && ntfsresize --check {0}", path.display()));
    }
}

/// An ntfs-3g mount that ends with the value.
struct Mount {
    place: PathBuf,
}

impl Mount {
    fn new(volume: &Path, place: &Path, options: &str) -> Self {
        std::fs::create_dir_all(place).unwrap();
        let (volume, mount) = (volume.display(), place.display());
        sh(&format!("ntfs-3g -o rw{options} {volume} {mount}"));
        Self { place: place.to_owned() }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // The driver writes back after the mount is gone: wait for it to end.
        let place = self.place.display();
        sh(&format!(
            "umount {place} || umount -l {place}
             for _ in $(seq 100); do pgrep -f 'ntfs-3g .* {place}$' >/dev/null || break; sleep 0.05; done"
        ));
    }
}

/// Files of many sizes, some deleted again so that others are in pieces.
const FILL: &str = "
    mkdir -p a/b/c many
    cp -r /usr/share/doc/bash /usr/share/doc/coreutils a/b/ 2>/dev/null || true
    for i in $(seq 300); do head -c $((i * 37)) /dev/urandom > many/$i; done
    rm $(seq -f many/%g 1 2 300)
    head -c 700000 /dev/urandom > a/pieces
    truncate -s 5M a/hole; echo tail >> a/hole
    echo hello > 'a/b/c/Grüße.txt'
";

#[test]
fn maps_of_many_cluster_sizes_hold_all_that_is_needed() {
    for (size, options) in [
        (24 << 20, "-c 512"),
        (24 << 20, "-c 1024"),
        (32 << 20, "-c 2048 -L Daten"),
        (32 << 20, "-c 4096"),
        (64 << 20, "-c 8192"),
        (64 << 20, "-c 65536"),
        (256 << 20, "-c 262144"),
        (1 << 30, "-c 2097152"),
        (64 << 20, "-s 4096 -c 4096"),
        (64 << 20, "-s 4096 -c 65536"),
        ((32 << 20) + 512 * 3, "-c 4096"),
    ] {
        let volume = Volume::new(size, options);
        volume.run(FILL);
        volume.survives_scrambling();
    }
}
