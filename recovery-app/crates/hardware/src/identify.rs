//! Model, maker, serial number and world-wide name, from where each kind of disk shows them.

use std::path::{Path, PathBuf};

use crate::{Bus, sysfs, vpd};

/// What a disk says of itself.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) model: Option<String>,
    pub(crate) vendor: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) wwn: Option<String>,
}

/// Reads them for the disk at `folder` (canonical) in sysfs.
pub(crate) fn names(folder: &Path, bus: Bus, backing_file: Option<&Path>) -> Names {
    match bus {
        Bus::Nvme => nvme(folder),
        Bus::Sata | Bus::Ata | Bus::Sas | Bus::Scsi => scsi(folder),
        Bus::Usb => usb(folder),
        Bus::Mmc => mmc(folder),
        Bus::Loop => Names { model: backing_file.and_then(file_name), ..Names::default() },
        Bus::Raid | Bus::Multipath => array(folder),
        Bus::Virtio | Bus::Other => plain(folder),
    }
}

/// The controller has model and serial number, the namespace the world-wide name.
fn nvme(folder: &Path) -> Names {
    // With multipath `device` is the subsystem, which has the same attributes.
    let controller = folder.join("device");
    Names {
        model: sysfs::text(&controller, "model"),
        vendor: None,
        serial: sysfs::text(&controller, "serial"),
        wwn: world_wide_name(sysfs::text(folder, "wwid")),
    }
}

fn scsi(folder: &Path) -> Names {
    let device = folder.join("device");
    let designators = vpd::designators(&sysfs::bytes(&device, "vpd_pg83").unwrap_or_default());
    let vendor = sysfs::text(&device, "vendor");
    // The SCSI layer puts "ATA" where ATA disks have no maker.
    let vendor = vendor.filter(|vendor| vendor != "ATA");
    Names {
        model: designators.ata_model.or_else(|| sysfs::text(&device, "model")),
        vendor,
        serial: sysfs::bytes(&device, "vpd_pg80").and_then(|page| vpd::serial(&page)),
        wwn: world_wide_name(sysfs::text(&device, "wwid")).or(designators.naa),
    }
}

/// The disk behind the bridge first: its serial number is the one on its label. Many bridges
/// and sticks only have that of the USB device.
fn usb(folder: &Path) -> Names {
    let disk = scsi(folder);
    let stick = usb_device(folder);
    let text = |name: &str| stick.as_deref().and_then(|device| sysfs::text(device, name));
    let real = |serial: &String| serial.chars().any(|character| !"0 -_.".contains(character));
    Names {
        model: disk.model.or_else(|| text("product")),
        vendor: disk.vendor.or_else(|| text("manufacturer")),
        serial: disk.serial.filter(real).or_else(|| text("serial").filter(real)),
        wwn: disk.wwn,
    }
}

/// The nearest ancestor that is a USB device (interfaces have no `idVendor`).
pub(crate) fn usb_device(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|ancestor| ancestor.join("idVendor").exists()).map(Path::to_owned)
}

fn mmc(folder: &Path) -> Names {
    let device = folder.join("device");
    Names {
        model: sysfs::text(&device, "name"),
        vendor: None,
        serial: sysfs::text(&device, "serial")
            .map(|serial| serial.trim_start_matches("0x").to_owned())
            .filter(|serial| serial.bytes().any(|byte| byte != b'0')),
        wwn: None,
    }
}

fn array(folder: &Path) -> Names {
    let level = sysfs::text(folder, "md/level").map(|level| format!("RAID array ({level})"));
    Names {
        model: level.or_else(|| sysfs::text(folder, "dm/name")),
        serial: sysfs::text(folder, "md/uuid").or_else(|| sysfs::text(folder, "dm/uuid")),
        ..Names::default()
    }
}

fn plain(folder: &Path) -> Names {
    let attribute = |name: &str| {
        [folder.to_owned(), folder.join("device")].iter().find_map(|place| sysfs::text(place, name))
    };
    Names {
        model: attribute("model").or_else(|| attribute("dm/name")),
        serial: attribute("serial"),
        wwn: world_wide_name(attribute("wwid")),
        ..Names::default()
    }
}

/// Only kinds that are unique in the world. The kernel makes up `t10.` and `nvme.` names from
/// model and serial number.
fn world_wide_name(wwid: Option<String>) -> Option<String> {
    wwid.map(|wwid| wwid.to_lowercase())
        .filter(|wwid| ["naa.", "eui.", "uuid."].iter().any(|kind| wwid.starts_with(kind)))
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}
