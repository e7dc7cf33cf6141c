//! A disk in one phrase: `Samsung SSD 870 EVO 500GB, 500 GB, SATA, ...123A`.

use hardware::{Bus, Disk, serial_tail};

use crate::size::on_label;

/// Stands for the model of a disk that tells none.
pub const NAMELESS: &str = "Disk without a name";
/// Stands for the model of a paravirtual disk, which tells none.
pub const VIRTUAL: &str = "Virtual disk";

/// An attached disk: name, size, bus, and what tells it from others.
#[must_use]
pub fn of_disk(disk: &Disk) -> String {
    phrase(name(disk), disk.size, Some(disk.bus.to_string()), marks(disk))
}

/// The model as people read it on the label.
#[must_use]
pub fn name(disk: &Disk) -> String {
    let nameless = if disk.bus == Bus::Virtio { VIRTUAL } else { NAMELESS };
    model(disk.vendor.as_deref(), disk.model.as_deref()).unwrap_or_else(|| nameless.to_owned())
}

/// Maker and model, as far as they are told. Some disks tell the maker twice.
#[must_use]
pub fn model(vendor: Option<&str>, model: Option<&str>) -> Option<String> {
    match (vendor, model) {
        (Some(vendor), Some(model)) if !model.starts_with(vendor) => {
            Some(format!("{vendor} {model}"))
        }
        (_, Some(name)) | (Some(name), None) => Some(name.to_owned()),
        (None, None) => None,
    }
}

/// What tells an attached disk from others: the end of the serial number, and the kernel's name
/// where there is none or where another disk has the same.
#[must_use]
pub fn marks(disk: &Disk) -> Vec<String> {
    let serial = serial_mark(disk.serial.as_deref());
    let needs_name = disk.has_double || serial.is_none();
    serial.into_iter().chain(needs_name.then(|| disk.name.clone())).collect()
}

/// Name, size in bytes, bus, and what tells the disk from others.
#[must_use]
pub fn phrase(
    name: String,
    size: u64,
    bus: Option<String>,
    marks: impl IntoIterator<Item = String>,
) -> String {
    let words = [name, on_label(size)].into_iter().chain(bus).chain(marks);
    words.collect::<Vec<_>>().join(", ")
}

/// The end of a serial number, as people compare it with a label: `...123A`.
#[must_use]
pub fn serial_mark(serial: Option<&str>) -> Option<String> {
    Some(format!("...{}", serial_tail(serial?)?.to_uppercase()))
}
