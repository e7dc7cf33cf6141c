//! Disks that people cannot tell apart by what they say of themselves.

use crate::Disk;

/// Marks each disk that looks like another one among these: its serial number ends alike, and it is
/// the whole number that is the same, or all else that people see. So is one marked whose number
/// spells the name of a disk without a serial number.
pub fn mark_doubles(disks: &mut [Disk]) {
    let is_double = |(place, disk): (usize, &Disk)| {
        let mut others = disks.iter().enumerate().filter(|(other, _)| *other != place);
        disk.serial_tail().is_some() && others.any(|(_, other)| looks_like(disk, other))
    };
    let doubles: Vec<bool> = disks.iter().enumerate().map(is_double).collect();
    for (disk, has_double) in disks.iter_mut().zip(doubles) {
        disk.has_double = has_double;
    }
}

fn looks_like(disk: &Disk, other: &Disk) -> bool {
    let seen = |disk: &Disk| (disk.vendor.clone(), disk.model.clone(), disk.size, disk.bus);
    let is_as_much =
        other.serial_tail().is_none() || disk.serial == other.serial || seen(disk) == seen(other);
    own_word(disk) == own_word(other) && is_as_much
}

/// What would be typed for the disk if it were the only one.
fn own_word(disk: &Disk) -> String {
    disk.serial_tail().unwrap_or_else(|| disk.name.clone()).to_lowercase()
}
