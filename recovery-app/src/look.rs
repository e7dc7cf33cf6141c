//! Looks at disks: what is on them, without writing.

use std::thread;

use block::{BlockDevice, Caching, Extent, Window};
use engine::restore::unfinished_restore;
use filesystem::{Kind, VolumeInfo};
use hardware::{Disk, Roots};
use partition_table::{Layout, PartitionRole, Table};
use report::disk::{DiskReport, TableReport, VolumeReport};

use crate::blank::is_blank;
use crate::boot_medium::{self, BootMedium};
use crate::failure::Failure;
use crate::source::Source;

/// Every disk of this computer. Each is asked on a thread of its own, since an ailing one may
/// take long to answer.
pub fn all_disks() -> Result<Vec<DiskReport>, Failure> {
    let disks = hardware::disks(&Roots::default())?;
    Ok(thread::scope(|scope| {
        let asked: Vec<_> =
            disks.iter().map(|disk| (disk, scope.spawn(|| of_disk(disk).0))).collect();
        asked
            .into_iter()
            .map(|(disk, answer)| {
                let answer = answer.join();
                answer.unwrap_or_else(|_| unread(disk, "reading it failed".to_owned()))
            })
            .collect()
    }))
}

/// A disk and what is on it, and whether this program was started from it. May take as long as the
/// disk does.
pub fn of_disk(disk: &Disk) -> (DiskReport, Option<BootMedium>) {
    let read = Source::find(&disk.path, None).and_then(|source| of_source(&source));
    match read {
        Ok(report) => (report, boot_medium::at(&disk.path)),
        Err(failure) => (unread(disk, failure.message), None),
    }
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
            ..DiskReport::default()
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
    match engine::layout(&device) {
        Ok(layout) => add_content(&mut report, &device, layout, source.disk.as_ref()),
        Err(error) => report.problem = Some(error.to_string()),
    }
    Ok(report)
}

/// A disk whose content cannot be told.
fn unread(disk: &Disk, problem: String) -> DiskReport {
    DiskReport { problem: Some(problem), ..named(disk) }
}

/// What is known of a disk without its content.
fn named(disk: &Disk) -> DiskReport {
    DiskReport { health: hardware::health(&Roots::default(), disk), ..DiskReport::listed(disk) }
}

fn add_content(
    report: &mut DiskReport,
    device: &dyn BlockDevice,
    layout: Layout,
    disk: Option<&Disk>,
) {
    report.table = table(&layout);
    let found = match layout.table {
        Table::None => vec![whole(device, disk)],
        // What is on the whole disk is in doubt as well; the notes of the layout say why.
        Table::Doubtful if layout.partitions.is_empty() => vec![unknown(device)],
        _ => partitions(device, &layout, disk),
    };
    for volume in found {
        let inside = logical_volumes(device, &volume);
        report.volumes.push(volume);
        report.volumes.extend(inside);
    }
    report.notes = layout.notes;
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
    let mut volumes: Vec<VolumeReport> = volumes.collect();
    volumes.iter_mut().for_each(|volume| name_disc(device, volume));
    volumes
}

/// The image of a CD that was written to a stick begins with the disk: its first partition, which
/// begins a little later, does not tell what it holds.
fn name_disc(device: &dyn BlockDevice, volume: &mut VolumeReport) {
    const LATEST: u64 = 1 << 20;
    if volume.filesystem != Kind::Unknown || volume.start >= LATEST {
        return;
    }
    let found = filesystem::identify(device).ok().filter(|info| info.kind == Kind::Optical);
    if let Some(VolumeInfo { kind, title, label, .. }) = found {
        (volume.filesystem, volume.title, volume.label) = (kind, title, label);
    }
}

fn whole(device: &dyn BlockDevice, disk: Option<&Disk>) -> VolumeReport {
    let volume = volume(device, Extent::new(0, device.size()), "the whole disk".to_owned());
    VolumeReport {
        mounted_at: disk.map(|disk| paths(&disk.mounted_at)).unwrap_or_default(),
        blank: volume.filesystem == Kind::Unknown && is_blank(device),
        ..volume
    }
}

fn unknown(device: &dyn BlockDevice) -> VolumeReport {
    let info = VolumeInfo::named(Kind::Unknown, "unknown");
    VolumeReport { length: device.size(), ..VolumeReport::new("the whole disk".to_owned(), info) }
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
        start: physical
            .start
            .saturating_add(logical.segments.first().map_or(0, |segment| segment.start)),
        length: logical.segments.iter().map(|segment| segment.length).fold(0, u64::saturating_add),
        ..VolumeReport::new(format!("volume {}/{}", logical.group, logical.name), logical.info)
    });
    volumes.collect()
}

fn volume(device: &dyn BlockDevice, extent: Extent, place: String) -> VolumeReport {
    let info = filesystem::identify(&Window::new(device, extent)).unwrap_or_else(|error| {
        let state = filesystem::State::Damaged(error.to_string());
        VolumeInfo { state, ..VolumeInfo::named(Kind::Unknown, "unreadable") }
    });
    VolumeReport { start: extent.start, length: extent.length, ..VolumeReport::new(place, info) }
}
