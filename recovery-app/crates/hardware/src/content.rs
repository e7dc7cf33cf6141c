//! Which bytes a name stands for.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::ioctl::{Getter, Opcode, ioctl, opcode};
use serde::{Deserialize, Serialize};

use crate::{DeviceNumber, sysfs};

/// A file, whatever its names: hard links, and other mounts of the same filesystem, lead to it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId {
    /// The number of the filesystem (`st_dev`).
    pub device: u64,
    /// The number of the file on it (`st_ino`).
    pub inode: u64,
}

impl FileId {
    /// Of an open file, or of one that was looked up.
    #[must_use]
    pub fn of(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// What a name stands for. Two names for the same content are as good as each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    /// A file or folder.
    File(FileId),
    /// A block device.
    Device(DeviceNumber),
}

impl Content {
    pub(crate) fn of(metadata: &fs::Metadata) -> Self {
        if metadata.file_type().is_block_device() {
            return Self::Device(DeviceNumber::from_raw(metadata.rdev()));
        }
        Self::File(FileId::of(metadata))
    }

    /// What is at `path` now; `None` when nothing is, or nothing that can be seen.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }
}

/// What the loop device with this node and folder in sysfs shows. The kernel knows it for certain;
/// where it is not asked (a recorded machine, no rights), the path that it tells is looked up.
pub(crate) fn behind_loop(node: &Path, folder: &Path, path: &Path) -> Option<Content> {
    let number = sysfs::text(folder, "dev").and_then(|text| DeviceNumber::parse(&text))?;
    let is_it = Content::at(node) == Some(Content::Device(number));
    let told = is_it.then(|| File::open(node).and_then(|device| loop_status(&device)).ok());
    told.flatten().or_else(|| Content::at(path))
}

/// `LOOP_GET_STATUS64` of Linux `include/uapi/linux/loop.h`.
const LOOP_GET_STATUS64: Opcode = opcode::none(0x4c, 5);

/// `struct loop_info64`, 232 bytes; it begins with `lo_device`, `lo_inode` and `lo_rdevice`, which
/// are `st_dev`, `st_ino` and `st_rdev` of what is behind the device.
type LoopInfo = [u64; 29];

fn loop_status(device: &File) -> io::Result<Content> {
    // SAFETY: LOOP_GET_STATUS64 writes one `loop_info64` through the pointer that `Getter` passes.
    let info: LoopInfo = unsafe { ioctl(device, Getter::<LOOP_GET_STATUS64, LoopInfo>::new())? };
    let [device, inode, number, ..] = info;
    Ok(match number {
        0 => Content::File(FileId { device, inode }),
        number => Content::Device(DeviceNumber::from_raw(number)),
    })
}
