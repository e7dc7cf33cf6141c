use block::{BlockDevice, Extent};

use super::group::{Group, Volume};
use super::label::Label;
use super::metadata;
use super::segmented::SegmentedDevice;
use crate::{Kind, MapError, VolumeInfo, identify};

/// A logical volume of which one physical volume holds all, or a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalVolume {
    /// Its name within the group.
    pub name: String,
    /// Name of the volume group.
    pub group: String,
    /// Its bytes on the physical volume: all of them in their order, where `not_plain` is `None`.
    pub segments: Vec<Extent>,
    /// What is on it; unknown when it is not plain.
    pub info: VolumeInfo,
    /// Why its content cannot be read from these segments alone, in words.
    pub not_plain: Option<String>,
}

impl LogicalVolume {
    /// The content of a plain logical volume, for [`crate::read_file`] and the like.
    #[must_use]
    pub fn open<'a>(&self, physical: &'a dyn BlockDevice) -> Option<SegmentedDevice<'a>> {
        self.not_plain.is_none().then(|| SegmentedDevice::new(physical, &self.segments))
    }
}

/// The label of a physical volume and its group.
pub(super) fn read(volume: &dyn BlockDevice) -> Result<(Label, Group), MapError> {
    let label =
        Label::read(volume)?.ok_or_else(|| MapError::damaged("LVM2: it has no label"))??;
    let group = Group::read(&metadata::read(volume, &label)?, &label)?;
    Ok((label, group))
}

/// Where a logical volume has bytes on a physical volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its bytes on the physical volume.
    pub segments: Vec<Extent>,
    /// All its bytes, on whichever physical volumes they lie.
    pub length: u64,
}

/// Where all logical volumes lie that have extents on the physical volume `volume`, also those that
/// people do not see: the parts of mirrors, thin pools and the like.
pub fn places(volume: &dyn BlockDevice) -> Result<Vec<Place>, MapError> {
    let volume = &crate::any_alignment::AnyAlignment::new(volume);
    let (_, group) = read(volume)?;
    let place = |Volume { segments, length, .. }| Place { segments, length };
    Ok(group.volumes.into_iter().map(place).collect())
}

/// The logical volumes that people see and that have extents on the physical volume `volume`.
pub fn logical_volumes(volume: &dyn BlockDevice) -> Result<Vec<LogicalVolume>, MapError> {
    let volume = &crate::any_alignment::AnyAlignment::new(volume);
    let (_, group) = read(volume)?;
    let visible = group.volumes.into_iter().filter(|volume| volume.is_visible);
    visible.map(|logical| describe(volume, &group.name, logical)).collect()
}

fn describe(
    physical: &dyn BlockDevice,
    group: &str,
    logical: Volume,
) -> Result<LogicalVolume, MapError> {
    let info = match &logical.not_plain {
        None => identify(&SegmentedDevice::new(physical, &logical.segments))?,
        Some(_) => VolumeInfo::named(Kind::Unknown, "unknown"),
    };
    let Volume { name, segments, not_plain, .. } = logical;
    Ok(LogicalVolume { name, group: group.to_owned(), segments, info, not_plain })
}
