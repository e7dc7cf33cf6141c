//! XFS volumes in files: made, mounted, filled, cut off and checked with their own tools.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod crash;
pub mod log;

use std::path::{Path, PathBuf};

use block::{Extent, ExtentSet};
use tempfile::TempDir;

use crate::common::{noise, open, sh, sparse_file, try_sh};

/// A volume in a file of its own folder, in memory where the machine has room there.
pub struct Volume {
    pub folder: TempDir,
}

impl Volume {
    /// A volume of `size` bytes made by `mkfs.xfs` with `options`.
    pub fn make(size: u64, options: &str) -> Self {
        let volume = Self::empty();
        sparse_file(&volume.path(), size);
        sh(&format!("mkfs.xfs --unsupported -q -f {options} {}", volume.path().display()));
        volume
    }

    /// The same with the files of `source` in it, written by mkfs itself.
    pub fn make_with_files(size: u64, options: &str, source: &Path) -> Self {
        let volume = Self::empty();
        let prototype = volume.folder.path().join("prototype");
        let mut text = "/\n1 1\nd--755 0 0\n".to_owned();
        for folder in sorted(source) {
            text += &format!("{} d--755 0 0\n", name(&folder));
            for file in sorted(&folder) {
                text += &format!("{} ---644 0 0 {}\n", name(&file), file.display());
            }
            text += "$\n";
        }
        std::fs::write(&prototype, text + "$\n").unwrap();
        sparse_file(&volume.path(), size);
        let (prototype, path) = (prototype.display(), volume.path());
        sh(&format!("mkfs.xfs --unsupported -q -f {options} -p {prototype} {}", path.display()));
        volume
    }

    /// A folder without a volume yet.
    pub fn empty() -> Self {
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        Self { folder }
    }

    /// A copy, for destroying.
    pub fn copy(&self) -> Self {
        let copy = Self::empty();
        let (from, to) = (self.path(), copy.path());
        sh(&format!("cp --sparse=always {} {}", from.display(), to.display()));
        copy
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("volume")
    }

    pub fn mount(&self) -> Mounted {
        self.try_mount().unwrap()
    }

    pub fn try_mount(&self) -> Result<Mounted, String> {
        self.try_mount_with("nouuid")
    }

    pub fn try_mount_with(&self, options: &str) -> Result<Mounted, String> {
        let folder = TempDir::new().unwrap();
        let path = self.path();
        let device = sh(&format!("losetup -f --show {}", path.display())).trim().to_owned();
        let mounted = Mounted { device, folder };
        let at = mounted.path().display();
        let output = try_sh(&format!("mount -t xfs -o {options} {} {at}", mounted.device));
        if output.status.success() {
            return Ok(mounted);
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What `xfs_repair -n` complains about, if anything.
    pub fn repair_complaint(&self) -> Option<String> {
        let output =
            try_sh(&format!("xfs_repair -n -f -o force_geometry {} 2>&1", self.path().display()));
        (!output.status.success()).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub fn map(&self) -> filesystem::AllocationMap {
        filesystem::xfs::allocation(&open(&self.path())).unwrap()
    }

    /// Bytes that the free-space trees hold in advance, which `xfs_db` calls free.
    pub fn spare_bytes(&self) -> u64 {
        let path = self.path();
        let path = path.display();
        let sb = sh(&format!("xfs_db -r -f -c 'sb 0' -c 'p agcount blocksize' {path}"));
        let number = |text: &str| -> u64 { text.split(" = ").nth(1).unwrap().parse().unwrap() };
        let [groups, block] = sb.lines().map(number).collect::<Vec<_>>()[..] else {
            panic!("{sb}")
        };
        let ask: String =
            (0..groups).map(|group| format!(" -c 'agf {group}' -c 'p flcount'")).collect();
        sh(&format!("xfs_db -r -f{ask} {path}")).lines().map(number).sum::<u64>() * block
    }

    /// The free extents by `xfs_db`, spare blocks of the trees included.
    pub fn free_by_xfs_db(&self) -> ExtentSet {
        let path = self.path();
        let superblock = sh(&format!("xfs_db -r -f -c 'sb 0' -c 'p' {}", path.display()));
        let field = |name: &str| -> u64 {
            let line = superblock.lines().find(|line| line.starts_with(&format!("{name} = ")));
            line.unwrap().split(" = ").nth(1).unwrap().parse().unwrap()
        };
        let (block, group) = (field("blocksize"), field("agblocks"));
        sh(&format!("xfs_db -r -f -c 'freesp -d' {}", path.display()))
            .lines()
            .filter_map(|line| {
                let numbers: Vec<u64> =
                    line.split_whitespace().map_while(|word| word.parse().ok()).collect();
                let [number, start, length] = numbers[..] else { return None };
                Some(Extent::new((number * group + start) * block, length * block))
            })
            .collect()
    }
}

/// A mounted volume; unmounted and detached when dropped.
pub struct Mounted {
    device: String,
    folder: TempDir,
}

impl Mounted {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Names and SHA-256 of all files.
    pub fn hashes(&self) -> String {
        let at = self.path().display();
        sh(&format!("cd {at} && find . -type f -print0 | sort -z | xargs -0r sha256sum"))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let at = self.path().display();
        try_sh(&format!("umount {at}"));
        try_sh(&format!("losetup -d {}", self.device));
    }
}

/// Fills a mounted volume with files of many sizes, then deletes every other one, so that free
/// space lies in many pieces; `most` bytes at most.
pub fn fill_and_thin(at: &Path, most: u64) {
    let mut written = 0;
    for number in 0_u64..4000 {
        let size = match number % 7 {
            0 => 100,
            1 => 5000,
            2 => 40_000,
            3 => 12_288,
            4 => 300_000,
            5 => 1,
            _ => 65_536,
        };
        if written + size > most {
            break;
        }
        written += size;
        let folder = at.join(format!("folder{}", number % 13));
        std::fs::create_dir_all(&folder).unwrap();
        let noise = noise(number, usize::try_from(size).unwrap());
        if std::fs::write(folder.join(format!("file-{number}")), noise).is_err() {
            break;
        }
    }
    sh(&format!(
        "sync -f {0}; find {0} -name '*[02468]' -type f -delete; sync -f {0}",
        at.display()
    ));
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
