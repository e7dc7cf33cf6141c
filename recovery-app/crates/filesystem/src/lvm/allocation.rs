use block::{BlockDevice, BlockError, Extent, ExtentSet, ExtentSetBuilder};

use super::group::{Group, Volume};
use super::label::Label;
use super::segmented::SegmentedDevice;
use super::volumes;
use crate::{Allocation, AllocationMap, Kind, MapError, State, VolumeInfo};

/// UUID, size, allocated extents and volume group of a physical volume.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    let Some(label) = Label::read(volume)? else {
        return Ok(None);
    };
    let mut info = VolumeInfo::named(Kind::Lvm2, "LVM2");
    let label = match label {
        Ok(label) => label,
        Err(error) => {
            info.state = State::Damaged(error.to_string());
            return Ok(Some(info));
        }
    };
    info.uuid = Some(label.uuid());
    info.size = (label.size > 0).then_some(label.size);
    match volumes::read(volume) {
        Ok((_, group)) => {
            info.used = Some(group.extents.start + group.allocated().total());
            info.state = State::Member(format!("volume group {}", group.name));
        }
        // Only the group's other physical volumes may describe it.
        Err(MapError::Unsupported(_)) => info.state = State::Member("a volume group".to_owned()),
        Err(error) => info.state = State::Damaged(error.to_string()),
    }
    Ok(Some(info))
}

/// The bytes in use: everything outside the extents, and of the extents those that logical volumes
/// have, less what is free in the filesystems of plain ones.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let (label, group) = volumes::read(volume)?;
    if label.size > volume.size() {
        return Err(MapError::damaged("LVM2: the volume is smaller than its label says"));
    }
    let mut used = ExtentSetBuilder::new();
    used.add(Extent::new(0, group.extents.start));
    used.extend(label.metadata_areas.iter().chain(&label.boot_areas).copied());
    let mut parts = Vec::new();
    for logical in &group.volumes {
        let (bytes, part) = of_logical(volume, logical);
        used.extend(bytes.iter());
        parts.push(part);
    }
    let source = format!("LVM2 metadata of group {}; {}", group.name, parts.join("; "));
    Ok(AllocationMap { used: used.build(), covered: group.extents.end(), source })
}

/// The bytes of the physical volume that a logical volume uses, and where that comes from.
fn of_logical(physical: &dyn BlockDevice, logical: &Volume) -> (ExtentSet, String) {
    let all = || logical.segments.iter().copied().collect();
    let whole = |reason: &str| (all(), format!("{}: whole ({reason})", logical.name));
    if let Some(reason) = &logical.not_plain {
        return whole(reason);
    }
    let device = SegmentedDevice::new(physical, &logical.segments);
    let info = match crate::identify(&device) {
        // A physical volume in a logical one could contain itself.
        Ok(info) if info.kind == Kind::Lvm2 => return whole("LVM2 within LVM2"),
        Ok(info) => info,
        Err(error) => return whole(&error.to_string()),
    };
    match crate::allocation(&device, &info) {
        Allocation::Mapped(map) => {
            (device.to_below(&map.used), format!("{}: {}", logical.name, map.source))
        }
        Allocation::Whole(reason) => whole(&reason),
    }
}

/// Paths of files in logical volumes whose bytes lie in `extents`: "volume:/path".
pub fn files_on(
    volume: &dyn BlockDevice,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    let (_, group): (Label, Group) = volumes::read(volume)?;
    let mut paths = Vec::new();
    for logical in group.volumes.iter().filter(|logical| logical.not_plain.is_none()) {
        let device = SegmentedDevice::new(volume, &logical.segments);
        let inside = device.part_of(extents);
        let info = crate::identify(&device)?;
        if inside.is_empty() || info.kind == Kind::Lvm2 {
            continue;
        }
        let found = crate::files_on(&device, &info, &inside, most - paths.len());
        paths.extend(found.iter().map(|path| format!("{}:/{path}", logical.name)));
    }
    Ok(paths)
}

/// A physical volume has no files of its own; [`super::LogicalVolume::open`] leads to them.
pub fn read_file(_: &dyn BlockDevice, _: &str, _: usize) -> Result<Option<Vec<u8>>, MapError> {
    Ok(None)
}
