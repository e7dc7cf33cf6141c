//! Disks that people cannot tell apart by what they say of themselves.

use crate::Disk;

/// Marks each disk whose serial number ends like that of another one among these, or spells the
/// name of one without a serial number.
pub fn mark_doubles(disks: &mut [Disk]) {
    let words: Vec<String> = disks.iter().map(own_word).collect();
    for (disk, word) in disks.iter_mut().zip(&words) {
        let as_many = words.iter().filter(|other| *other == word).count();
        disk.has_double = as_many > 1 && disk.serial_tail().is_some();
    }
}

/// What would be typed for the disk if it were the only one.
fn own_word(disk: &Disk) -> String {
    disk.serial_tail().unwrap_or_else(|| disk.name.clone()).to_lowercase()
}
