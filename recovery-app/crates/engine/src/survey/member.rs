//! Whether a disk that has a partition table is one part of something larger, which alone tells what
//! its bytes mean.
//!
//! On a member of an array, what looks like partitions belongs to the array: the bytes that their
//! filesystems call free may be another member's share. A partition of a Windows dynamic disk holds
//! many volumes or pieces of them, and what it begins with is one of them.

use block::{BlockDevice, Extent, Window};
use filesystem::{Kind, State, VolumeInfo, signature};
use partition_table::{Layout, Table};

/// What the disk belongs to, in words, if its partitions must not be believed for that.
pub(super) fn of(device: &dyn BlockDevice, layout: &Layout) -> Option<String> {
    let in_words = match layout.table {
        Table::Gpt(_) => beside_gpt,
        Table::Mbr(_) => in_words,
        Table::None | Table::Doubtful => return None,
    };
    if layout.is_dynamic_disk() {
        return Some("the disk belongs to a group of Windows dynamic disks".to_owned());
    }
    let of_partition = of_last_partition(device, layout);
    let claims = filesystem::claims(device);
    claims.iter().filter(|claim| !of_partition.contains(claim)).find_map(in_words)
}

/// A GPT is newer than what keeps its marks behind it and would lie over them at its start.
fn beside_gpt(claim: &VolumeInfo) -> Option<String> {
    let is_older = matches!(claim.kind, Kind::Btrfs | Kind::Zfs);
    in_words(claim).filter(|_| !is_older)
}

fn in_words(claim: &VolumeInfo) -> Option<String> {
    let title = &claim.title;
    match (claim.kind, &claim.state) {
        (Kind::LinuxRaid | Kind::FirmwareRaid, _) => {
            Some(format!("the disk is a member of an array ({title})"))
        }
        (_, State::Member(of)) => Some(format!("the disk belongs to {of}")),
        (_, State::Encrypted) => Some(format!("the disk as a whole bears the header of {title}")),
        _ => None,
    }
}

/// What a disk claims to be only because its last partition is, which ends where the disk does.
fn of_last_partition(device: &dyn BlockDevice, layout: &Layout) -> Vec<VolumeInfo> {
    let ends_with_disk = |place: &Extent| place.end() == device.size();
    let last = layout.volumes().map(|partition| partition.extent).find(ends_with_disk);
    let mut claims =
        last.map_or_else(Vec::new, |last| filesystem::claims(&Window::new(device, last)));
    // Firmware marks whole disks only, and Linux RAID of most versions tells where its mark is.
    claims.retain(|claim| claim.kind == Kind::Other);
    claims.extend(old_array_in_partition(device, layout));
    claims
}

/// The old superblock of a Linux array that both the disk and a partition show, if the array fits
/// into the partition: then that is the member.
fn old_array_in_partition(device: &dyn BlockDevice, layout: &Layout) -> Option<VolumeInfo> {
    let of_disk = signature::old_member(device).ok()??;
    let is_same = |place: Extent| {
        let found = signature::old_member(&Window::new(device, place)).ok().flatten();
        found
            .is_some_and(|found| place.start + found.at == of_disk.at && found.used <= place.length)
    };
    layout.volumes().any(|partition| is_same(partition.extent)).then_some(of_disk.info)
}
