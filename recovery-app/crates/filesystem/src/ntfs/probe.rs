//! What the volume says of itself.

use block::{BlockDevice, BlockError};

use super::boot::{self, Boot};
use super::condition::{self, Condition};
use super::volume::Volume;
use super::{bitmap, system};
use crate::{Kind, MapError, State, VolumeInfo};

/// Recognises NTFS by its boot sector, or by the boot sector's copy when that is destroyed.
///
/// A volume that was formatted anew can keep the copy, so other filesystems must have been
/// ruled out before the copy means anything: ask this function last.
pub fn probe(device: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    let sector = boot::primary(device)?.unwrap_or_default();
    match Boot::parse(&sector) {
        Some(Ok(boot)) => describe(device, boot, None).map(Some),
        found => {
            let problem = match &found {
                Some(Err(error)) => error.to_string(),
                _ => "the boot sector is destroyed".to_owned(),
            };
            match boot::backup(device) {
                // Without the name in the first sector, the file table must vouch for the copy.
                Some(boot) if found.is_some() || Volume::open(device, boot).is_ok() => {
                    let problem = format!("{problem}; its copy at the end is intact");
                    describe(device, boot, Some(problem)).map(Some)
                }
                _ => Ok(found.map(|_| damaged(VolumeInfo::named(Kind::Ntfs, "NTFS"), problem))),
            }
        }
    }
}

fn damaged(info: VolumeInfo, problem: String) -> VolumeInfo {
    VolumeInfo { state: State::Damaged(problem), ..info }
}

/// Reads all that can be read; a device that fails is an error, structures that make no sense
/// are a state.
fn describe(
    device: &dyn BlockDevice,
    boot: Boot,
    problem: Option<String>,
) -> Result<VolumeInfo, BlockError> {
    let mut info = VolumeInfo {
        uuid: Some(format!("{:016X}", boot.serial)),
        size: Some(boot.covered()),
        ..VolumeInfo::named(Kind::Ntfs, "NTFS")
    };
    match fill(device, boot, &mut info) {
        Ok(()) => {}
        Err(MapError::Device(error)) => return Err(error),
        Err(error) => info.state = State::Damaged(error.to_string()),
    }
    Ok(match problem {
        Some(problem) => damaged(info, problem),
        None => info,
    })
}

fn fill(device: &dyn BlockDevice, boot: Boot, info: &mut VolumeInfo) -> Result<(), MapError> {
    let volume = Volume::open(device, boot)?;
    info.label = condition::label(&volume)?;
    info.used = Some(bitmap::used_bytes(&volume)?);
    info.state = Condition::read(&volume)?.state();
    // What cannot be read there says nothing of the volume as a whole.
    info.system = system::name(&volume).unwrap_or_default();
    Ok(())
}
