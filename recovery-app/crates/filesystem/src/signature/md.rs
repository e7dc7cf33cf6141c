//! Members of Linux software RAID (`include/uapi/linux/raid/md_p.h`).

use block::{BlockDevice, BlockError};

use super::row::read;
use crate::bytes::Bytes;
use crate::{Kind, MapError, State, VolumeInfo, identity};

const MAGIC: u32 = 0xa92b_4efc;
const KIB: u64 = 1024;

/// Versions 1.1 (at the start), 1.2 (4 KiB behind it), 1.0 and 0.90 (near the end).
pub(super) fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    let size = volume.size();
    // 1.0: at least 8 and less than 12 KiB before the end, on a multiple of 4 KiB.
    let version_1_0 = (size / 512 * 512).checked_sub(8 * KIB).map(|at| at / (4 * KIB) * 4 * KIB);
    let places = [("1.1", Some(0)), ("1.2", Some(4 * KIB)), ("1.0", version_1_0)];
    let mut failure = None;
    for (version, at) in places {
        let Some(at) = at else {
            continue;
        };
        match read(volume, at, 256) {
            Ok(Some(bytes)) => {
                if let Ok(Some(info)) = version_1(version, at, &bytes) {
                    return Ok(Some(info));
                }
            }
            Ok(None) => {}
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match old_member(volume)? {
        Some(member) => Ok(Some(member.info)),
        None => failure.map_or(Ok(None), Err),
    }
}

/// A member of an array by a superblock of version 0.90. It does not tell where it is, so a disk and
/// its last partition may both seem to be the member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldMember {
    /// First byte of the superblock in the volume.
    pub at: u64,
    /// Bytes that the array uses of each member; 0 where members differ.
    pub used: u64,
    /// What [`super::probe_md`] says of it.
    pub info: VolumeInfo,
}

/// A superblock of version 0.90: in the last whole 64 KiB of the volume.
pub fn old_member(volume: &dyn BlockDevice) -> Result<Option<OldMember>, BlockError> {
    let Some(at) = (volume.size() / (64 * KIB) * 64 * KIB).checked_sub(64 * KIB) else {
        return Ok(None);
    };
    Ok(read(volume, at, 128)?.and_then(|bytes| version_0(at, &bytes).ok()?))
}

fn version_1(version: &str, at: u64, bytes: &[u8]) -> Result<Option<VolumeInfo>, MapError> {
    let block = Bytes::new(bytes, "md superblock");
    // It names its own place, so a copy of it elsewhere is not taken for one.
    let is_member = block.le32(0)? == MAGIC && block.le32(4)? == 1 && block.le64(144)? == at / 512;
    if !is_member {
        return Ok(None);
    }
    let name = identity::label(block.slice(32, 32)?);
    let array =
        name.as_deref().map_or_else(|| "an array".to_owned(), |name| format!("array {name}"));
    Ok(Some(VolumeInfo {
        label: name,
        uuid: identity::uuid(block.slice(16, 16)?),
        state: State::Member(array),
        ..VolumeInfo::named(Kind::LinuxRaid, format!("Linux RAID {version}"))
    }))
}

/// In the byte order of the machine that made it; mdadm shows the words of the UUID most
/// significant byte first.
fn version_0(at: u64, bytes: &[u8]) -> Result<Option<OldMember>, MapError> {
    let block = Bytes::new(bytes, "md superblock");
    let is_little = block.le32(0)? == MAGIC && block.le32(4)? == 0;
    let is_big = block.be32(0)? == MAGIC && block.be32(4)? == 0;
    if !is_little && !is_big {
        return Ok(None);
    }
    let mut uuid = [block.slice(20, 4)?, block.slice(52, 12)?].concat();
    if is_little {
        uuid.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    }
    let used_kib = if is_little { block.le32(32)? } else { block.be32(32)? };
    let info = VolumeInfo {
        uuid: identity::uuid(&uuid),
        state: State::Member("an array".to_owned()),
        ..VolumeInfo::named(Kind::LinuxRaid, "Linux RAID 0.90")
    };
    Ok(Some(OldMember { at, used: u64::from(used_kib) * KIB, info }))
}
