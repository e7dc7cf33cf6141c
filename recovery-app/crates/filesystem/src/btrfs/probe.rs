//! What the superblock says of the volume.

use block::{AlignedBuffer, BlockDevice, BlockError};

use super::content;
use super::superblock::{self, MIRRORS, Mirror, Superblock};
use super::volume::Btrfs;
use crate::{Kind, State, VolumeInfo};

/// Most bytes of `os-release` that are read.
const OS_RELEASE: usize = 64 << 10;

/// See [`super::probe`].
pub(super) fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    let damage = match superblock::read(volume, MIRRORS[0]) {
        Mirror::Sound(superblock) => return Ok(Some(describe_sound(volume, &superblock))),
        Mirror::Damaged(reason) => reason,
        Mirror::Unreadable(error) => error.to_string(),
        Mirror::Absent => "btrfs superblock has lost its signature".to_owned(),
    };
    let primary = superblock_place(volume);
    let mirror = MIRRORS[1..].iter().find_map(|place| match superblock::read(volume, *place) {
        Mirror::Sound(superblock) => Some(superblock),
        _ => None,
    });
    let mut info = match (mirror, primary) {
        // Mirrors outlive a new filesystem in the same place: they count only with a primary
        // that cannot be read, or that is of the same filesystem.
        (Some(mirror), Err(_)) => describe(&mirror),
        (Some(mirror), Ok(primary)) if primary[32..48] == mirror.fsid => describe(&mirror),
        (_, Ok(primary)) if primary[64..72] == *b"_BHRfS_M" => {
            VolumeInfo::named(Kind::Btrfs, "btrfs")
        }
        (None, Err(error)) => return Err(error),
        _ => return Ok(None),
    };
    info.state = State::Damaged(damage);
    Ok(Some(info))
}

fn superblock_place(volume: &dyn BlockDevice) -> Result<AlignedBuffer, BlockError> {
    let mut bytes = AlignedBuffer::zeroed(superblock::SIZE);
    if MIRRORS[0] + superblock::SIZE as u64 <= volume.size() {
        volume.read_at(&mut bytes, MIRRORS[0])?;
    }
    Ok(bytes)
}

fn describe_sound(volume: &dyn BlockDevice, superblock: &Superblock) -> VolumeInfo {
    let mut info = describe(superblock);
    if superblock.devices == 1 && superblock.device_size > volume.size() {
        info.state = State::Damaged(format!(
            "btrfs covers {} bytes, the volume has {}",
            superblock.device_size,
            volume.size()
        ));
    }
    // A system that cannot be named is no reason to fail: the map will tell of damage.
    let release = Btrfs::open(volume)
        .and_then(|btrfs| content::read_file(&btrfs, "etc/os-release", OS_RELEASE));
    info.system = release.ok().flatten().and_then(|content| pretty_name(&content));
    info
}

fn describe(superblock: &Superblock) -> VolumeInfo {
    let label = superblock.label.clone();
    VolumeInfo {
        label: (!label.is_empty()).then_some(label),
        uuid: Some(spell_uuid(superblock.fsid)),
        size: Some(superblock.device_size),
        used: Some(superblock.bytes_used),
        state: state(superblock),
        ..VolumeInfo::named(Kind::Btrfs, "btrfs")
    }
}

fn state(superblock: &Superblock) -> State {
    if superblock.devices != 1 {
        return State::Member(format!("btrfs on {} devices", superblock.devices));
    }
    match superblock.log_root {
        Some(_) => State::Dirty("log tree to replay".to_owned()),
        None => State::Clean,
    }
}

fn spell_uuid(uuid: [u8; 16]) -> String {
    let hex = |range: std::ops::Range<usize>| -> String {
        uuid[range].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    [hex(0..4), hex(4..6), hex(6..8), hex(8..10), hex(10..16)].join("-")
}

/// The value of `PRETTY_NAME` in an os-release file.
fn pretty_name(content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    let value = text.lines().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="))?;
    let name: String =
        value.trim().trim_matches(['"', '\'']).chars().filter(|c| !c.is_control()).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_name_out_of_its_quotes() {
        let content = b"NAME=\"X\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(pretty_name(content).as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(pretty_name(b"PRETTY_NAME=\"\"\n"), None);
        assert_eq!(pretty_name(b"\xff\xfe"), None);
    }

    #[test]
    fn spells_uuids_as_blkid_does() {
        let uuid = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(spell_uuid(uuid), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
