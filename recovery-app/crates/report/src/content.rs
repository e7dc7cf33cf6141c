//! What is on a disk, in the words of the person who owns it.
//!
//! Names of partitions, tables and journals are left to [`crate::disk_text`]. What is told here is
//! what somebody would miss: systems, files, and what cannot be seen into.

mod manifest;
mod remains;
mod survey;

use filesystem::{Kind, State};

use crate::disk::{DiskReport, VolumeReport};
use crate::size;

pub use manifest::of_manifest;
pub use survey::of_survey;

/// What a stretch of a disk is for. The order is that in which people want to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// An operating system.
    System,
    /// Content behind a key.
    Encrypted,
    /// Somebody's files.
    Files,
    /// A part of an array; the content shows only when the parts are together.
    Array,
    /// Nothing that is known; it may be anything, or nothing.
    Unknown,
    /// What a computer starts from, and the maker's recovery tools.
    Startup,
    /// A system's scratch space.
    Swap,
}

/// A stretch of a disk and what is on it. Sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What it is for.
    pub role: Role,
    /// What it is: `Windows 11 Pro, 212 GB used`.
    pub words: String,
    /// First byte on the disk.
    pub start: u64,
    /// Its size.
    pub length: u64,
    /// How much of it is in use, where that is known.
    pub used: Option<u64>,
}

/// The words for a disk without partitions on which only zeros were found.
const EMPTY: &str = "empty, only zeros were found";

/// Nothing that anybody would miss, as far as was looked: no partition, and only zeros.
#[must_use]
pub fn is_empty(contents: &[Content]) -> bool {
    contents.iter().all(|content| content.words == EMPTY)
}

/// What is on a disk, in the order of the disk. Logical volumes are told as part of the partition
/// that they lie in.
#[must_use]
pub fn of_disk(disk: &DiskReport) -> Vec<Content> {
    let mut contents = of_volumes(&disk.volumes);
    remains::tell(&disk.notes, &mut contents);
    contents
}

fn of_volumes(volumes: &[VolumeReport]) -> Vec<Content> {
    let mut found: Vec<Content> = Vec::new();
    let mut volumes = volumes.iter().peekable();
    while let Some(volume) = volumes.next() {
        let mut inside = Vec::new();
        while let Some(logical) = volumes.next_if(|next| lies_in(next, volume)) {
            inside.push(logical);
        }
        found.push(if inside.is_empty() { of_volume(volume) } else { of_group(volume, &inside) });
    }
    found.sort_by_key(|content| content.start);
    found
}

/// True for a logical volume that follows its physical volume in a report.
fn lies_in(volume: &VolumeReport, physical: &VolumeReport) -> bool {
    physical.filesystem == Kind::Lvm2
        && volume.partition == physical.partition
        && volume.start >= physical.start
}

fn of_volume(volume: &VolumeReport) -> Content {
    let role = role(volume);
    Content {
        role,
        words: words(volume, role),
        start: volume.start,
        length: volume.length,
        used: volume.used,
    }
}

/// A physical volume, told by the best that is inside of it.
fn of_group(physical: &VolumeReport, inside: &[&VolumeReport]) -> Content {
    let mut contents: Vec<Content> = inside.iter().map(|volume| of_volume(volume)).collect();
    contents.sort_by_key(|content| content.role);
    let words = match contents.as_slice() {
        [first] => first.words.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.words, rest.len()),
        [] => String::new(),
    };
    let used = inside.iter().map(|volume| volume.used.unwrap_or(volume.length));
    Content {
        role: contents.first().map_or(Role::Files, |content| content.role),
        words,
        start: physical.start,
        length: physical.length,
        used: Some(used.fold(0, u64::saturating_add)),
    }
}

/// What a volume is for.
#[must_use]
pub fn role(volume: &VolumeReport) -> Role {
    if volume.system.is_some() {
        return Role::System;
    }
    match volume.filesystem {
        Kind::Luks | Kind::BitLocker => Role::Encrypted,
        _ if volume.state == State::Encrypted => Role::Encrypted,
        Kind::LinuxRaid | Kind::FirmwareRaid | Kind::Zfs => Role::Array,
        Kind::Swap => Role::Swap,
        _ if is_for_starting(volume) => Role::Startup,
        Kind::Unknown => Role::Unknown,
        _ => Role::Files,
    }
}

/// By the type in the partition table.
fn is_for_starting(volume: &VolumeReport) -> bool {
    const TYPES: [&str; 8] = [
        "EFI system",
        "BIOS boot",
        "Linux extended boot",
        "Microsoft reserved",
        "Windows recovery",
        "Apple boot",
        "Apple APFS recovery",
        "ChromeOS kernel",
    ];
    volume.type_name.as_deref().is_some_and(|name| TYPES.contains(&name))
}

