use block::{BlockDevice, BlockError};

use super::bitmap::Bitmap;
use super::boot::{BOOT_BYTES, Layout};
use super::system::System;
use crate::{Kind, MapError, State, VolumeInfo};

/// Label, serial number, size, use and state of an exFAT volume.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    if volume.size() < BOOT_BYTES as u64 {
        return Ok(None);
    }
    let sector = volume.read_vec(0, BOOT_BYTES)?;
    if &sector[3..11] != b"EXFAT   " {
        return Ok(None);
    }
    let mut info = VolumeInfo::named(Kind::ExFat, "exFAT");
    if let Err(error) = Layout::read(volume).and_then(|layout| describe(volume, &layout, &mut info))
    {
        info.state = State::Damaged(error.to_string());
    }
    Ok(Some(info))
}

fn describe(
    volume: &dyn BlockDevice,
    layout: &Layout,
    info: &mut VolumeInfo,
) -> Result<(), MapError> {
    info.uuid = Some(format!("{:04X}-{:04X}", layout.serial >> 16, layout.serial & 0xffff));
    info.size = Some(layout.size);
    let mut table = layout.table(volume);
    let system = System::read(volume, layout, &mut table)?;
    info.label = system.label;
    if let Some(stored) = system.bitmaps.first() {
        let in_use = Bitmap::read(volume, layout, &mut table, stored)?.in_use;
        info.used = Some(layout.heap.start + in_use * layout.heap.cluster);
    }
    info.state = state(volume, layout);
    Ok(())
}

fn state(volume: &dyn BlockDevice, layout: &Layout) -> State {
    if layout.is_dirty {
        State::Dirty("it was not unmounted in order".to_owned())
    } else if layout.has_failed {
        State::Dirty("failures to read or write it were noted".to_owned())
    } else if !layout.has_backup(volume) {
        State::Dirty("the backup of its boot region differs".to_owned())
    } else {
        State::Clean
    }
}
