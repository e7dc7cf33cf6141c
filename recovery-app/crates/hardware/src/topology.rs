//! What is built on what: partitions on disks, LVM, encryption and RAID on either, and files
//! shown as disks. One snapshot of `/sys/class/block`'s world, walked downwards (on which disks
//! does this lie) and upwards (what uses this disk).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use block::Extent;

use crate::content::{Content, behind_loop};
use crate::{DeviceNumber, HardwareError, Holder, HolderKind, Roots, sysfs};

/// A block device: a whole disk or a partition.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) number: DeviceNumber,
    /// Its folder in sysfs, canonical.
    pub(crate) folder: PathBuf,
    /// The name of the whole disk, for a partition.
    pub(crate) parent: Option<String>,
    /// Names of the devices it is built on.
    pub(crate) slaves: Vec<String>,
    /// Names of the devices built on it.
    pub(crate) holders: Vec<String>,
    /// The path of what is behind a loop device, as it was when that was put into it.
    pub(crate) backing_file: Option<PathBuf>,
    /// What that is, by whatever name.
    pub(crate) shows: Option<Content>,
    /// Which bytes of that it shows.
    pub(crate) window: Extent,
}

/// All block devices, by kernel name.
pub(crate) struct Topology {
    nodes: BTreeMap<String, Node>,
}

impl Topology {
    /// Reads `/sys/block`. Devices that vanish while it is read are left out.
    pub(crate) fn read(roots: &Roots) -> Result<Self, HardwareError> {
        let folder = roots.sys.join("block");
        fs::read_dir(&folder).map_err(|source| HardwareError::read(&folder, source))?;
        let mut nodes = BTreeMap::new();
        for name in sysfs::names(&roots.sys, "block") {
            // The paths below a multipath NVMe disk have no node of their own.
            let Ok(folder) = fs::canonicalize(folder.join(&name)) else { continue };
            if sysfs::flag(&folder, "hidden") {
                continue;
            }
            for child in sysfs::names(&folder, "") {
                let child_folder = folder.join(&child);
                if child_folder.join("partition").exists() {
                    insert(roots, &mut nodes, child, child_folder, Some(name.clone()));
                }
            }
            insert(roots, &mut nodes, name, folder, None);
        }
        Ok(Self { nodes })
    }

    /// All devices, by name.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name)
    }

    pub(crate) fn by_number(&self, number: DeviceNumber) -> Option<&Node> {
        self.nodes.values().find(|node| node.number == number)
    }

    /// The device that `path` (a node, or a link to one) stands for.
    pub(crate) fn by_path(&self, roots: &Roots, path: &Path) -> Option<&Node> {
        let path = roots.rebase(path);
        let path = fs::canonicalize(&path).unwrap_or(path);
        if let Ok(metadata) = fs::metadata(&path)
            && metadata.file_type().is_block_device()
        {
            return self.by_number(DeviceNumber::from_raw(metadata.rdev()));
        }
        let dev = fs::canonicalize(&roots.dev).unwrap_or_else(|_| roots.dev.clone());
        let name = path.strip_prefix(&dev).or_else(|_| path.strip_prefix(&roots.dev)).ok()?;
        self.by_name(&name.to_str()?.replace('/', "!"))
    }

    /// The partitions of a whole disk.
    pub(crate) fn partitions(&self, disk: &Node) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(|node| node.parent.as_deref() == Some(&disk.name))
    }

    /// The devices directly below: the disk of a partition, the parts of an array.
    pub(crate) fn below(&self, node: &Node) -> impl Iterator<Item = &Node> {
        node.parent.iter().chain(&node.slaves).filter_map(|name| self.by_name(name))
    }

    /// The loop devices that show this content, whole or in part.
    pub(crate) fn showing(&self, content: Content) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(move |node| node.shows == Some(content))
    }

    /// The loop devices that show some of these bytes of this content.
    pub(crate) fn showing_some(
        &self,
        content: Content,
        bytes: Extent,
    ) -> impl Iterator<Item = &Node> {
        let overlaps = move |node: &&Node| node.window.intersection(&bytes).is_some();
        self.showing(content).filter(overlaps)
    }

    /// The other devices with some of the same bytes: loop devices over the same file or over this
    /// one, and what this one is over.
    pub(crate) fn twins(&self, node: &Node) -> impl Iterator<Item = &Node> {
        self.beside(node)
            .chain(self.device_below(node))
            .chain(self.showing(Content::Device(node.number)))
    }

    /// The other loop devices that show some of the bytes that this one shows.
    fn beside(&self, node: &Node) -> impl Iterator<Item = &Node> {
        let (name, window) = (node.name.clone(), node.window);
        let showing = move |content| self.showing_some(content, window);
        node.shows.into_iter().flat_map(showing).filter(move |twin| twin.name != name)
    }

    /// The device that a loop device is over.
    fn device_below(&self, node: &Node) -> Option<&Node> {
        match node.shows? {
            Content::Device(number) => self.by_number(number),
            Content::File(_) => None,
        }
    }

    /// The device itself and everything built on it: its partitions, their holders, and so on; and
    /// the same of all that have the same bytes.
    ///
    /// A loop device over all of a file has the bytes of each over a part of it, but gives them
    /// none of each other's.
    pub(crate) fn with_all_above(&self, node: &Node) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut waiting: Vec<&Node> = self.by_name(&node.name).into_iter().collect();
        let disk = node.parent.as_deref().and_then(|name| self.by_name(name));
        let over_the_disk = |disk: &Node| self.showing(Content::Device(disk.number));
        waiting.extend(disk.into_iter().flat_map(over_the_disk));
        let mut level = disk.or(self.by_name(&node.name));
        while let Some(node) = level {
            waiting.extend(self.beside(node));
            level = self.device_below(node).filter(|below| found.insert(below.name.as_str()));
            // Not the loop devices over it, of which those with the same bytes are known.
            waiting.extend(level.into_iter().flat_map(|below| self.built_on(below)));
        }
        while let Some(node) = waiting.pop() {
            if found.insert(node.name.as_str()) {
                waiting.extend(self.built_on(node));
                waiting.extend(self.showing(Content::Device(node.number)));
            }
        }
        found
    }

    /// The partitions of a device and what else but loop devices the kernel has built on it.
    fn built_on(&self, node: &Node) -> impl Iterator<Item = &Node> {
        let holders = node.holders.iter().filter_map(|name| self.by_name(name));
        self.partitions(node).chain(holders)
    }
}

