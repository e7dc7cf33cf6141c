use std::path::Path;

use block::Extent;

use crate::mounts::InUse;
use crate::topology::{Node, Topology};
use crate::{Bus, Disk, HardwareError, Holder, KernelPartition, Roots, double, identify, sysfs};

/// sysfs counts sizes in these, whatever the disk's own sector size, in bytes.
const SYSFS_SECTOR: u64 = 512;

/// Every whole disk worth showing, by kernel name.
///
/// Left out: memory disks (`ram`, `zram`), CD and floppy drives, drives without a medium, loop
/// devices without a file or with one that was deleted (the recovery system's own image is
/// such a one), the hardware boot areas of an eMMC, logical and encrypted volumes
/// (they are holders of the disks they lie on).
pub fn disks(roots: &Roots) -> Result<Vec<Disk>, HardwareError> {
    let topology = Topology::read(roots)?;
    let in_use = InUse::read(roots, &topology)?;
    Ok(shown(roots, &topology, &in_use))
}

fn shown(roots: &Roots, topology: &Topology, in_use: &InUse) -> Vec<Disk> {
    let nodes = topology.nodes().filter(|node| is_shown(node));
    let mut disks: Vec<Disk> = nodes.map(|node| describe(roots, topology, in_use, node)).collect();
    double::mark_doubles(&mut disks);
    disks
}

/// The disk that `path` stands for: its node, a link to it, or one of its partitions' nodes.
/// Kinds that [`disks`] leaves out can be asked for by name.
pub fn disk_at(roots: &Roots, path: &Path) -> Result<Disk, HardwareError> {
    let topology = Topology::read(roots)?;
    let not_a_disk = || HardwareError::NotADisk { path: path.to_owned() };
    let node = topology.by_path(roots, path).ok_or_else(not_a_disk)?;
    let whole = node.parent.as_deref().map_or(Some(node), |disk| topology.by_name(disk));
    let whole = whole.ok_or_else(not_a_disk)?;
    let in_use = InUse::read(roots, &topology)?;
    // The others count: one of them may have the same serial number.
    let mut shown = shown(roots, &topology, &in_use).into_iter();
    let found = shown.find(|disk| disk.name == whole.name);
    Ok(found.unwrap_or_else(|| describe(roots, &topology, &in_use, whole)))
}

/// True for the kinds that are never shown, whatever is in them: memory disks, CD and floppy
/// drives, flash memory without a controller.
pub(crate) fn is_never_shown(name: &str) -> bool {
    const NEVER: [&str; 5] = ["ram", "zram", "sr", "fd", "mtdblock"];
    NEVER.contains(&name.trim_end_matches(|character: char| character.is_ascii_digit()))
}

fn is_shown(node: &Node) -> bool {
    let name = node.name.as_str();
    if node.parent.is_some() || is_never_shown(name) || size_of(node) == 0 {
        return false;
    }
    if node.backing_file.as_deref().is_some_and(is_deleted) {
        return false;
    }
    let scsi_type: Option<u32> = sysfs::number(&node.folder, "device/type");
    let optical = matches!(scsi_type, Some(5 | 7));
    !optical && !is_emmc_hardware_area(name) && (!name.starts_with("dm-") || is_whole_disk_dm(node))
}

/// The kernel adds this to the path of a file that has no name any more.
fn is_deleted(file: &Path) -> bool {
    file.as_os_str().as_encoded_bytes().ends_with(b" (deleted)")
}

/// `mmcblk0boot0`, `mmcblk0rpmb`: firmware's own areas, apart from the disk.
fn is_emmc_hardware_area(name: &str) -> bool {
    name.strip_prefix("mmcblk").is_some_and(|rest| rest.contains("boot") || rest.contains("rpmb"))
}

/// Device mapper makes whole disks of multipath and of firmware RAID; all else are volumes.
fn is_whole_disk_dm(node: &Node) -> bool {
    let uuid = sysfs::text(&node.folder, "dm/uuid").unwrap_or_default();
    uuid.starts_with("mpath-") || uuid.starts_with("DMRAID-")
}

fn size_of(node: &Node) -> u64 {
    bytes(node, "size")
}

fn bytes(node: &Node, attribute: &str) -> u64 {
    let sectors: u64 = sysfs::number(&node.folder, attribute).unwrap_or(0);
    sectors.saturating_mul(SYSFS_SECTOR)
}

fn describe(roots: &Roots, topology: &Topology, in_use: &InUse, node: &Node) -> Disk {
    let folder = &node.folder;
    let bus = Bus::of(&node.name, folder);
    let names = identify::names(folder, bus, node.backing_file.as_deref());
    let logical_sector = sysfs::number(folder, "queue/logical_block_size").unwrap_or(512);
    Disk {
        path: roots.node(&node.name),
        name: node.name.clone(),
        number: node.number,
        arrival: sysfs::number(folder, "diskseq"),
        model: names.model,
        vendor: names.vendor,
        serial: names.serial,
        has_double: false,
        wwn: names.wwn,
        bus,
        size: size_of(node),
        logical_sector,
        physical_sector: sysfs::number(folder, "queue/physical_block_size")
            .unwrap_or(logical_sector),
        removable: sysfs::flag(folder, "removable"),
        rotational: sysfs::text(folder, "queue/rotational").as_deref() != Some("0"),
        read_only: sysfs::flag(folder, "ro"),
        usb_megabits: identify::usb_device(folder)
            .and_then(|device| sysfs::number(&device, "speed")),
        backing_file: node.backing_file.clone(),
        partitions: partitions(roots, topology, in_use, node),
        holders: holders(roots, topology, node),
        mounted_at: in_use.mount_points(&node.name),
        swap: in_use.is_swap(&node.name),
        health: None,
    }
}

fn partitions(
    roots: &Roots,
    topology: &Topology,
    in_use: &InUse,
    disk: &Node,
) -> Vec<KernelPartition> {
    let mut found: Vec<KernelPartition> = topology
        .partitions(disk)
        .filter_map(|node| {
            Some(KernelPartition {
                path: roots.node(&node.name),
                name: node.name.clone(),
                number: sysfs::number(&node.folder, "partition")?,
                extent: Extent::new(bytes(node, "start"), size_of(node)),
                read_only: sysfs::flag(&node.folder, "ro"),
                holders: holders(roots, topology, node),
                mounted_at: in_use.mount_points(&node.name),
                swap: in_use.is_swap(&node.name),
            })
        })
        .collect();
    found.sort_by_key(|partition| partition.number);
    found
}

fn holders(roots: &Roots, topology: &Topology, node: &Node) -> Vec<Holder> {
    let names = node.holders.iter();
    names.filter_map(|name| Some(topology.by_name(name)?.as_holder(roots))).collect()
}
