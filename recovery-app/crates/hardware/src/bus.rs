use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::sysfs;

/// How a disk is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bus {
    /// NVM Express.
    Nvme,
    /// Serial ATA behind an AHCI controller.
    Sata,
    /// Any other ATA controller.
    Ata,
    /// USB.
    Usb,
    /// A virtual machine's virtio disk.
    Virtio,
    /// Serial Attached SCSI.
    Sas,
    /// Any other SCSI host, including RAID controllers and virtual machines.
    Scsi,
    /// An SD card or eMMC.
    Mmc,
    /// A file that the kernel shows as a disk.
    Loop,
    /// A software or firmware RAID array.
    Raid,
    /// One disk reached by several paths.
    Multipath,
    /// Anything else.
    Other,
}

impl Bus {
    /// Told from the device's name and its place in sysfs; `folder` is canonical.
    pub(crate) fn of(name: &str, folder: &Path) -> Self {
        if let Some(bus) = Self::by_name(name, folder) {
            return bus;
        }
        let components = || folder.components().filter_map(|part| part.as_os_str().to_str());
        let any = |prefix: &str| components().any(|part| numbered(part, prefix));
        // The bridge nearest to the disk counts, so USB is asked before what hangs behind it.
        if any("usb") {
            Self::Usb
        } else if components().any(|part| part.starts_with("end_device-")) {
            Self::Sas
        } else if any("ata") {
            if host_driver(folder).as_deref() == Some("ahci") { Self::Sata } else { Self::Ata }
        } else if any("host") {
            Self::Scsi
        } else if any("mmc") {
            Self::Mmc
        } else if any("virtio") {
            Self::Virtio
        } else {
            Self::Other
        }
    }

    fn by_name(name: &str, folder: &Path) -> Option<Self> {
        let dm_uuid = || sysfs::text(folder, "dm/uuid").unwrap_or_default();
        if numbered(name, "loop") {
            Some(Self::Loop)
        } else if name.starts_with("nvme") {
            Some(Self::Nvme)
        } else if name.starts_with("md") {
            Some(Self::Raid)
        } else if name.starts_with("dm-") {
            Some(match dm_uuid().split('-').next() {
                Some("mpath") => Self::Multipath,
                Some("DMRAID") => Self::Raid,
                _ => Self::Other,
            })
        } else {
            None
        }
    }
}

/// True for `prefix` followed by digits only: `usb2`, `host0`, but not `usb-storage`.
fn numbered(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The driver of the SCSI host above the disk (`scsi_host/hostN/proc_name`).
fn host_driver(folder: &Path) -> Option<String> {
    folder.ancestors().find_map(|ancestor| {
        let host = ancestor.file_name()?.to_str().filter(|name| numbered(name, "host"))?;
        sysfs::text(&ancestor.join("scsi_host").join(host), "proc_name")
    })
}

impl fmt::Display for Bus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nvme => "NVMe",
            Self::Sata => "SATA",
            Self::Ata => "ATA",
            Self::Usb => "USB",
            Self::Virtio => "virtio",
            Self::Sas => "SAS",
            Self::Scsi => "SCSI",
            Self::Mmc => "SD/eMMC",
            Self::Loop => "file",
            Self::Raid => "RAID",
            Self::Multipath => "multipath",
            Self::Other => "other",
        })
    }
}
