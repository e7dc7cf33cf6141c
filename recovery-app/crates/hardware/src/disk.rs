use std::path::PathBuf;

use block::Extent;
use serde::{Deserialize, Serialize, Serializer};

use crate::{Bus, DeviceNumber, Health, Identity, same_disk, serial_tail};

/// A whole disk, or what stands for one: a RAID array, a multipath disk, a file shown as a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The device node, such as `/dev/sda`.
    pub path: PathBuf,
    /// The kernel's name, such as `sda`. It changes from start to start.
    pub name: String,
    /// The kernel's number.
    pub number: DeviceNumber,
    /// Which one it is of all disks and media that were attached since the start of the computer:
    /// the next one at the same place, under the same name, has another number (`diskseq` in sysfs).
    /// `None` before Linux 5.15.
    #[serde(default)]
    pub arrival: Option<u64>,
    /// The model, as the disk says.
    pub model: Option<String>,
    /// The maker, where the disk tells it apart from the model.
    pub vendor: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// Another disk that is attached looks the same (see [`mark_doubles`](crate::mark_doubles)), so
    /// that only the kernel's name tells the two apart: a bridge with room for several disks may give them its
    /// own.
    #[serde(default)]
    pub has_double: bool,
    /// The world-wide name, with its kind: `naa.5000c500a1b2c3d4`, `eui.0025385b71b00a1c`.
    pub wwn: Option<String>,
    /// How it is attached.
    pub bus: Bus,
    /// Bytes.
    pub size: u64,
    /// Bytes per addressable sector.
    pub logical_sector: u32,
    /// Bytes the disk writes at once.
    pub physical_sector: u32,
    /// True for sticks and cards; many USB disks say false.
    pub removable: bool,
    /// True for spinning disks, and for those that do not say.
    pub rotational: bool,
    /// True when the kernel refuses writes.
    pub read_only: bool,
    /// The speed of the USB link, Mbit/s.
    pub usb_megabits: Option<u32>,
    /// The file behind a [`Bus::Loop`] disk.
    #[serde(serialize_with = "lossy_option")]
    pub backing_file: Option<PathBuf>,
    /// The partitions that the kernel sees, by number.
    pub partitions: Vec<KernelPartition>,
    /// What the kernel builds on the whole disk.
    pub holders: Vec<Holder>,
    /// Where the whole disk, without its partitions, is mounted.
    #[serde(serialize_with = "lossy")]
    pub mounted_at: Vec<PathBuf>,
    /// True when the whole disk is swapped to.
    pub swap: bool,
    /// What SMART said. [`crate::disks`] leaves it empty, since an ailing disk answers slowly;
    /// ask with [`crate::health`].
    pub health: Option<Health>,
}

/// A partition that the kernel sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelPartition {
    /// The device node, such as `/dev/sda1`.
    pub path: PathBuf,
    /// The kernel's name, such as `sda1`.
    pub name: String,
    /// Its number in the partition table.
    pub number: u32,
    /// Its bytes on the disk.
    pub extent: Extent,
    /// True when the kernel refuses writes.
    pub read_only: bool,
    /// What the kernel builds on it.
    pub holders: Vec<Holder>,
    /// Where it is mounted.
    #[serde(serialize_with = "lossy")]
    pub mounted_at: Vec<PathBuf>,
    /// True when it is swapped to.
    pub swap: bool,
}

/// A device that the kernel builds on another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The device node, such as `/dev/dm-0`.
    pub path: PathBuf,
    /// The name a person gave it, such as `vg-root`; the kernel's name where there is none.
    pub name: String,
    /// What it is.
    pub kind: HolderKind,
}

/// What a holder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolderKind {
    /// A logical volume.
    Lvm,
    /// An opened encrypted volume.
    Crypt,
    /// A RAID array.
    Raid,
    /// A disk reached by several paths.
    Multipath,
    /// Anything else.
    Other,
}

impl Disk {
    /// What the disk is known by.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            name: self.name.clone(),
            model: self.model.clone(),
            serial: self.serial.clone(),
            wwn: self.wwn.clone(),
            size: self.size,
            bus: self.bus,
        }
    }

    /// True when this is still the disk that `earlier` was: what it is known by is the same, and it
    /// was attached all the time in between. A dock gives its own serial number to whatever is put
    /// into it, so that the number alone does not tell a disk from the next one. Before Linux 5.15
    /// it has to.
    #[must_use]
    pub fn is_still(&self, earlier: &Self) -> bool {
        self.arrival == earlier.arrival && same_disk(&self.identity(), &earlier.identity())
    }

    /// The end of the serial number; `None` where the disk tells none.
    #[must_use]
    pub fn serial_tail(&self) -> Option<String> {
        serial_tail(self.serial.as_deref()?)
    }

    /// What a person types to confirm that this disk is overwritten, in lower case: the end of the
    /// serial number, with the kernel's name where another disk looks the same; without a serial
    /// number the kernel's name alone. Compare it with what was typed in lower case.
    #[must_use]
    pub fn confirmation_word(&self) -> String {
        let word = match self.serial_tail() {
            Some(tail) if self.has_double => format!("{tail}-{}", self.name),
            Some(tail) => tail,
            None => self.name.clone(),
        };
        word.to_lowercase()
    }

    /// Every device node of the disk: the whole disk first, then its partitions. A disk is
    /// read-only in the kernel when all of them are. (The hardware boot areas of an eMMC are
    /// devices of their own, not part of it.)
    #[must_use]
    pub fn nodes(&self) -> Vec<PathBuf> {
        let partitions = self.partitions.iter().map(|partition| partition.path.clone());
        std::iter::once(self.path.clone()).chain(partitions).collect()
    }
}

/// JSON is UTF-8 and mount points need not be: bytes that are not become U+FFFD.
fn lossy<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}

fn lossy_option<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}
