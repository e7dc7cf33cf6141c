//! What is known about a disk, as data.

use filesystem::{Kind, State, VolumeInfo};
use hardware::{Disk, Health};
use serde::{Serialize, Serializer};

/// A disk, raw disk image or partition, and what is on it. Sizes are bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DiskReport {
    /// The device node or file.
    pub path: String,
    /// The model, as the disk says.
    pub model: Option<String>,
    /// The maker, where the disk tells it apart from the model.
    pub vendor: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// The world-wide name.
    pub wwn: Option<String>,
    /// How it is attached, in words.
    pub bus: String,
    /// Bytes.
    pub size: u64,
    /// Bytes per addressable sector.
    pub logical_sector: u32,
    /// Bytes that the disk writes at once.
    pub physical_sector: u32,
    /// True for sticks and cards.
    pub removable: bool,
    /// True for spinning disks; not told for files.
    pub rotational: Option<bool>,
    /// True when the kernel refuses writes.
    pub read_only: bool,
    /// Why it must not be overwritten now.
    pub in_use: Vec<String>,
    /// Its partition table.
    pub table: TableReport,
    /// What holds data: partitions with the logical volumes in them, or the whole disk where
    /// there is no table.
    pub volumes: Vec<VolumeReport>,
    /// What is unusual about the partition table.
    pub notes: Vec<String>,
    /// The backup whose restore onto it was not finished.
    pub unfinished_restore: Option<String>,
    /// What SMART said.
    pub health: Option<Health>,
    /// Why its content is not told.
    pub problem: Option<String>,
}

impl DiskReport {
    /// What the kernel knows of a disk. The disk itself is not asked.
    #[must_use]
    pub fn listed(disk: &Disk) -> Self {
        Self {
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
            ..Self::default()
        }
    }
}

/// A partition table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// "gpt", "mbr", "none", "doubtful", or "unread".
    pub kind: &'static str,
    /// The disk's GUID or signature.
    pub id: Option<String>,
}

/// A partition, a logical volume, or a whole disk as one volume. Sizes and offsets are bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeReport {
    /// "partition 2", "volume vg/root", "the whole disk".
    pub place: String,
    /// The partition that it is, or lies in.
    pub partition: Option<u32>,
    /// First byte on the disk; of a logical volume in pieces, that of the first piece.
    pub start: u64,
    /// Bytes on the disk.
    pub length: u64,
    /// The type in the partition table, in words.
    pub type_name: Option<String>,
    /// The type itself: a GUID, or two hexadecimal digits.
    pub type_id: Option<String>,
    /// The name that a GPT gives it.
    pub name: Option<String>,
    /// Its GUID in a GPT; in an MBR what Linux calls PARTUUID.
    pub guid: Option<String>,
    /// Marked active or bootable in the table.
    pub bootable: bool,
    /// True within an extended partition of an MBR.
    pub logical: bool,
    /// What it holds.
    pub filesystem: Kind,
    /// What it holds, in words: "NTFS", "BitLocker".
    pub title: String,
    /// Only zeros were found on a whole disk without a table, wherever it was read.
    pub blank: bool,
    /// The label of the filesystem.
    pub label: Option<String>,
    /// The UUID or serial number of the filesystem.
    pub uuid: Option<String>,
    /// Bytes that the filesystem covers.
    pub size: Option<u64>,
    /// Bytes in use, by its own count.
    pub used: Option<u64>,
    /// Its condition.
    #[serde(serialize_with = "in_words")]
    pub state: State,
    /// The operating system installed on it.
    pub system: Option<String>,
    /// Where it is mounted.
    pub mounted_at: Vec<String>,
}

impl Default for TableReport {
    fn default() -> Self {
        Self { kind: "unread", id: None }
    }
}

impl VolumeReport {
    /// What a volume says of itself; where it lies is not filled in.
    #[must_use]
    pub fn new(place: String, info: VolumeInfo) -> Self {
        Self {
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
            blank: false,
            label: info.label,
            uuid: info.uuid,
            size: info.size,
            used: info.used,
            state: info.state,
            system: info.system,
            mounted_at: Vec::new(),
        }
    }
}

/// Programs get the condition as people do: "dirty: journal needs recovery".
fn in_words<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(state)
}
