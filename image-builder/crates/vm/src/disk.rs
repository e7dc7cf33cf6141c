//! A disk of a machine: where it is plugged in, what it says of itself, and what is wrong with it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::command::sh;
use crate::error::Error;

/// What a disk is plugged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// SATA.
    Ahci,
    /// PCI Express.
    Nvme,
    /// A stick or drive on USB 3.
    Usb,
    /// SCSI, paravirtual.
    VirtioScsi,
    /// Paravirtual.
    VirtioBlk,
    /// An SD card in a reader on the PCI bus. Its size must be a power of two.
    Sd,
    /// A disc in a SATA drive.
    Cd,
}

impl Bus {
    /// The beginning of a disk's id.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Bus::Ahci => "ahci",
            Bus::Nvme => "nvme",
            Bus::Usb => "usb",
            Bus::VirtioScsi => "scsi",
            Bus::VirtioBlk => "virtio",
            Bus::Sd => "sd",
            Bus::Cd => "cd",
        }
    }

    fn device(self) -> &'static str {
        match self {
            Bus::Ahci => "ide-hd",
            Bus::Nvme => "nvme",
            Bus::Usb => "usb-storage",
            Bus::VirtioScsi => "scsi-hd",
            Bus::VirtioBlk => "virtio-blk-pci",
            Bus::Sd => "sd-card",
            Bus::Cd => "ide-cd",
        }
    }
}

/// What becomes of what a machine writes to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It goes into the disk's file.
    Kept,
    /// It is thrown away with the machine; the file stays as it is.
    Dropped,
    /// The disk is write-protected.
    Refused,
}

/// What a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Writing.
    Write,
}

/// A disk to plug into a machine.
#[derive(Clone, Debug)]
pub struct Disk {
    pub(crate) bus: Bus,
    pub(crate) file: PathBuf,
    pub(crate) writes: Writes,
    serial: Option<String>,
    model: Option<String>,
    sector: u32,
    faults: Vec<(Access, u64)>,
}

impl Disk {
    /// A disk whose bytes are those of a raw file. Discs are write-protected, all else keeps what
    /// is written.
    pub fn new(bus: Bus, file: impl Into<PathBuf>) -> Disk {
        let writes = if bus == Bus::Cd { Writes::Refused } else { Writes::Kept };
        let (serial, model) = (None, None);
        Disk { bus, file: file.into(), writes, serial, model, sector: 512, faults: Vec::new() }
    }

    /// The serial number; without this call it is `REMETAL-` and the disk's id in capitals. SD
    /// cards and discs have none to choose.
    #[must_use]
    pub fn serial(self, serial: &str) -> Disk {
        Disk { serial: Some(serial.to_owned()), ..self }
    }

    /// The model, where QEMU lets it be chosen: on AHCI, on virtio-scsi (16 characters) and of
    /// discs.
    #[must_use]
    pub fn model(self, model: &str) -> Disk {
        Disk { model: Some(model.to_owned()), ..self }
    }

    /// The logical and physical sector size in bytes, 512 without this call.
    #[must_use]
    pub fn sector_size(self, sector: u32) -> Disk {
        Disk { sector, ..self }
    }

    /// What becomes of writes.
    #[must_use]
    pub fn writes(self, writes: Writes) -> Disk {
        Disk { writes, ..self }
    }

    /// Makes every access of that kind fail which touches the sector, counted in 512 bytes.
    #[must_use]
    pub fn fault(mut self, access: Access, sector: u64) -> Disk {
        self.faults.push((access, sector));
        self
    }

    /// The file that QEMU opens: an overlay in `folder` where writes are dropped.
    pub(crate) fn backing(
        &self,
        id: &str,
        folder: &Path,
    ) -> Result<(PathBuf, &'static str), Error> {
        if self.writes != Writes::Dropped {
            return Ok((self.file.clone(), "raw"));
        }
        let overlay = folder.join(format!("{id}.qcow2"));
        let base = self.file.canonicalize().map_err(Error::file("find", &self.file))?;
        sh(&format!(
            "qemu-img create -q -f qcow2 -F raw -b '{}' '{}'",
            base.display(),
            overlay.display()
        ))?;
        Ok((overlay, "qcow2"))
    }

    /// The block node, for `-blockdev` and `blockdev-add`. Free space stays free in the file, and
    /// nothing is flushed to the host's disk: killing QEMU loses nothing, only a crash of the
    /// host would.
    pub(crate) fn node(&self, id: &str, (file, format): &(PathBuf, &str)) -> Value {
        let mut storage = json!({
            "driver": "file", "filename": file, "discard": "unmap",
            "cache": { "direct": false, "no-flush": true },
        });
        if !self.faults.is_empty() {
            storage =
                json!({ "driver": "blkdebug", "image": storage, "inject-error": self.errors() });
        }
        json!({
            "driver": format, "node-name": node_name(id), "file": storage,
            "read-only": self.writes == Writes::Refused,
            "cache": { "direct": false, "no-flush": true },
            "discard": "unmap",
        })
    }

    fn errors(&self) -> Vec<Value> {
        let kind = |access| if access == Access::Read { "read" } else { "write" };
        let rule = |&(access, sector): &(Access, u64)| json!({ "event": "none", "iotype": kind(access), "errno": 5, "sector": sector });
        self.faults.iter().map(rule).collect()
    }

    /// The device, for `-device` and `device_add`. `place` counts the disks of that bus.
    pub(crate) fn device(&self, id: &str, place: usize, boot: Option<usize>) -> Value {
        let mut device = Map::new();
        let mut set = |name: &str, value: Value| device.insert(name.to_owned(), value);
        set("driver", json!(self.bus.device()));
        set("id", json!(id));
        set("drive", json!(node_name(id)));
        if let Some(boot) = boot.filter(|_| self.bus != Bus::Sd) {
            set("bootindex", json!(boot));
        }
        if !matches!(self.bus, Bus::Sd | Bus::Cd) {
            let serial = self.serial.clone();
            set(
                "serial",
                json!(serial.unwrap_or_else(|| format!("REMETAL-{}", id.to_uppercase()))),
            );
            set("logical_block_size", json!(self.sector));
            set("physical_block_size", json!(self.sector));
        }
        match self.bus {
            Bus::Ahci => set("bus", json!(format!("ide.{place}"))),
            Bus::Cd => set("bus", json!(format!("ide.{}", 5 - place.min(5)))),
            Bus::VirtioScsi => set("bus", json!("scsi.0")),
            Bus::Usb => set("removable", json!(true)),
            Bus::Nvme | Bus::VirtioBlk | Bus::Sd => None,
        };
        if let Some(model) = &self.model {
            let name = if self.bus == Bus::VirtioScsi { "product" } else { "model" };
            device.insert(name.to_owned(), json!(model));
        }
        Value::Object(device)
    }
}

/// The block node's name.
pub(crate) fn node_name(id: &str) -> String {
    format!("node-{id}")
}
