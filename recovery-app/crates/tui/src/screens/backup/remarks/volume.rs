//! What is unusual about what is on a disk that is saved.

use filesystem::{Kind, State};
use hardware::Disk;
use report::disk::{DiskReport, VolumeReport};
use report::size;

use super::{hint, warning};
use crate::job::Remark;
use crate::screens::backup::part;
use crate::widgets::card;

/// Of everything that is kept: all of it, or the parts with these numbers.
pub fn of_disk(disk: &Disk, report: &DiskReport, kept: Option<&[u32]>) -> Vec<Remark> {
    let name = card::name(disk);
    let is_kept = |number: Option<u32>| match (kept, number) {
        (Some(kept), Some(number)) => kept.contains(&number),
        _ => true,
    };
    let volumes = report.volumes.iter().filter(|volume| is_kept(volume.partition));
    let mut remarks: Vec<Remark> = volumes.filter_map(|volume| of_volume(volume, &name)).collect();
    for part in part::of_report(report) {
        if let Some(consequence) = part.without_it().filter(|_| !is_kept(Some(part.number))) {
            remarks.push(warning(format!("Left out: {}. {consequence}", part.content.words)));
        }
    }
    remarks
}

fn of_volume(volume: &VolumeReport, disk: &str) -> Option<Remark> {
    let what = what(volume, disk);
    match volume.filesystem {
        Kind::BitLocker => return Some(encrypted(volume, disk, "BitLocker")),
        Kind::Luks => return Some(encrypted(volume, disk, "LUKS")),
        Kind::LinuxRaid | Kind::FirmwareRaid | Kind::Zfs => {
            return Some(member(volume, disk));
        }
        _ => {}
    }
    let is_windows = volume.filesystem == Kind::Ntfs;
    Some(match &volume.state {
        State::Hibernated(_) if is_windows => warning(format!(
            "{what} is not shut down, only asleep. The backup is of the disk as it sleeps, and \
             work that was open may be lost when it is brought back. Better: start Windows, choose \
             'Restart' there, and come back from that."
        )),
        State::Hibernated(_) => warning(format!(
            "{what} holds a system that is asleep, not shut down. The backup is of the disk as it \
             sleeps; on another computer it may not wake up."
        )),
        State::Dirty(_) if is_windows => warning(format!(
            "{what} was not shut down in order. It is saved as it is; Windows repairs it when it \
             starts from it."
        )),
        State::Dirty(_) => {
            hint(format!("{what} was not shut down in order. It repairs itself when it is used."))
        }
        State::Damaged(_) => warning(format!(
            "{what} is damaged. It is saved as it is, with its damage and with its free space."
        )),
        State::Encrypted => encrypted(volume, disk, &volume.title),
        _ => return None,
    })
}

/// What a person calls it.
fn what(volume: &VolumeReport, disk: &str) -> String {
    match (&volume.system, &volume.label) {
        (Some(system), _) => format!("{system} on {disk}"),
        (None, Some(label)) => format!("\"{label}\" on {disk}"),
        (None, None) => {
            let size = size::in_words(volume.length);
            format!("A part of {disk} ({}, {size})", volume.title)
        }
    }
}

fn encrypted(volume: &VolumeReport, disk: &str, by: &str) -> Remark {
    let key = match volume.filesystem {
        Kind::BitLocker => {
            "Have its recovery key at hand: Windows may ask for it on another disk or computer."
        }
        _ => "Without its password the backup is worth nothing.",
    };
    warning(format!(
        "A part of {disk} is encrypted ({by}): all {} of it are saved, free space too, and do not \
         get smaller. {key}",
        size::in_words(volume.length)
    ))
}

fn member(volume: &VolumeReport, disk: &str) -> Remark {
    warning(format!(
        "{disk} is one of several disks that work together ({}). Alone it cannot be read. Save all \
         of them in one go, or the array itself where it is shown as a disk.",
        volume.title
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Severity;
    use filesystem::VolumeInfo;

    fn volume(number: u32, info: VolumeInfo) -> VolumeReport {
        VolumeReport {
            partition: Some(number),
            start: u64::from(number) << 30,
            length: 1 << 30,
            ..VolumeReport::new(format!("partition {number}"), info)
        }
    }

    fn windows(state: State) -> VolumeInfo {
        let system = Some("Windows 11 Pro".to_owned());
        VolumeInfo { system, state, ..VolumeInfo::named(Kind::Ntfs, "NTFS") }
    }

    fn of(volumes: Vec<VolumeInfo>, kept: Option<&[u32]>) -> Vec<Remark> {
        let volumes = volumes.into_iter().zip(1..).map(|(info, number)| volume(number, info));
        let report = DiskReport { volumes: volumes.collect(), ..DiskReport::default() };
        let disk = crate::screens::backup::remarks::tests::disk();
        of_disk(&disk, &report, kept)
    }

    fn only(info: VolumeInfo) -> Remark {
        let mut remarks = of(vec![info], None);
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        remarks.remove(0)
    }

    #[test]
    fn what_is_in_order_needs_no_words() {
        let plain = VolumeInfo::named(Kind::Ext4, "ext4");
        assert_eq!(of(vec![windows(State::Clean), plain], None), []);
    }

    #[test]
    fn conditions_of_volumes() {
        let asleep = only(windows(State::Hibernated("Fast Startup".to_owned())));
        assert_eq!(asleep.severity, Severity::Warning);
        assert!(asleep.words.contains("Windows 11 Pro on Old Disk is not shut down"), "{asleep:?}");
        let dirty = only(windows(State::Dirty("marked".to_owned())));
        assert!(dirty.words.contains("not shut down in order"), "{dirty:?}");
        let journal = State::Dirty("journal needs recovery".to_owned());
        let linux = VolumeInfo { state: journal, ..VolumeInfo::named(Kind::Ext4, "ext4") };
        assert_eq!(only(linux).severity, Severity::Hint);
        let swap = State::Hibernated("suspended".to_owned());
        let swap = VolumeInfo { state: swap, ..VolumeInfo::named(Kind::Swap, "swap") };
        assert!(only(swap).words.contains("may not wake up"));
        let damaged = State::Damaged("superblock".to_owned());
        let damaged = VolumeInfo { state: damaged, ..VolumeInfo::named(Kind::Ext4, "ext4") };
        assert!(only(damaged).words.contains("with its damage"));
    }

    #[test]
    fn what_is_captured_whole_says_how_large() {
        let locked = only(VolumeInfo::named(Kind::BitLocker, "BitLocker"));
        assert!(locked.words.contains("1.07 GB") && locked.words.contains("recovery key"));
        let luks = only(VolumeInfo::named(Kind::Luks, "LUKS2"));
        assert!(luks.words.contains("LUKS") && luks.words.contains("password"), "{luks:?}");
        let member = only(VolumeInfo::named(Kind::LinuxRaid, "Linux RAID 1.2"));
        assert!(member.words.contains("Linux RAID 1.2"), "{member:?}");
    }

    #[test]
    fn what_is_left_out_is_not_told_of_but_for_what_it_means() {
        let volumes = vec![
            VolumeInfo::named(Kind::BitLocker, "BitLocker"),
            windows(State::Dirty("marked".to_owned())),
        ];
        let told = of(volumes, Some(&[1]));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].words.contains("BitLocker"));
        assert!(told[1].words.contains("Left out: Windows 11 Pro"), "{told:?}");
        assert!(told[1].words.contains("does not start"));
    }
}
