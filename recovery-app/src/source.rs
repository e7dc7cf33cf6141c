//! What is read: a disk, a partition taken for itself, or a raw disk image.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use block::{Access, BlockDevice, Caching, FileDevice, Geometry};
use hardware::{Disk, HolderKind, KernelPartition, Roots, UseReason};
use image::manifest::DiskRecord;
use partition_table::Table;

use crate::failure::Failure;
use crate::saved;

/// Something that can be read like a disk.
pub struct Source {
    /// As it was named.
    pub path: PathBuf,
    /// The disk that it is, or that its partition lies on; `None` for a file.
    pub disk: Option<Disk>,
    /// The partition, when one was named.
    pub partition: Option<KernelPartition>,
    sector_size: Option<u32>,
}

impl Source {
    /// Finds out what `path` is. `sector_size` is for files whose table does not tell.
    pub fn find(path: &Path, sector_size: Option<u32>) -> Result<Self, Failure> {
        let fail = |error| Failure::opening(path, error);
        let kind = fs::metadata(path).map_err(fail)?.file_type();
        let mut source = Self { path: path.into(), disk: None, partition: None, sector_size };
        if kind.is_block_device() {
            if sector_size.is_some() {
                return Err(Failure::refused(
                    "--sector-size is for raw disk images: a disk tells its own",
                    "Leave it out.",
                ));
            }
            let disk = hardware::disk_at(&Roots::default(), path)?;
            let node = fs::canonicalize(path).map_err(fail)?;
            source.partition = disk.partitions.iter().find(|part| part.path == node).cloned();
            source.disk = Some(disk);
        } else if !kind.is_file() {
            return Err(Failure::refused(
                format!("{} is neither a disk nor a file", path.display()),
                "Name a disk such as /dev/sda (`remetal disks` lists them) or a raw disk image.",
            ));
        }
        Ok(source)
    }

    /// Opens it for reading.
    pub fn open(&self, caching: Caching) -> Result<FileDevice, Failure> {
        let device = FileDevice::open(&self.path, Access::Read, caching)?;
        Ok(match (&self.disk, self.sector_size) {
            (Some(_), _) => device,
            (None, Some(size)) => with_sector_as_told(device, size)?,
            (None, None) => with_sector_of_table(device),
        })
    }

    /// Identity and sizes, for manifests.
    pub fn record(&self, device: &FileDevice) -> DiskRecord {
        let geometry = device.geometry();
        let record = DiskRecord {
            path: self.path.display().to_string(),
            size: geometry.size,
            logical_sector: geometry.logical_sector,
            physical_sector: geometry.physical_sector,
            ..DiskRecord::default()
        };
        match &self.disk {
            None => DiskRecord { bus: Some("file".to_owned()), ..record },
            Some(disk) => DiskRecord {
                model: disk.model.clone(),
                serial: disk.serial.clone(),
                wwn: disk.wwn.clone(),
                bus: Some(disk.bus.to_string()),
                ..record
            },
        }
    }

    /// Why it is not offline, in sentences without full stops.
    pub fn changing(&self) -> Result<Vec<String>, Failure> {
        Ok(self.in_use()?.iter().map(ToString::to_string).collect())
    }

    /// Why it is not offline.
    pub fn in_use(&self) -> Result<Vec<UseReason>, Failure> {
        let usage = hardware::usage(&Roots::default(), &self.path)?;
        let mut reasons = Vec::new();
        for reason in usage.reasons {
            match &reason {
                // A file shown as a disk changes only when that disk is in use.
                UseReason::LoopFile { device, .. } if self.disk.is_none() => {
                    let shown = hardware::usage(&Roots::default(), device)?;
                    reasons.extend(shown.reasons.into_iter().filter(may_write));
                }
                reason if may_write(reason) => reasons.push(reason.clone()),
                _ => {}
            }
        }
        Ok(reasons)
    }

    /// Refuses a source that somebody writes to while it is read: the image would be of no moment
    /// at all.
    pub fn check_offline(&self) -> Result<(), Failure> {
        match self.changing()?.as_slice() {
            [] => Ok(()),
            reasons => Err(Failure::refused(
                format!("the source is in use: {}", reasons.join("; ")),
                "Unmount it first, or start this computer from the recovery medium.",
            )),
        }
    }

    /// Keeps restores away from a file for as long as `device` is open.
    pub fn claim(&self, device: &FileDevice) -> Result<(), Failure> {
        if device.claim() { Ok(()) } else { Err(Failure::in_other_job(&self.path)) }
    }

    /// Refuses what has not a single sector to read.
    pub fn check_size(&self, device: &FileDevice) -> Result<(), Failure> {
        let Geometry { size, logical_sector, .. } = device.geometry();
        if size >= u64::from(logical_sector) {
            return Ok(());
        }
        let path = self.path.display();
        let reason = match (size, &self.disk) {
            (0, Some(_)) => format!("{path} cannot be captured: there is no medium in it"),
            _ => format!("{path} is smaller than one sector"),
        };
        Err(Failure::refused(reason, "Name a disk, or a raw image of a whole disk."))
    }

    /// Opens it for reading chunks: a disk past the page cache, a file through it.
    pub fn open_content(&self) -> Result<FileDevice, Failure> {
        self.open(if self.disk.is_some() { Caching::Bypassed } else { Caching::Cached })
    }

    /// Makes the kernel refuse writes to it from now on, and to all its partitions.
    ///
    /// Of a partition taken for itself only that one: the others may be in use.
    pub fn set_read_only(&self) -> Result<Vec<PathBuf>, Failure> {
        let nodes = match (&self.disk, &self.partition) {
            (None, _) => Vec::new(),
            (Some(_), Some(partition)) => vec![partition.path.clone()],
            (Some(disk), None) => {
                saved::remember(disk);
                disk.nodes()
            }
        };
        for node in &nodes {
            FileDevice::open(node, Access::Read, Caching::Cached)?.set_read_only(true)?;
        }
        Ok(nodes)
    }
}

/// True when somebody may be writing to the source while it is being read. A logical or
/// encrypted volume that is only opened writes nothing by itself; an array does.
fn may_write(reason: &UseReason) -> bool {
    match reason {
        UseReason::ReadOnly { .. } => false,
        UseReason::Held { holder, .. } => {
            matches!(holder.kind, HolderKind::Raid | HolderKind::Other)
        }
        UseReason::Mounted { .. }
        | UseReason::Swap { .. }
        | UseReason::LoopFile { .. }
        | UseReason::Busy { .. } => true,
    }
}

/// A GPT is found in the second sector, so it tells the sector size; with any other, what it says
/// would be looked for in the wrong places.
fn with_sector_as_told(device: FileDevice, size: u32) -> Result<FileDevice, Failure> {
    let layout = partition_table::read(&device).ok();
    let by_table = layout.filter(|layout| matches!(layout.table, Table::Gpt(_)));
    match by_table.map(|layout| layout.sector_size) {
        Some(by_table) if by_table != size => Err(Failure::refused(
            format!(
                "{} has sectors of {by_table} bytes by its own partition table, not of {size}",
                device.name()
            ),
            "Leave --sector-size out.",
        )),
        _ => Ok(device.with_logical_sector(size)),
    }
}

/// A file does not tell the sector size of the disk it was read from; its table may.
fn with_sector_of_table(device: FileDevice) -> FileDevice {
    match partition_table::read(&device) {
        Ok(layout) if layout.sector_size != device.geometry().logical_sector => {
            device.with_logical_sector(layout.sector_size)
        }
        _ => device,
    }
}
