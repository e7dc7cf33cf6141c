use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Bus;

/// How many characters of a serial number people compare and type.
const TAIL: usize = 4;

/// What a disk is known by, whatever the kernel calls it today.
///
/// Shown, it is what people see on every screen: model, size, bus and the end of the serial
/// number, as in `Samsung SSD 870 EVO 500GB, 500 GB, SATA, ...123A`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The kernel's name when it was looked at; it counts only for disks that have neither
    /// serial number nor world-wide name.
    pub name: String,
    /// The model, as the disk says.
    pub model: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// The world-wide name.
    pub wwn: Option<String>,
    /// Bytes.
    pub size: u64,
    /// How it is attached.
    pub bus: Bus,
}

/// True when both are one and the same disk as far as can be told: model, serial number,
/// world-wide name, size and bus all agree. A disk that has neither serial number nor
/// world-wide name must also still have its kernel name, since two such sticks of one model
/// look alike.
#[must_use]
pub fn same_disk(a: &Identity, b: &Identity) -> bool {
    let anonymous = a.serial.is_none() && a.wwn.is_none();
    a.model == b.model
        && a.serial == b.serial
        && a.wwn == b.wwn
        && a.size == b.size
        && a.bus == b.bus
        && (!anonymous || a.name == b.name)
}

/// The end of a serial number, as people compare it with a label: its last four letters and
/// digits. `None` for one that has neither.
#[must_use]
pub fn serial_tail(serial: &str) -> Option<String> {
    let mut last: Vec<char> =
        serial.chars().rev().filter(|character| character.is_alphanumeric()).take(TAIL).collect();
    last.reverse();
    (!last.is_empty()).then(|| last.into_iter().collect())
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.model.as_deref().unwrap_or("Disk");
        write!(formatter, "{model}, {}, {}", decimal_size(self.size), self.bus)?;
        match self.serial.as_deref().and_then(serial_tail) {
            Some(tail) => write!(formatter, ", ...{tail}"),
            None => write!(formatter, ", {}", self.name),
        }
    }
}

/// As printed on the label: powers of 1000, three digits.
fn decimal_size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut scale: u64 = 1;
    let mut unit = 0;
    while bytes / scale >= 1000 {
        scale *= 1000;
        unit += 1;
    }
    let tenths = u128::from(bytes) * 10 / u128::from(scale);
    if unit == 0 || tenths >= 100 {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stick() -> Identity {
        Identity {
            name: "sdb".into(),
            model: Some("Cruzer Blade".into()),
            serial: Some("4C53000123-01A".into()),
            wwn: None,
            size: 15_376_000_000,
            bus: Bus::Usb,
        }
    }

    #[test]
    fn people_see_model_size_bus_and_tail() {
        assert_eq!(stick().to_string(), "Cruzer Blade, 15 GB, USB, ...301A");
        let bare = Identity { model: None, serial: None, size: 1_500_000, ..stick() };
        assert_eq!(bare.to_string(), "Disk, 1.5 MB, USB, sdb");
        assert_eq!(decimal_size(u64::MAX), "18 EB");
        assert_eq!(decimal_size(999), "999 B");
        assert_eq!(decimal_size(0), "0 B");
    }

    #[test]
    fn any_difference_is_another_disk() {
        let stick = stick();
        assert!(same_disk(&stick, &stick));
        assert!(same_disk(&stick, &Identity { name: "sdc".into(), ..stick.clone() }));
        let others = [
            Identity { serial: Some("4C53000123-01B".into()), ..stick.clone() },
            Identity { serial: None, ..stick.clone() },
            Identity { wwn: Some("naa.5".into()), ..stick.clone() },
            Identity { model: None, ..stick.clone() },
            Identity { size: stick.size + 512, ..stick.clone() },
            Identity { bus: Bus::Sata, ..stick.clone() },
        ];
        for other in &others {
            assert!(!same_disk(&stick, other), "{other:?}");
            assert!(!same_disk(other, &stick), "{other:?}");
        }
    }

    #[test]
    fn without_serial_the_name_counts() {
        let anonymous = Identity { serial: None, ..stick() };
        assert!(same_disk(&anonymous, &anonymous));
        assert!(!same_disk(&anonymous, &Identity { name: "sdc".into(), ..anonymous.clone() }));
    }

    #[test]
    fn the_end_of_a_serial_number_can_be_typed() {
        assert_eq!(serial_tail("S3Z-9NB_0K 12A").as_deref(), Some("K12A"));
        assert_eq!(serial_tail("X1").as_deref(), Some("X1"));
        assert_eq!(serial_tail("--"), None);
        assert_eq!(serial_tail(""), None);
    }
}
