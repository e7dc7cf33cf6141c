//! A disk in one phrase: `Samsung SSD 870 EVO 500GB, 500 GB, SATA, ...123A`.

use hardware::confirmation_word;

use crate::size::on_label;

/// Stands for the model of a disk that tells none.
pub const NAMELESS: &str = "Disk without a name";
/// Stands for the model of a paravirtual disk, which tells none.
pub const VIRTUAL: &str = "Virtual disk";

/// Name, size in bytes, bus, and the end of the serial number. `device` stands in for a serial
/// number without letters and digits.
#[must_use]
pub fn phrase(
    name: String,
    size: u64,
    bus: Option<String>,
    serial: Option<&str>,
    device: &str,
) -> String {
    let mut words = vec![name, on_label(size)];
    words.extend(bus);
    words.extend(serial.map(|serial| serial_tail(serial, device)));
    words.join(", ")
}

/// The end of a serial number, as people compare it with a label: `...123A`.
#[must_use]
pub fn serial_tail(serial: &str, device: &str) -> String {
    format!("...{}", confirmation_word(Some(serial), device).to_uppercase())
}
