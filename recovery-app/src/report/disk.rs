use std::thread;

use block::{BlockDevice, Caching, Extent, Window};
use engine::restore::unfinished_restore;
use filesystem::{Kind, VolumeInfo};
use hardware::{Disk, Health, Roots};
use partition_table::{Layout, PartitionRole, Table};
use serde::Serialize;

use crate::failure::Failure;
use crate::source::Source;

/// A disk, raw disk image or partition, and what is on it. Sizes are bytes.
#[derive(Debug, Serialize)]
pub struct DiskReport {
    pub path: String,
    pub model: Option<String>,
    pub vendor: Option<String>,
    pub serial: Option<String>,
    pub wwn: Option<String>,
    pub bus: String,
    pub size: u64,
    pub logical_sector: u32,
    pub physical_sector: u32,
    pub removable: bool,
    pub rotational: Option<bool>,
    pub read_only: bool,
    /// Why it must not be overwritten now.
    pub in_use: Vec<String>,
    pub table: TableReport,
    /// What holds data: partitions with the logical volumes in them, or the whole disk where
    /// there is no table.
    pub volumes: Vec<VolumeReport>,
    /// What is unusual about the partition table.
    pub notes: Vec<String>,
    /// The backup whose restore onto it was not finished.
    pub unfinished_restore: Option<String>,
    pub health: Option<Health>,
    /// Why its content is not told.
    pub problem: Option<String>,
}

/// A partition table.
#[derive(Debug, Default, Serialize)]
pub struct TableReport {
    /// "gpt", "mbr", "none", "doubtful", or "unread".
    pub kind: &'static str,
    /// The disk's GUID or signature.
    pub id: Option<String>,
}

/// A partition, a logical volume, or a whole disk as one volume. Sizes and offsets are bytes.
#[derive(Debug, Serialize)]
pub struct VolumeReport {
    /// "partition 2", "volume vg/root", "the whole disk".
    pub place: String,
    /// The partition that it is, or lies in.
    pub partition: Option<u32>,
    /// First byte on the disk; of a logical volume in pieces, that of the first piece.
    pub start: u64,
    pub length: u64,
    pub type_name: Option<String>,
    pub type_id: Option<String>,
    pub name: Option<String>,
    pub guid: Option<String>,
    pub bootable: bool,
    pub logical: bool,
    pub filesystem: Kind,
    pub title: String,
    pub label: Option<String>,
    pub uuid: Option<String>,
    pub size: Option<u64>,
    pub used: Option<u64>,
    pub state: String,
    pub system: Option<String>,
    pub mounted_at: Vec<String>,
}

/// Every disk of this computer. Each is asked on a thread of its own, since an ailing one may
/// take long to answer.
pub fn all_disks() -> Result<Vec<DiskReport>, Failure> {
    let disks = hardware::disks(&Roots::default())?;
    Ok(thread::scope(|scope| {
        let asked: Vec<_> =
            disks.iter().map(|disk| (disk, scope.spawn(|| of_disk(disk.clone())))).collect();
        asked
            .into_iter()
            .map(|(disk, answer)| {
                let answer = answer.join();
                answer.unwrap_or_else(|_| unread(disk, "reading it failed".to_owned()))
            })
            .collect()
    }))
}

fn of_disk(disk: Disk) -> DiskReport {
    let read = Source::find(&disk.path, None).and_then(|source| of_source(&source));
    read.unwrap_or_else(|failure| unread(&disk, failure.message))
}

