//! The parts of a disk, and what leaving one out means.

use filesystem::Kind;
use report::content::{self, Content, Role};
use report::disk::{DiskReport, VolumeReport};
use report::size;

use crate::disks::Known;

/// Boot partitions of Linux are smaller than this. Bytes.
const LARGEST_BOOT: u64 = 3 << 30;

/// A part of a disk that can be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The partition's number.
    pub number: u32,
    /// What is on it.
    pub content: Content,
    /// The type in the partition table, in words.
    type_name: Option<String>,
    /// It may be what Linux starts from: nothing marks it as such.
    is_like_boot: bool,
}

/// The parts of a disk, in its order; none where it has no partitions, or has not been looked at.
pub fn of(known: &Known) -> Vec<Part> {
    known.look().map(|look| of_report(&look.report)).unwrap_or_default()
}

pub fn of_report(report: &DiskReport) -> Vec<Part> {
    let contents = content::of_disk(report);
    let part = |content: Content| {
        let lies_there = |volume: &&VolumeReport| {
            volume.start == content.start && volume.length == content.length
        };
        let volume = report.volumes.iter().find(lies_there)?;
        Some(Part {
            number: volume.partition?,
            type_name: volume.type_name.clone(),
            is_like_boot: is_like_boot(volume),
            content,
        })
    };
    let mut parts: Vec<Part> = Vec::new();
    for part in contents.into_iter().filter_map(part) {
        if parts.iter().all(|before| before.number != part.number) {
            parts.push(part);
        }
    }
    parts
}

fn is_like_boot(volume: &VolumeReport) -> bool {
    let kinds = [Kind::Ext2, Kind::Ext3, Kind::Ext4, Kind::Xfs, Kind::Btrfs];
    volume.length <= LARGEST_BOOT && kinds.contains(&volume.filesystem)
}

impl Part {
    /// Where it lies and how large it is.
    pub fn place(&self) -> String {
        let place = format!("part {}, {}", self.number, size::in_words(self.content.length));
        match &self.type_name {
            Some(name) if self.content.role == Role::Startup => format!("{place}, {name}"),
            _ => place,
        }
    }

    /// What a restored disk lacks without it, beside its files.
    pub fn without_it(&self) -> Option<&'static str> {
        const NO_START: &str = "Without it the computer does not start from a restored disk.";
        match (self.content.role, self.type_name.as_deref()) {
            (Role::Startup, Some("Windows recovery" | "Apple APFS recovery")) => {
                Some("Without it the system cannot repair or reset itself.")
            }
            // Space that Windows sets aside for itself; nothing lies there.
            (Role::Startup, Some("Microsoft reserved")) => None,
            (Role::System | Role::Startup, _) => Some(NO_START),
            (Role::Files, _) if self.is_like_boot => {
                Some("Linux may start from this: without it the computer may not start.")
            }
            (Role::Encrypted | Role::Array, _) => Some(
                "What is on it cannot be seen. If it is the system, the computer does not start \
                 without it.",
            ),
            (Role::Swap, _) => Some("Without it Linux may start slowly."),
            (Role::Files | Role::Unknown, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filesystem::VolumeInfo;

    fn volume(number: u32, start: u64, info: VolumeInfo) -> VolumeReport {
        let place = format!("partition {number}");
        let length = 1 << 30;
        VolumeReport { partition: Some(number), start, length, ..VolumeReport::new(place, info) }
    }

    #[test]
    fn logical_volumes_belong_to_their_part() {
        let root = VolumeInfo {
            system: Some("Debian GNU/Linux 12".to_owned()),
            ..VolumeInfo::named(Kind::Ext4, "ext4")
        };
        let inside = |start| VolumeReport { length: 4096, ..volume(5, start, root.clone()) };
        let report = DiskReport {
            volumes: vec![
                volume(1, 1 << 20, VolumeInfo::named(Kind::Ext4, "ext4")),
                volume(5, 2 << 30, VolumeInfo::named(Kind::Lvm2, "LVM2")),
                inside(2 << 30),
                inside(3 << 30),
            ],
            ..DiskReport::default()
        };
        let parts = of_report(&report);
        let told: Vec<_> = parts.iter().map(|part| (part.number, part.content.role)).collect();
        assert_eq!(told, [(1, Role::Files), (5, Role::System)]);
        assert!(parts[0].without_it().unwrap().contains("may start from this"));
        assert!(parts[1].without_it().unwrap().contains("does not start"));
    }

    #[test]
    fn a_disk_that_is_one_volume_has_no_parts() {
        let whole = VolumeInfo::named(Kind::Ext4, "ext4");
        let whole = VolumeReport { length: 1 << 30, ..VolumeReport::new("all".to_owned(), whole) };
        let report = DiskReport { volumes: vec![whole], ..DiskReport::default() };
        assert_eq!(of_report(&report), []);
    }
}
