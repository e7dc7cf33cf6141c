use std::fmt;
use std::fs;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::location::Walk;
use crate::mounts::{InUse, Mount, read_mounts};
use crate::topology::{Node, Topology};
use crate::{FileId, HardwareError, Holder, Roots, sysfs};

/// Why a disk or file must not be written to. No reason, no objection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Every reason found.
    pub reasons: Vec<UseReason>,
}

impl Usage {
    /// True when nothing speaks against writing.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// One reason not to write to a disk. Shown, it is a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseReason {
    /// A filesystem on it is mounted.
    Mounted {
        /// The disk, a partition, a volume on one, or the file.
        device: PathBuf,
        /// Where.
        mount_point: PathBuf,
    },
    /// The kernel swaps to it.
    Swap {
        /// The disk, a partition, a volume on one, or the file.
        device: PathBuf,
    },
    /// The kernel has built another device on it.
    Held {
        /// The disk, a partition, or a volume on one.
        device: PathBuf,
        /// What was built.
        holder: Holder,
    },
    /// A file on it is in use as a disk.
    LoopFile {
        /// The file.
        file: PathBuf,
        /// The device that shows it.
        device: PathBuf,
    },
    /// Another program has it to itself.
    Busy {
        /// The disk or partition.
        device: PathBuf,
    },
    /// The kernel refuses writes.
    ReadOnly {
        /// The disk, partition or file.
        device: PathBuf,
    },
}

impl fmt::Display for UseReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mounted { device, mount_point } => {
                write!(formatter, "{} is mounted on {}", device.display(), mount_point.display())
            }
            Self::Swap { device } => write!(formatter, "{} is swapped to", device.display()),
            Self::Held { device, holder } => {
                write!(formatter, "{} is part of {}", device.display(), holder.name)
            }
            Self::LoopFile { file, device } => {
                write!(formatter, "{} on it is in use as {}", file.display(), device.display())
            }
            Self::Busy { device } => {
                write!(formatter, "{} is in use by another program", device.display())
            }
            Self::ReadOnly { device } => write!(formatter, "{} is read-only", device.display()),
        }
    }
}

/// Why the disk, partition or regular file at `path` must not be written to.
///
/// Asks the kernel for the device exclusively and lets go of it at once: a disk that this
/// program itself has open exclusively is reported as busy.
pub fn usage(roots: &Roots, path: &Path) -> Result<Usage, HardwareError> {
    let topology = Topology::read(roots)?;
    let mounts = read_mounts(roots)?;
    let in_use = InUse::read(roots, &topology)?;
    let mut reasons = Vec::new();
    if let Some(node) = topology.by_path(roots, path) {
        device_reasons(roots, &topology, &in_use, node, &mut reasons);
        loop_files_on(roots, &topology, &mounts, node, &mut reasons);
        if reasons.is_empty() {
            let same_bytes = std::iter::once(node).chain(topology.twins(node));
            let nodes = same_bytes.map(|node| roots.node(&node.name));
            let claimed = nodes.filter(|node| is_claimed(node));
            reasons.extend(claimed.map(|device| UseReason::Busy { device }));
        }
        if sysfs::flag(&node.folder, "ro") {
            reasons.push(UseReason::ReadOnly { device: roots.node(&node.name) });
        }
        return Ok(Usage { reasons });
    }
    file_reasons(roots, &topology, &in_use, path, &mut reasons)?;
    Ok(Usage { reasons })
}

fn device_reasons(
    roots: &Roots,
    topology: &Topology,
    in_use: &InUse,
    node: &Node,
    reasons: &mut Vec<UseReason>,
) {
    for name in topology.with_all_above(node) {
        let device = roots.node(name);
        let mounted = in_use.mount_points(name).into_iter();
        reasons.extend(
            mounted.map(|mount_point| UseReason::Mounted { device: device.clone(), mount_point }),
        );
        if in_use.is_swap(name) {
            reasons.push(UseReason::Swap { device: device.clone() });
        }
        let Some(node) = topology.by_name(name) else { continue };
        if let Some(Content::File(file)) = node.shows {
            content_reasons(in_use, file, &device, reasons);
        }
        let holders = node.holders.iter().filter_map(|holder| topology.by_name(holder));
        reasons.extend(holders.map(|holder| UseReason::Held {
            device: device.clone(),
            holder: holder.as_holder(roots),
        }));
    }
}

/// Loop devices whose file lies on the disk of `target`.
fn loop_files_on(
    roots: &Roots,
    topology: &Topology,
    mounts: &[Mount],
    target: &Node,
    reasons: &mut Vec<UseReason>,
) {
    let whole = target.parent.as_deref().unwrap_or(&target.name);
    let whole = roots.node(whole);
    for node in topology.nodes() {
        let Some(file) = &node.backing_file else { continue };
        let lies_on_it = || {
            let walk = Walk::new(roots, topology, mounts).behind(node);
            walk.is_ok_and(|location| location.is_on(&whole))
        };
        if node.name != target.name && lies_on_it() {
            let device = roots.node(&node.name);
            reasons.push(UseReason::LoopFile { file: file.clone(), device });
        }
    }
}

/// True when something (a mount in another namespace, ZFS, another program) has the device to
/// itself. A claim on a partition counts for its disk too.
fn is_claimed(node: &Path) -> bool {
    let is_block_device =
        fs::metadata(node).is_ok_and(|metadata| metadata.file_type().is_block_device());
    let exclusive = i32::try_from((OFlags::EXCL | OFlags::NONBLOCK).bits()).unwrap_or(0);
    is_block_device
        && fs::OpenOptions::new()
            .read(true)
            .custom_flags(exclusive)
            .open(node)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::ResourceBusy)
}

fn file_reasons(
    roots: &Roots,
    topology: &Topology,
    in_use: &InUse,
    path: &Path,
    reasons: &mut Vec<UseReason>,
) -> Result<(), HardwareError> {
    let fail = |source| HardwareError::read(path, source);
    let file = fs::canonicalize(path).map_err(fail)?;
    let metadata = fs::metadata(&file).map_err(fail)?;
    if !metadata.is_file() {
        return Err(HardwareError::NotADisk { path: path.to_owned() });
    }
    let id = FileId::of(&metadata);
    for node in topology.showing(Content::File(id)) {
        let device = roots.node(&node.name);
        reasons.push(UseReason::LoopFile { file: file.clone(), device });
    }
    content_reasons(in_use, id, &file, reasons);
    let filesystem =
        rustix::fs::statvfs(&file).map_err(|error| HardwareError::read(path, error))?;
    if filesystem.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) {
        reasons.push(UseReason::ReadOnly { device: file });
    }
    Ok(())
}

/// What a file is used for without a loop device. `name` is the file or a device that shows it.
fn content_reasons(in_use: &InUse, file: FileId, name: &Path, reasons: &mut Vec<UseReason>) {
    let device = || name.to_owned();
    reasons.extend(in_use.mount_points_of_file(file).map(|mount_point| UseReason::Mounted {
        device: device(),
        mount_point: mount_point.to_owned(),
    }));
    if in_use.is_swap_file(file) {
        reasons.push(UseReason::Swap { device: device() });
    }
}
