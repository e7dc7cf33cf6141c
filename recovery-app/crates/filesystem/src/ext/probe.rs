//! What a volume says of itself, from its superblock or a backup of it.

use block::{BlockDevice, BlockError};

use crate::{Kind, MapError, State, VolumeInfo};

use super::features::{Features, incompat, ro_compat};
use super::os_release;
use super::superblock::{LENGTH, OFFSET, Superblock, has_magic};
use super::volume::read_bytes;

/// Block sizes that mke2fs makes, as powers of two, and cluster ratios to look for backups with.
const BLOCK_SIZES: std::ops::RangeInclusive<u32> = 10..=16;
const RATIOS: [u64; 2] = [1, 16];
/// Most blocks in a group with blocks larger than 4 KiB.
const MOST_GROUP: u64 = 65_528;

/// See [`super::probe`].
pub(super) fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    if volume.size() < OFFSET + LENGTH as u64 {
        return Ok(None);
    }
    let primary = read_bytes(volume, OFFSET, LENGTH)?;
    if !has_magic(&primary) {
        return Ok(None);
    }
    Ok(Some(match Superblock::parse(&primary) {
        Ok(superblock) => describe(volume, &superblock),
        Err(_) if is_journal_device(&primary) => journal_device(),
        Err(error) => unreadable(volume, &primary, &error),
    }))
}

/// See [`super::probe_backup`].
pub(super) fn probe_backup(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    if volume.size() < OFFSET + LENGTH as u64 {
        return Ok(None);
    }
    match read_bytes(volume, OFFSET, LENGTH) {
        Ok(primary) if has_magic(&primary) => Ok(None),
        Ok(primary) => {
            let found = backup(volume, |backup| may_be_lost(&primary, backup));
            Ok(found.map(|backup| damaged(&backup, "its superblock is lost")))
        }
        Err(unreadable) => match backup(volume, |_| true) {
            Some(backup) => Ok(Some(damaged(&backup, "its superblock cannot be read"))),
            None => Err(unreadable),
        },
    }
}

/// True when `primary` may be what is left of the superblock that `backup` copies.
fn may_be_lost(primary: &[u8], backup: &Superblock) -> bool {
    primary.iter().all(|byte| *byte == 0) || primary[0x68..0x78] == backup.uuid
}

fn is_journal_device(primary: &[u8]) -> bool {
    u32::from(primary[0x60]) & incompat::JOURNAL_DEV != 0
}

fn journal_device() -> VolumeInfo {
    VolumeInfo {
        state: State::Member("the journal of another ext volume".to_owned()),
        ..VolumeInfo::named(Kind::Other, "ext journal")
    }
}

/// A superblock with the right magic number that is wrong in other ways, or not understood.
fn unreadable(volume: &dyn BlockDevice, primary: &[u8], error: &MapError) -> VolumeInfo {
    match backup(volume, |backup| primary[0x68..0x78] == backup.uuid) {
        Some(backup) => damaged(&backup, &error.to_string()),
        None => VolumeInfo {
            state: State::Damaged(error.to_string()),
            ..VolumeInfo::named(Kind::Ext4, "ext4")
        },
    }
}

fn damaged(backup: &Superblock, reason: &str) -> VolumeInfo {
    VolumeInfo { state: State::Damaged(format!("ext4: {reason}")), ..info(backup) }
}

fn describe(volume: &dyn BlockDevice, superblock: &Superblock) -> VolumeInfo {
    let state = if superblock.covered() > volume.size() {
        State::Damaged("the filesystem is larger than its volume".to_owned())
    } else {
        state(superblock)
    };
    let system = os_release::system(volume);
    VolumeInfo { state, system, ..info(superblock) }
}

fn state(superblock: &Superblock) -> State {
    let reasons = [
        (superblock.has_errors(), "errors were found in it"),
        (superblock.needs_recovery(), "journal needs recovery"),
        (!superblock.is_marked_valid(), "not unmounted in order"),
        (superblock.has_orphans(), "deleted files wait to be cleaned up"),
    ];
    match reasons.into_iter().find(|(holds, _)| *holds) {
        Some((_, reason)) => State::Dirty(reason.to_owned()),
        None => State::Clean,
    }
}

fn info(superblock: &Superblock) -> VolumeInfo {
    let kind = kind(superblock);
    VolumeInfo {
        label: text(&superblock.label),
        uuid: spelled(&superblock.uuid),
        size: Some(superblock.covered()),
        used: Some((superblock.blocks - superblock.free_blocks) * superblock.block_size),
        ..VolumeInfo::named(kind, kind.to_string())
    }
}

/// The same distinction as `blkid` makes.
fn kind(superblock: &Superblock) -> Kind {
    let Features { incompat: needed, ro_compat: wanted, .. } = superblock.features;
    let is_beyond_ext3 = needed & !incompat::EXT3 != 0 || wanted & !ro_compat::EXT3 != 0;
    match (is_beyond_ext3, superblock.has_journal()) {
        (true, _) => Kind::Ext4,
        (false, true) => Kind::Ext3,
        (false, false) => Kind::Ext2,
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    (end > 0).then(|| String::from_utf8_lossy(&bytes[..end]).into_owned())
}

fn spelled(uuid: &[u8; 16]) -> Option<String> {
    let number = u128::from_be_bytes(*uuid);
    let digits = format!("{number:032x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    (number != 0).then(|| parts.join("-"))
}

/// The superblock copy at the start of the second group, if one that `accepts` is there.
fn backup(volume: &dyn BlockDevice, accepts: impl Fn(&Superblock) -> bool) -> Option<Superblock> {
    let places = BLOCK_SIZES.flat_map(|bits| RATIOS.map(|ratio| (1_u64 << bits, ratio)));
    places
        .filter_map(|(size, ratio)| {
            let clusters = if size > 4096 { MOST_GROUP } else { size * 8 };
            let first = u64::from(size == 1024 && ratio == 1);
            let offset = (first + clusters * ratio) * size;
            let superblock = Superblock::parse(&read_bytes(volume, offset, LENGTH).ok()?).ok()?;
            let is_backup = superblock.group_number == 1
                && superblock.group_start(1).checked_mul(superblock.block_size) == Some(offset)
                && superblock.covered() <= volume.size();
            is_backup.then_some(superblock)
        })
        .find(accepts)
}