/// The part of a file that a loop device shows (`losetup --offset`, `--sizelimit`).
fn window(folder: &Path) -> Extent {
    let bytes = |attribute: &str| sysfs::number(folder, attribute).unwrap_or(0_u64);
    let to_the_end = u64::MAX;
    Extent::new(
        bytes("loop/offset"),
        match bytes("loop/sizelimit") {
            0 => to_the_end,
            limit => limit,
        },
    )
}

fn insert(
    roots: &Roots,
    nodes: &mut BTreeMap<String, Node>,
    name: String,
    folder: PathBuf,
    parent: Option<String>,
) {
    let number = sysfs::text(&folder, "dev").and_then(|text| DeviceNumber::parse(&text));
    let Some(number) = number else { return };
    let backing_file = backing_file(&folder);
    let shows =
        backing_file.as_deref().and_then(|path| behind_loop(&roots.node(&name), &folder, path));
    let window = window(&folder);
    let node = Node {
        name: name.clone(),
        number,
        parent,
        slaves: sysfs::names(&folder, "slaves"),
        holders: sysfs::names(&folder, "holders"),
        backing_file,
        shows,
        window,
        folder,
    };
    nodes.insert(name, node);
}

/// `loop/backing_file`: a path and a line end. A file that was deleted keeps its mark.
fn backing_file(folder: &Path) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let mut raw = sysfs::bytes(folder, "loop/backing_file")?;
    if raw.last() == Some(&b'\n') {
        raw.pop();
    }
    (!raw.is_empty()).then(|| PathBuf::from(std::ffi::OsString::from_vec(raw)))
}

impl Node {
    /// Itself, as what holds another device.
    pub(crate) fn as_holder(&self, roots: &Roots) -> Holder {
        let uuid = sysfs::text(&self.folder, "dm/uuid").unwrap_or_default();
        let kind = if uuid.starts_with("LVM-") {
            HolderKind::Lvm
        } else if uuid.starts_with("CRYPT-") {
            HolderKind::Crypt
        } else if uuid.starts_with("mpath-") {
            HolderKind::Multipath
        } else if uuid.starts_with("DMRAID-") || self.name.starts_with("md") {
            HolderKind::Raid
        } else {
            HolderKind::Other
        };
        let name = sysfs::text(&self.folder, "dm/name").unwrap_or_else(|| self.name.clone());
        Holder { path: roots.node(&self.name), name, kind }
    }
}
