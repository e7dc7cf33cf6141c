use std::panic::{AssertUnwindSafe, catch_unwind};

use block::{BlockDevice, BlockError, Extent, ExtentSet};

use crate::any_alignment::AnyAlignment;
use crate::{
    Allocation, AllocationMap, Kind, MapError, State, VolumeInfo, btrfs, exfat, ext, fat, lvm,
    nested_table, ntfs, signature, swap, xfs,
};

type Probe = fn(&dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError>;
type Allocate = fn(&dyn BlockDevice) -> Result<AllocationMap, MapError>;
type FilesOn = fn(&dyn BlockDevice, &ExtentSet, usize) -> Result<Vec<String>, MapError>;
type ReadFile = fn(&dyn BlockDevice, &str, usize) -> Result<Option<Vec<u8>>, MapError>;

/// All probes of what is on a volume now, in the order in which they are believed.
///
/// What contains another volume comes first, because the filesystem inside often shines through:
/// a mirror half with its superblock at the end, BitLocker behind a FAT or NTFS boot sector.
/// Among filesystems, those with a long signature and a checksum come before the boot sectors.
const PROBES: [Probe; 12] = [
    signature::probe_md,
    signature::probe_container,
    lvm::probe,
    swap::probe,
    btrfs::probe,
    xfs::probe,
    ext::probe,
    exfat::probe,
    fat::probe,
    ntfs::probe,
    signature::probe,
    signature::probe_zfs,
];

/// Asked where there is nothing else, because a newer filesystem leaves what it looks for.
const LAST_PROBE: Probe = ext::probe_backup;

/// The functions of the module that reads one kind of filesystem.
struct Reader {
    allocation: Allocate,
    files_on: FilesOn,
    read_file: ReadFile,
}

/// The reader of a module, which has the functions that the crate's documentation lists.
macro_rules! reader {
    ($module:ident) => {
        Some(Reader {
            allocation: $module::allocation,
            files_on: $module::files_on,
            read_file: $module::read_file,
        })
    };
}

fn reader_of(kind: Kind) -> Option<Reader> {
    match kind {
        Kind::Btrfs => reader!(btrfs),
        Kind::Ext2 | Kind::Ext3 | Kind::Ext4 => reader!(ext),
        Kind::Ntfs => reader!(ntfs),
        Kind::Xfs => reader!(xfs),
        Kind::Fat12 | Kind::Fat16 | Kind::Fat32 => reader!(fat),
        Kind::ExFat => reader!(exfat),
        Kind::Swap => reader!(swap),
        Kind::Lvm2 => reader!(lvm),
        _ => None,
    }
}

/// What is on `volume`; [`Kind::Unknown`] when it is nothing that is known.
///
/// Sectors that cannot be read do not make it fail: they hide what lies there, and the state says
/// so when nothing else was found. It fails only when no probe could read anything.
pub fn identify(volume: &dyn BlockDevice) -> Result<VolumeInfo, BlockError> {
    let volume = &AnyAlignment::new(volume);
    let mut failures = Vec::new();
    for (place, probe) in PROBES.iter().chain([&LAST_PROBE]).enumerate() {
        match guarded(|| probe(volume)) {
            Ok(Ok(Some(info))) => {
                // Those before it found nothing.
                let others = PROBES.get(place + 1..).unwrap_or_default();
                return Ok(with_other_claim(volume, info, others));
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => failures.push(error),
            Err(reason) => return Ok(damaged_unknown(reason)),
        }
    }
    if failures.len() > PROBES.len() {
        return Err(failures.swap_remove(0));
    }
    Ok(match failures.first() {
        Some(error) => damaged_unknown(error.to_string()),
        None => VolumeInfo::named(Kind::Unknown, "unknown"),
    })
}

/// `info`, but both names where the volume also bears the signature of something else: which of the
/// two is older, and so what its state is worth, is not known. `others` are the probes to ask.
fn with_other_claim(volume: &dyn BlockDevice, info: VolumeInfo, others: &[Probe]) -> VolumeInfo {
    // What another volume lies in is named first by right, and bears the signature of that as well.
    if reader_of(info.kind).is_none() {
        return info;
    }
    let Ok(Some(other)) = guarded(|| other_claim(volume, info.kind, others)) else { return info };
    let state = match info.state {
        State::Clean | State::Dirty(_) | State::Damaged(_) => State::Unknown,
        state => state,
    };
    VolumeInfo { title: format!("{} or {other}", info.title), used: None, state, ..info }
}

/// Everything that has a signature on `volume` by which it would be known if it was alone there, in
/// the order in which they are believed. A sector that cannot be read claims nothing.
pub fn claims(volume: &dyn BlockDevice) -> Vec<VolumeInfo> {
    claims_of(&AnyAlignment::new(volume), &PROBES).collect()
}

/// What these probes find, each asked when its answer is wanted.
fn claims_of(volume: &dyn BlockDevice, probes: &[Probe]) -> impl Iterator<Item = VolumeInfo> {
    probes.iter().filter_map(|probe| guarded(|| probe(volume)).ok()?.ok()?)
}

fn damaged_unknown(reason: String) -> VolumeInfo {
    VolumeInfo { state: State::Damaged(reason), ..VolumeInfo::named(Kind::Unknown, "unknown") }
}

/// Which bytes of `volume` must be captured; `info` is what [`identify`] said of it.
///
/// The extents lie within the volume. What lies behind the end of the filesystem counts as used.
pub fn allocation(volume: &dyn BlockDevice, info: &VolumeInfo) -> Allocation {
    let volume = &AnyAlignment::new(volume);
    match guarded(|| map_of(volume, info)) {
        Ok(Ok(map)) => Allocation::Mapped(map),
        Ok(Err(error)) => Allocation::Whole(one_line(&error.to_string())),
        Err(reason) => Allocation::Whole(reason),
    }
}

fn map_of(volume: &dyn BlockDevice, info: &VolumeInfo) -> Result<AllocationMap, MapError> {
    let reader =
        reader_of(info.kind).ok_or_else(|| MapError::unsupported(reason_without_map(info)))?;
    if let State::Damaged(reason) = &info.state {
        return Err(MapError::damaged(reason.clone()));
    }
    if let Some(other) = other_claim(volume, info.kind, &PROBES) {
        let reason = format!("it also bears the signature of {other}");
        return Err(MapError::unsupported(reason));
    }
    let map = (reader.allocation)(volume)?;
    let size = volume.size();
    let claimed = map.covered.max(info.size.unwrap_or(0));
    if claimed > size {
        return Err(MapError::damaged(format!(
            "the filesystem has {claimed} bytes, its volume only {size}"
        )));
    }
    let behind = Extent::between(map.covered, size);
    let used = map.used.clipped(Extent::new(0, size)).union(&behind.into());
    let counted = info.used.filter(|_| info.state == State::Clean).unwrap_or(0);
    if used.total() < counted {
        return Err(MapError::damaged(format!(
            "its map has {} bytes in use, its own count {counted}",
            used.total()
        )));
    }
    Ok(AllocationMap { used, ..map })
}

/// The title of something else that has a signature on `volume`, beside the filesystem of `kind`, by
/// these probes.
///
/// A leftover of an earlier use looks the same as a volume in use, so neither is believed. A
/// sector that cannot be read claims nothing.
fn other_claim(volume: &dyn BlockDevice, kind: Kind, probes: &[Probe]) -> Option<String> {
    if nested_table::is_on(volume) {
        return Some("a partition table".to_owned());
    }
    claims_of(volume, probes).find(|other| other.kind != kind).map(|other| other.title)
}

fn reason_without_map(info: &VolumeInfo) -> String {
    let title = &info.title;
    match (&info.state, info.kind) {
        (State::Damaged(reason), _) => reason.clone(),
        (_, Kind::Unknown) => "its content is of no known kind".to_owned(),
        (State::Encrypted, _) => {
            format!("{title} encryption: content cannot be told from free space")
        }
        (State::Member(_), _) => {
            format!("{title}: one part of a larger whole, which alone does not tell what is free")
        }
        _ => format!("{title}: its free space is not read by this program"),
    }
}

/// Paths of files that lie in `extents`, at most `most`; empty where that is not known.
pub fn files_on(
    volume: &dyn BlockDevice,
    info: &VolumeInfo,
    extents: &ExtentSet,
    most: usize,
) -> Vec<String> {
    let volume = &AnyAlignment::new(volume);
    let Some(reader) = reader_of(info.kind) else {
        return Vec::new();
    };
    // Names of files are a help to the person; a volume that cannot be read has none to offer.
    guarded(|| (reader.files_on)(volume, extents, most))
        .ok()
        .and_then(Result::ok)
        .unwrap_or_default()
}

/// The first `most` bytes of the file at `path` ("etc/os-release"), if it exists and can be read.
/// Of a file with more there may be nothing on FAT, exFAT and NTFS.
pub fn read_file(
    volume: &dyn BlockDevice,
    info: &VolumeInfo,
    path: &str,
    most: usize,
) -> Option<Vec<u8>> {
    let volume = &AnyAlignment::new(volume);
    let reader = reader_of(info.kind)?;
    guarded(|| (reader.read_file)(volume, path, most)).ok()?.ok()?
}

/// Runs a reader; a panic in it becomes a reason in words.
///
/// Readers must not panic whatever the bytes, and fuzzing looks for where they do. But a mistake
/// that is left must not end the rescue of a whole disk: the one volume is captured whole instead.
fn guarded<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no details");
        one_line(&format!("internal error while reading it: {text}"))
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use block::MemoryDevice;
    use block::double::FaultDevice;

    #[test]
    fn a_panic_becomes_a_reason() {
        let reason = guarded(|| -> u8 { panic!("index 7\nout of range") }).unwrap_err();
        assert_eq!(reason, "internal error while reading it: index 7 out of range");
    }

    #[test]
    fn nothing_known_is_whole_and_unreadable_sectors_are_named() {
        let empty = MemoryDevice::from(vec![0; 1 << 20]);
        let info = identify(&empty).unwrap();
        assert_eq!((info.kind, &info.state), (Kind::Unknown, &State::Unknown));
        assert!(matches!(allocation(&empty, &info), Allocation::Whole(_)));

        let bad = FaultDevice::new(empty).unreadable(Extent::new(0, 512));
        let info = identify(&bad).unwrap();
        assert!(matches!(info.state, State::Damaged(_)), "{info:?}");
    }

    #[test]
    fn volumes_of_any_small_size_are_unknown() {
        for size in (0..70).map(|n| n * 1000) {
            let info = identify(&MemoryDevice::from(vec![0; size])).unwrap();
            assert_eq!((info.kind, info.state), (Kind::Unknown, State::Unknown), "{size}");
        }
    }
}