/// What is on a disk, raw disk image or partition. Nothing is written.
pub fn of_source(source: &Source) -> Result<DiskReport, Failure> {
    let device = source.open(Caching::Cached)?;
    let record = source.record(&device);
    let mut report = match (&source.disk, &source.partition) {
        (Some(disk), None) => named(disk),
        _ => DiskReport {
            path: record.path,
            bus: if source.disk.is_some() { "partition" } else { "file" }.to_owned(),
            ..empty()
        },
    };
    report.size = record.size;
    report.logical_sector = record.logical_sector;
    report.physical_sector = record.physical_sector;
    report.read_only |= device.is_read_only()?;
    report.in_use = hardware::usage(&Roots::default(), &source.path)
        .map(|usage| usage.reasons.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    report.unfinished_restore = unfinished_restore(&device);
    match partition_table::read(&device) {
        Ok(layout) => report.add_content(&device, layout, source.disk.as_ref()),
        Err(error) => report.problem = Some(error.to_string()),
    }
    Ok(report)
}

/// A disk whose content cannot be told.
fn unread(disk: &Disk, problem: String) -> DiskReport {
    DiskReport { problem: Some(problem), ..named(disk) }
}

fn named(disk: &Disk) -> DiskReport {
    DiskReport {
        path: disk.path.display().to_string(),
        model: disk.model.clone(),
        vendor: disk.vendor.clone(),
        serial: disk.serial.clone(),
        wwn: disk.wwn.clone(),
        bus: disk.bus.to_string(),
        size: disk.size,
        logical_sector: disk.logical_sector,
        physical_sector: disk.physical_sector,
        removable: disk.removable,
        rotational: Some(disk.rotational),
        read_only: disk.read_only,
        health: hardware::health(&Roots::default(), disk),
        ..empty()
    }
}

fn empty() -> DiskReport {
    DiskReport {
        path: String::new(),
        model: None,
        vendor: None,
        serial: None,
        wwn: None,
        bus: String::new(),
        size: 0,
        logical_sector: 0,
        physical_sector: 0,
        removable: false,
        rotational: None,
        read_only: false,
        in_use: Vec::new(),
        table: TableReport { kind: "unread", id: None },
        volumes: Vec::new(),
        notes: Vec::new(),
        unfinished_restore: None,
        health: None,
        problem: None,
    }
}

impl DiskReport {
    fn add_content(&mut self, device: &dyn BlockDevice, layout: Layout, disk: Option<&Disk>) {
        self.table = table(&layout);
        let found = match layout.table {
            Table::None => vec![whole(device, disk)],
            _ => partitions(device, &layout, disk),
        };
        for volume in found {
            let inside = logical_volumes(device, &volume);
            self.volumes.push(volume);
            self.volumes.extend(inside);
        }
        self.notes = layout.notes;
    }
}

fn table(layout: &Layout) -> TableReport {
    let (kind, id) = match &layout.table {
        Table::Gpt(table) => ("gpt", Some(table.disk_guid.clone())),
        Table::Mbr(table) => ("mbr", Some(table.disk_signature.clone())),
        Table::None => ("none", None),
        Table::Doubtful => ("doubtful", None),
    };
    TableReport { kind, id }
}

fn partitions(device: &dyn BlockDevice, layout: &Layout, disk: Option<&Disk>) -> Vec<VolumeReport> {
    let kernel = |number| disk?.partitions.iter().find(|known| known.number == number);
    let volumes = layout.volumes().map(|partition| VolumeReport {
        partition: Some(partition.number),
        type_name: Some(partition.type_name.clone()),
        type_id: Some(partition.type_id.clone()),
        name: partition.name.clone(),
        guid: partition.guid.clone(),
        bootable: partition.bootable,
        logical: partition.role == PartitionRole::Logical,
        mounted_at: kernel(partition.number)
            .map(|known| paths(&known.mounted_at))
            .unwrap_or_default(),
        ..volume(device, partition.extent, format!("partition {}", partition.number))
    });
    volumes.collect()
}

fn whole(device: &dyn BlockDevice, disk: Option<&Disk>) -> VolumeReport {
    VolumeReport {
        mounted_at: disk.map(|disk| paths(&disk.mounted_at)).unwrap_or_default(),
        ..volume(device, Extent::new(0, device.size()), "the whole disk".to_owned())
    }
}

fn paths(paths: &[std::path::PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.display().to_string()).collect()
}

/// The logical volumes in a physical volume.
fn logical_volumes(device: &dyn BlockDevice, physical: &VolumeReport) -> Vec<VolumeReport> {
    if physical.filesystem != Kind::Lvm2 {
        return Vec::new();
    }
    let window = Window::new(device, Extent::new(physical.start, physical.length));
    // What is wrong with the group is told when the disk is captured.
    let found = filesystem::lvm::logical_volumes(&window).unwrap_or_default();
    let volumes = found.into_iter().map(|logical| VolumeReport {
        partition: physical.partition,
        start: physical.start + logical.segments.first().map_or(0, |segment| segment.start),
        length: logical.segments.iter().map(|segment| segment.length).sum(),
        ..described(format!("volume {}/{}", logical.group, logical.name), logical.info)
    });
    volumes.collect()
}

fn volume(device: &dyn BlockDevice, extent: Extent, place: String) -> VolumeReport {
    let info = filesystem::identify(&Window::new(device, extent)).unwrap_or_else(|error| {
        let state = filesystem::State::Damaged(error.to_string());
        VolumeInfo { state, ..VolumeInfo::named(Kind::Unknown, "unreadable") }
    });
    VolumeReport { start: extent.start, length: extent.length, ..described(place, info) }
}

fn described(place: String, info: VolumeInfo) -> VolumeReport {
    VolumeReport {
        place,
        partition: None,
        start: 0,
        length: 0,
        type_name: None,
        type_id: None,
        name: None,
        guid: None,
        bootable: false,
        logical: false,
        filesystem: info.kind,
        title: info.title,
        label: info.label,
        uuid: info.uuid,
        size: info.size,
        used: info.used,
        state: info.state.to_string(),
        system: info.system,
        mounted_at: Vec::new(),
    }
}
