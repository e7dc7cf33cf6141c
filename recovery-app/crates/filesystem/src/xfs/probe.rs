//! What an XFS says of itself.

use block::{BlockDevice, BlockError};

use super::log::{LogState, examine};
use super::path::read_file;
use super::superblock::{Superblock, device_error};
use crate::{Kind, MapError, State, VolumeInfo};

/// Places of the file that names the system.
const SYSTEM_FILES: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];
const MOST_SYSTEM_FILE: usize = 16 << 10;

/// What the volume says of itself, `None` when it is not an XFS.
///
/// # Errors
/// When the superblock cannot be read.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    let named = VolumeInfo::named(Kind::Xfs, "XFS");
    let sb = match Superblock::read(volume) {
        Ok(Some(sb)) => sb,
        Ok(None) => return Ok(None),
        Err(error) => {
            let state = State::Damaged(device_error(error)?);
            return Ok(Some(VolumeInfo { state, ..named }));
        }
    };
    let free = sb.free_blocks.min(sb.blocks) * u64::from(sb.block_size);
    Ok(Some(VolumeInfo {
        label: Some(sb.label.clone()).filter(|label| !label.is_empty()),
        uuid: Some(uuid(&sb.uuid)),
        size: Some(sb.size()),
        used: Some(sb.size() - free),
        state: state(volume, &sb),
        system: system(volume),
        ..named
    }))
}

/// Bytes of each part of the XFS on `volume` that lies on another one: its realtime section, its log.
/// Nothing when there is no XFS, or none that can be read.
///
/// Such a volume may have no sign of this: what its first bytes say is of an earlier use then.
pub fn parts_elsewhere(volume: &dyn BlockDevice) -> Vec<u64> {
    let superblock = Superblock::read(volume).ok().flatten();
    superblock.map(|superblock| superblock.parts_elsewhere()).unwrap_or_default()
}

fn state(volume: &dyn BlockDevice, sb: &Superblock) -> State {
    if sb.features.needs_repair {
        return State::Damaged("marked as needing repair".to_owned());
    }
    let log = sb.check_mappable(volume).and_then(|()| examine(volume, sb));
    match log {
        Ok(LogState::Clean) => State::Clean,
        Ok(LogState::Dirty { .. }) => State::Dirty("log needs recovery".to_owned()),
        Err(MapError::Damaged(reason)) => State::Damaged(reason),
        Err(MapError::Unsupported(_) | MapError::TooLarge(_)) => State::Unknown,
        Err(MapError::Device(error)) => State::Damaged(error.to_string()),
    }
}

/// `PRETTY_NAME` of the system on the volume. A volume without one, or one that cannot be
/// followed, simply has no system.
fn system(volume: &dyn BlockDevice) -> Option<String> {
    let read = |path: &&str| read_file(volume, path, MOST_SYSTEM_FILE).ok().flatten();
    let file = SYSTEM_FILES.iter().find_map(read)?;
    let text = String::from_utf8_lossy(&file);
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let value = value.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// The usual spelling of a UUID.
fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
