//! Members of ZFS pools: a label of 256 KiB at the start, one behind it, two at the end, each with
//! a packed list of names and values and a ring of "uberblocks" (OpenZFS `vdev_label.c`).

use block::{BlockDevice, BlockError};

use super::row::read;
use crate::{Kind, State, VolumeInfo, identity};

const LABEL: u64 = 256 << 10;
/// Place and bytes of the list in a label.
const LIST: u64 = 16 << 10;
const LIST_BYTES: usize = 112 << 10;
/// Place, number and spacing of the uberblocks of a label.
const RING: u64 = 128 << 10;
const RING_BYTES: usize = 128 << 10;
const UBERBLOCK: usize = 1 << 10;
const MAGIC: u64 = 0x00ba_b10c;

/// The labels at the start decide: those at the end often outlive the pool.
pub(super) fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    let mut failure = None;
    for label in [0, LABEL] {
        match has_uberblock(volume, label) {
            Ok(false) => {}
            Ok(true) => return Ok(Some(describe(volume, label))),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(None), Err)
}

fn has_uberblock(volume: &dyn BlockDevice, label: u64) -> Result<bool, BlockError> {
    let Some(ring) = read(volume, label + RING, RING_BYTES)? else {
        return Ok(false);
    };
    Ok(ring.chunks_exact(UBERBLOCK).any(|block| {
        block.starts_with(&MAGIC.to_le_bytes()) || block.starts_with(&MAGIC.to_be_bytes())
    }))
}

fn describe(volume: &dyn BlockDevice, label: u64) -> VolumeInfo {
    let list = read(volume, label + LIST, LIST_BYTES).ok().flatten().unwrap_or_default();
    let name = pool_name(&list);
    let pool = name.as_deref().map_or_else(|| "a pool".to_owned(), |name| format!("pool {name}"));
    VolumeInfo { label: name, state: State::Member(pool), ..VolumeInfo::named(Kind::Zfs, "ZFS") }
}

/// The value of "name": in the list (XDR), name and value each have their length before them and
/// are filled up to four bytes; between them come the type (9, a string) and the number 1.
fn pool_name(list: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\0\0\0\x04name\0\0\0\x09\0\0\0\x01";
    let at = list.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let length = u32::from_be_bytes(list.get(at..at + 4)?.try_into().ok()?);
    let end = (at + 4).checked_add(usize::try_from(length).ok()?)?;
    identity::label(list.get(at + 4..end)?)
}