fn words(volume: &VolumeReport, role: Role) -> String {
    let name = match role {
        Role::System => volume.system.clone().unwrap_or_default(),
        Role::Encrypted => labelled(volume, &format!("encrypted ({})", volume.title)),
        Role::Files => labelled(volume, &format!("files ({})", volume.title)),
        Role::Array => labelled(volume, &format!("part of an array ({})", volume.title)),
        Role::Startup => "start-up files".to_owned(),
        Role::Swap => "swap space".to_owned(),
        Role::Unknown => return unknown(volume),
    };
    let mut words = name;
    let told = matches!(role, Role::System | Role::Files);
    if let Some(used) = volume.used.filter(|_| told) {
        words.push_str(&format!(", {} used", size::in_words(used)));
    } else if role == Role::Encrypted {
        words.push_str(&format!(", {}", size::in_words(volume.length)));
    }
    match &volume.state {
        State::Hibernated(_) => words.push_str(", hibernated"),
        State::Damaged(_) => words.push_str(", damaged"),
        _ => {}
    }
    words
}

fn labelled(volume: &VolumeReport, what: &str) -> String {
    volume.label.as_ref().map_or_else(|| what.to_owned(), |label| format!("\"{label}\" {what}"))
}

fn unknown(volume: &VolumeReport) -> String {
    match &volume.state {
        State::Damaged(_) => "cannot be read".to_owned(),
        _ if volume.blank => EMPTY.to_owned(),
        _ => format!("unknown content, {}", size::in_words(volume.length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filesystem::VolumeInfo;

    fn volume(number: u32, info: VolumeInfo) -> VolumeReport {
        let start = u64::from(number) << 30;
        let place = format!("partition {number}");
        VolumeReport {
            partition: Some(number),
            start,
            length: 1 << 30,
            ..VolumeReport::new(place, info)
        }
    }

    fn told(volumes: Vec<VolumeReport>) -> Vec<(Role, String)> {
        let disk = DiskReport { volumes, ..DiskReport::default() };
        of_disk(&disk).into_iter().map(|content| (content.role, content.words)).collect()
    }

    #[test]
    fn a_pc_in_plain_words() {
        let efi = VolumeReport {
            type_name: Some("EFI system".to_owned()),
            ..volume(1, VolumeInfo::named(Kind::Fat32, "FAT32"))
        };
        let windows = VolumeInfo {
            system: Some("Windows 11 Pro".to_owned()),
            used: Some(212_000_000_000),
            state: State::Hibernated("Fast Startup".to_owned()),
            ..VolumeInfo::named(Kind::Ntfs, "NTFS")
        };
        let photos = VolumeInfo {
            label: Some("Photos".to_owned()),
            used: Some(30_000_000_000),
            ..VolumeInfo::named(Kind::ExFat, "exFAT")
        };
        let locked = VolumeInfo::named(Kind::BitLocker, "BitLocker");
        let expected = [
            (Role::Startup, "start-up files"),
            (Role::System, "Windows 11 Pro, 212 GB used, hibernated"),
            (Role::Files, "\"Photos\" files (exFAT), 30.0 GB used"),
            (Role::Encrypted, "encrypted (BitLocker), 1.07 GB"),
            (Role::Unknown, "unknown content, 1.07 GB"),
        ];
        let found = told(vec![
            efi,
            volume(2, windows),
            volume(3, photos),
            volume(4, locked),
            volume(5, VolumeInfo::named(Kind::Unknown, "unknown")),
        ]);
        assert_eq!(found, expected.map(|(role, words)| (role, words.to_owned())));
    }

    #[test]
    fn an_empty_disk_is_not_one_with_unknown_content() {
        let whole = |blank| VolumeReport {
            partition: None,
            blank,
            ..volume(1, VolumeInfo::named(Kind::Unknown, "unknown"))
        };
        let words = |blank| told(vec![whole(blank)]).remove(0).1;
        assert_eq!(words(true), "empty, only zeros were found");
        assert_eq!(words(false), "unknown content, 1.07 GB");
        let is_empty = |blank| is_empty(&of_volumes(&[whole(blank)]));
        assert!(is_empty(true) && !is_empty(false));
    }

    #[test]
    fn a_volume_group_is_told_by_what_is_inside() {
        let group = volume(1, VolumeInfo::named(Kind::Lvm2, "LVM2"));
        let root = VolumeInfo {
            system: Some("Debian GNU/Linux 12".to_owned()),
            used: Some(2_000_000_000),
            ..VolumeInfo::named(Kind::Ext4, "ext4")
        };
        let swap = VolumeInfo::named(Kind::Swap, "swap");
        let found = told(vec![group, volume(1, swap), volume(1, root)]);
        let words = "Debian GNU/Linux 12, 2.00 GB used and 1 more".to_owned();
        assert_eq!(found, [(Role::System, words)]);
    }

    #[test]
    fn a_volume_group_that_claims_too_much_is_no_overflow() {
        let group = volume(1, VolumeInfo::named(Kind::Lvm2, "LVM2"));
        let claim =
            || VolumeInfo { used: Some(u64::MAX - 1), ..VolumeInfo::named(Kind::Ext4, "ext4") };
        let volumes = [group, volume(1, claim()), volume(1, claim())];
        assert_eq!(of_volumes(&volumes)[0].used, Some(u64::MAX));
    }
}
