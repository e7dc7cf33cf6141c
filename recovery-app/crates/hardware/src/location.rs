use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use block::Extent;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::mounts::{Mount, devices_of, mount_of, read_mounts, unescaped};
use crate::topology::{Node, Topology};
use crate::{DeviceNumber, FileId, HardwareError, Roots};

/// On what a file, folder or device lies, all the way down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The nodes of every whole device on the way: disks, and also the arrays, logical volumes
    /// and loop devices between them and the file. All loop devices that show the same bytes of a
    /// file are on the way, whichever of them is mounted.
    pub disks: Vec<PathBuf>,
    /// The files behind the loop devices and file-backed mounts on the way, as the kernel names
    /// them.
    pub backing_files: Vec<PathBuf>,
    /// The same files, whatever their names.
    pub backing_ids: BTreeSet<FileId>,
    /// True when some part could not be traced to a disk, memory or network: there may be more.
    pub incomplete: bool,
}

impl Location {
    /// True when any of it lies on the disk with this node (as in [`crate::Disk::path`]).
    ///
    /// To be asked of a destination about the source, and of a backup about the target.
    #[must_use]
    pub fn is_on(&self, disk: &Path) -> bool {
        self.disks.iter().any(|node| node == disk)
    }
}

/// On which disks `path` lies: through partitions, LVM, encryption, RAID, btrfs on several
/// devices, overlays and loop devices. A block device lies on itself. Of a path that does not
/// exist yet, the nearest folder that does is taken. Memory and network lie on no disk.
pub fn location_of(roots: &Roots, path: &Path) -> Result<Location, HardwareError> {
    let topology = Topology::read(roots)?;
    let mounts = read_mounts(roots)?;
    Walk::new(roots, &topology, &mounts).run(path)
}

/// The nearest ancestor of `path` that exists, canonical.
pub(crate) fn nearest_existing(path: &Path) -> Result<PathBuf, HardwareError> {
    let fail = |source| HardwareError::read(path, source);
    let absolute = std::path::absolute(path).map_err(fail)?;
    for ancestor in absolute.ancestors() {
        match fs::canonicalize(ancestor) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => return other.map_err(fail),
        }
    }
    Ok(PathBuf::from("/"))
}

/// The kernel's number of the mount that `path` is seen through.
pub(crate) fn mount_id(path: &Path) -> Option<u64> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
    let answer = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
    (answer.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(answer.stx_mnt_id)
}

pub(crate) struct Walk<'a> {
    roots: &'a Roots,
    topology: &'a Topology,
    mounts: &'a [Mount],
    seen_devices: BTreeSet<&'a str>,
    seen_contents: BTreeSet<(Content, Extent)>,
    waiting: Vec<Behind>,
    found: Location,
}

/// What is behind a device or mount.
struct Behind {
    /// As the kernel tells it; may lead nowhere, or to something else.
    path: PathBuf,
    content: Option<Content>,
    /// Which bytes of it are shown.
    bytes: Extent,
}

impl Behind {
    /// All of what is at `path`.
    fn at(path: PathBuf) -> Self {
        Self { content: Content::at(&path), path, bytes: Extent::new(0, u64::MAX) }
    }
}

impl<'a> Walk<'a> {
    pub(crate) fn new(roots: &'a Roots, topology: &'a Topology, mounts: &'a [Mount]) -> Self {
        Self {
            roots,
            topology,
            mounts,
            seen_devices: BTreeSet::new(),
            seen_contents: BTreeSet::new(),
            waiting: Vec::new(),
            found: Location::default(),
        }
    }

    pub(crate) fn run(mut self, path: &Path) -> Result<Location, HardwareError> {
        self.file(&nearest_existing(path)?)?;
        Ok(self.finish())
    }

    /// On which disks lies what a loop device shows. That file may have no name any more.
    pub(crate) fn behind(mut self, node: &Node) -> Result<Location, HardwareError> {
        let Some(path) = node.backing_file.clone() else { return Ok(self.found) };
        match node.shows {
            Some(Content::Device(number)) => self.numbered(number),
            Some(Content::File(id)) => self.known_file(&path, id),
            None => return self.run(&path),
        }
        Ok(self.finish())
    }

