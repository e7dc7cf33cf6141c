//! A volume by its device node.

use std::path::{Path, PathBuf};

use block::{Access, Caching, FileDevice};
use filesystem::{Kind, State, VolumeInfo};
use hardware::{Disk, Roots};
use report::disk::VolumeReport;

use super::drives::is_ours;
use crate::failure::Failure;
use crate::saved;

/// A volume with a filesystem.
#[derive(Debug, Clone)]
pub struct Volume {
    /// The device node.
    pub device: PathBuf,
    /// Its filesystem.
    pub kind: Kind,
    /// Its condition.
    pub state: State,
    /// Its label.
    pub label: Option<String>,
    /// Where somebody else has mounted it.
    pub mounted_at: Option<PathBuf>,
    /// Why nothing can be written to it, in a sentence.
    pub not_writable: Option<String>,
}

impl Volume {
    /// Reads what is on the volume at `device` now, and gives the disk that it lies on.
    pub fn at(device: &Path) -> Result<(Self, Disk), Failure> {
        let disk = hardware::disk_at(&Roots::default(), device)?;
        let reader = FileDevice::open(device, Access::Read, Caching::Cached)?;
        let info = filesystem::identify(&reader)?;
        Ok((Self::new(device, info, &disk), disk))
    }

    /// One that was looked at as a part of its disk.
    pub fn of_report(device: &Path, report: &VolumeReport, disk: &Disk) -> Self {
        let info = VolumeInfo {
            label: report.label.clone(),
            state: report.state.clone(),
            ..VolumeInfo::named(report.filesystem, report.title.clone())
        };
        Self::new(device, info, disk)
    }

    fn new(device: &Path, info: VolumeInfo, disk: &Disk) -> Self {
        let partition = disk.partitions.iter().find(|partition| partition.path == device);
        let points = partition.map_or(&disk.mounted_at, |partition| &partition.mounted_at);
        let mounted_at = points.iter().find(|point| !is_ours(point)).cloned();
        let is_protected = partition.map_or(disk.read_only, |partition| partition.read_only);
        let not_writable = match is_protected {
            true if saved::is_protected(disk) => Some(saved::IN_WORDS.to_owned()),
            true => Some("It is write-protected.".to_owned()),
            false => not_writable(&info, mounted_at.as_deref()),
        };
        let VolumeInfo { kind, state, label, .. } = info;
        Self { device: device.to_owned(), kind, state, label, mounted_at, not_writable }
    }

    /// The kernel may remove deleted files from it when it is mounted.
    pub fn may_be_cleaned_up(&self) -> bool {
        let is_ext = matches!(self.kind, Kind::Ext2 | Kind::Ext3 | Kind::Ext4);
        is_ext && self.state != State::Clean
    }
}

fn not_writable(info: &VolumeInfo, mounted_at: Option<&Path>) -> Option<String> {
    let words = match &info.state {
        State::Hibernated(_) => {
            "Windows is only asleep on it: start that Windows, shut it down fully, and come back."
        }
        State::Dirty(_) if info.kind == Kind::Ntfs => {
            "It was not taken out in order: Windows has to check it first."
        }
        State::Damaged(_) => "Its filesystem is damaged.",
        _ => return mounted_read_only(mounted_at?),
    };
    Some(words.to_owned())
}

fn mounted_read_only(mounted_at: &Path) -> Option<String> {
    let filesystem = hardware::filesystem_of(&Roots::default(), mounted_at).ok()?;
    filesystem.read_only.then(|| "It is mounted so that nothing can be written to it.".to_owned())
}
