//! Volumes made by mkntfs and filled through ntfs-3g, their raw structures, and logs.

#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod hive;
pub mod log;
pub mod raw;

use std::path::{Path, PathBuf};

use block::{BlockDevice, Extent, ExtentSet};
use filesystem::{AllocationMap, MapError, State, VolumeInfo, ntfs};

use super::common::{assert_close, open, partclone_map, scramble_free, sh, sparse_file};

/// A volume file in a directory that goes away with it.
pub struct Volume {
    directory: tempfile::TempDir,
}

impl Volume {
    pub fn new(size: u64, options: &str) -> Self {
        let volume = Self { directory: tempfile::tempdir().unwrap() };
        sparse_file(&volume.path(), size);
        sh(&format!("mkntfs -q -F -Q {options} {}", volume.path().display()));
        volume
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("volume")
    }

    /// Mounts it through ntfs-3g for one shell command, which runs in its root directory.
    pub fn run(&self, command: &str) -> String {
        self.run_with("rw", command)
    }

    pub fn run_with(&self, options: &str, command: &str) -> String {
        let mount = Mount::new(&self.path(), &self.directory.path().join("mnt"), options);
        sh(&format!("cd {} && {command}", mount.place.display()))
    }

    /// A copy of the volume as it is while a command runs on it, once a file is there: what a
    /// power cut leaves. The driver stands still meanwhile, so that the copy is of one instant.
    /// An instant between the writes of a record of `$MFT` and of its mirror is passed over:
    /// ntfs-3g mounts nothing then.
    pub fn cut_off_during(&self, command: &str, file: &str) -> Self {
        let copy = Self { directory: tempfile::tempdir().unwrap() };
        let (from, to, mount) = (self.path(), copy.path(), self.directory.path().join("mnt"));
        let (from, to, mount) = (from.display(), to.display(), mount.display());
        // A process group of its own, so that all of it can be ended. Not in the volume's folder,
        // where even the shell would wait for the driver that stands still.
        self.run(&format!(
            "{{ set -m; ({command}) 2>/dev/null &
                for _ in $(seq 1000); do [ -e {file} ] && break; sleep 0.02; done
                cd /
                driver=$(pgrep -f 'ntfs-3g .* {mount}$')
                for _ in $(seq 50); do
                    kill -STOP $driver; cp --sparse=always {from} {to}; kill -CONT $driver
                    ntfs-3g.probe --readonly {to} && break
                    sleep 0.01
                done
                kill -- -$!; wait; }}"
        ));
        copy
    }

    pub fn allocation(&self) -> Result<AllocationMap, MapError> {
        ntfs::allocation(&open(&self.path()))
    }

    /// The used bytes. As `filesystem::allocation` does it, what lies behind the filesystem is
    /// used.
    pub fn map(&self) -> ExtentSet {
        let map = self.allocation().unwrap();
        let size = std::fs::metadata(self.path()).unwrap().len();
        map.used.union(&Extent::between(map.covered, size).into())
    }

    pub fn probe(&self) -> VolumeInfo {
        ntfs::probe(&open(&self.path())).unwrap().expect("is NTFS")
    }

    pub fn state(&self) -> State {
        self.probe().state
    }

    pub fn files_on(&self, extent: Extent, most: usize) -> Vec<String> {
        ntfs::files_on(&open(&self.path()), &extent.into(), most).unwrap()
    }

    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        ntfs::read_file(&open(&self.path()), path, 1 << 20).unwrap()
    }

    /// Hashes of all files that can be read; after a crash that need not be all.
    pub fn readable_hashes(&self) -> String {
        let command =
            "find . -type f -print0 | sort -z | xargs -0 -r sha256sum 2>/dev/null || true";
        self.run_with("ro", command)
    }

    fn hashes(&self) -> String {
        self.run("find . -type f -print0 | sort -z | xargs -0 -r sha256sum")
    }

    /// The map is close to partclone's, and everything outside it may turn to noise.
    pub fn survives_scrambling(&self) {
        let before = self.hashes();
        let used = self.map();
        assert_close(&used, &partclone_map("ntfs", &self.path()));
        let layout = self.layout();
        let size = std::fs::metadata(self.path()).unwrap().len();
        let tail = Extent::between(layout.clusters * layout.cluster, size);
        assert!(used.contains(tail), "sectors that have no bit are used");
        scramble_free(&self.path(), &used);
        assert_eq!(self.hashes(), before);
        let path = self.path();
        sh(&format!("ntfsfix -n {0} && ntfsinfo -m {0} && ntfsresize --check {0}", path.display()));
        assert_eq!(self.state(), State::Clean);
    }

    /// Changes bytes of the volume file.
    pub fn write(&self, data: &[u8], at: u64) {
        use std::os::unix::fs::FileExt;
        let file = std::fs::OpenOptions::new().write(true).open(self.path()).unwrap();
        file.write_all_at(data, at).unwrap();
    }

    pub fn bytes(&self, extent: Extent) -> Vec<u8> {
        open(&self.path()).read_vec(extent.start, usize::try_from(extent.length).unwrap()).unwrap()
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
        sh(&format!("ntfs-3g -o {options} {volume} {mount}"));
        Self { place: place.to_owned() }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // The driver writes back after the mount is gone: wait for it to end.
        let place = self.place.display();
        sh(&format!(
            "umount {place} || umount -l {place}
             for _ in $(seq 200); do
                 pgrep -f 'ntfs-3g .* {place}$' >/dev/null || break; sleep 0.05
             done"
        ));
    }
}