    fn finish(mut self) -> Location {
        while let Some(behind) = self.waiting.pop() {
            match behind.content {
                Some(content) if !self.seen_contents.insert((content, behind.bytes)) => {}
                Some(Content::Device(number)) => self.numbered(number),
                Some(Content::File(id)) => self.backing(behind.path, id, behind.bytes),
                // In another mount namespace, and the kernel was not asked.
                None => self.found.incomplete = true,
            }
        }
        self.found
    }

    fn backing(&mut self, path: PathBuf, id: FileId, bytes: Extent) {
        // They are not traced further: what else of the file they show is not on the way.
        for node in self.topology.showing_some(Content::File(id), bytes) {
            self.disk(node);
        }
        let real = fs::canonicalize(&path).unwrap_or(path);
        self.known_file(&real, id);
        if !real.is_dir() && self.found.backing_ids.insert(id) {
            self.found.backing_files.push(real);
        }
    }

    /// A file that may have lost its name, or whose name leads to another one now: its filesystem
    /// is known all the same.
    fn known_file(&mut self, path: &Path, id: FileId) {
        let is_named = Content::at(path) == Some(Content::File(id));
        if !is_named || self.file(path).is_err() {
            self.numbered(DeviceNumber::from_raw(id.device));
        }
    }

    /// What has this number: a device, or a mounted filesystem.
    fn numbered(&mut self, number: DeviceNumber) {
        let mount = || self.mounts.iter().find(|mount| mount.number == number);
        match self.topology.by_number(number) {
            Some(node) => self.device(node),
            None => self.mounted(mount()),
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), HardwareError> {
        let metadata = fs::metadata(path).map_err(|source| HardwareError::read(path, source))?;
        let block_device = metadata.file_type().is_block_device();
        let raw = if block_device { metadata.rdev() } else { metadata.dev() };
        match self.topology.by_number(DeviceNumber::from_raw(raw)) {
            Some(node) => self.device(node),
            None if block_device => self.found.incomplete = true,
            None => self.mounted(mount_of(self.mounts, mount_id(path), path)),
        }
        Ok(())
    }

    fn device(&mut self, node: &'a Node) {
        let mut nodes = vec![node];
        while let Some(node) = nodes.pop() {
            if !self.seen_devices.insert(&node.name) {
                continue;
            }
            if node.parent.is_none() {
                self.disk(node);
            }
            if let Some(path) = node.backing_file.clone() {
                self.waiting.push(Behind { path, content: node.shows, bytes: node.window });
            }
            nodes.extend(self.topology.below(node));
        }
    }

    fn disk(&mut self, node: &Node) {
        let path = self.roots.node(&node.name);
        if !self.found.disks.contains(&path) {
            self.found.disks.push(path);
        }
    }

    /// A filesystem whose number is no device's.
    fn mounted(&mut self, mount: Option<&Mount>) {
        let Some(mount) = mount else {
            self.found.incomplete = true;
            return;
        };
        let devices = devices_of(self.roots, self.topology, mount);
        let nodes: Vec<&Node> =
            devices.iter().filter_map(|name| self.topology.by_name(name)).collect();
        let layers = overlay_layers(mount);
        if !nodes.is_empty() {
            nodes.into_iter().for_each(|node| self.device(node));
        } else if !layers.is_empty() {
            self.waiting.extend(layers.into_iter().map(Behind::at));
        } else if mount.source.is_absolute() && mount.source.exists() {
            self.waiting.push(Behind::at(mount.source.clone()));
        } else if !mount.is_memory() && !mount.is_network() {
            self.found.incomplete = true;
        }
    }
}

/// The folders that an overlay shows as one.
fn overlay_layers(mount: &Mount) -> Vec<PathBuf> {
    if mount.fs_type != "overlay" {
        return Vec::new();
    }
    let options = mount.options.split(|&byte| byte == b',');
    let folders = options.filter_map(|option| {
        option.strip_prefix(b"upperdir=").or_else(|| option.strip_prefix(b"lowerdir="))
    });
    folders
        .flat_map(|folders| folders.split(|&byte| byte == b':'))
        .filter(|folder| !folder.is_empty())
        .map(unescaped)
        .collect()
}
