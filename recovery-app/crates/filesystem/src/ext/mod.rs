//! The second, third and fourth extended filesystems (Linux `Documentation/filesystems/ext4/`,
//! `fs/ext4/`, `fs/jbd2/`; e2fsprogs `lib/ext2fs/`).
//!
//! The structures are read by hand: of the crates that read ext4, none tells which blocks are
//! allocated or where a file lies, and what maps need (groups, bitmaps, the journal's copies,
//! extents) is also most of what finding a file by its path takes.
//!
//! A volume that was not unmounted in order is seen as it will be once its journal is replayed
//! ([`volume::Volume`] over [`journal::Log`]).

mod allocation;
mod bitmap;
mod checksum;
mod directory;
mod features;
mod files;
mod group;
mod inode;
mod journal;
mod layout;
mod mapping;
mod os_release;
mod probe;
mod superblock;
mod volume;

use block::{BlockDevice, BlockError, ExtentSet};

use crate::{AllocationMap, MapError, VolumeInfo};

use journal::{Journal, Log};
use mapping::Budget;
use volume::Volume;

/// What the volume says of itself, or `None` when it is no ext filesystem.
///
/// Fails when the primary superblock cannot be read.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    probe::probe(volume)
}

/// What a backup of the superblock says where the primary one is lost or cannot be read, if nothing
/// speaks against it.
///
/// Such a backup outlives the filesystem that it belongs to, and a newer one often leaves zeros where
/// the primary was: ask this only where there is nothing else.
pub fn probe_backup(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    probe::probe_backup(volume)
}

/// The used bytes of the volume.
///
/// On a clean volume, checksums and all counts must agree. On one that needs recovery, what is
/// used before, during or after replay of the journal is used, and a group whose bitmap cannot
/// be believed is used whole. Volumes with recorded errors, without a journal to replay, or with
/// unknown features are refused.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    allocation::allocation(volume)
}

/// At most `most` paths of files whose content, map or inode lies in `extents`.
pub fn files_on(
    volume: &dyn BlockDevice,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    files::files_on(&view(volume)?, extents, most)
}

/// The first `most` bytes of the regular file at `path`; `None` when there is none, or when it
/// is encrypted.
pub fn read_file(
    volume: &dyn BlockDevice,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let volume = view(volume)?;
    directory::file(&volume, path, most, &mut Budget::for_one())
}

/// The volume for reading files: with its journal replayed where that is needed and possible.
fn view(device: &dyn BlockDevice) -> Result<Volume<'_>, MapError> {
    let volume = Volume::open(device)?;
    volume.superblock.features.check_known()?;
    if !volume.superblock.needs_recovery() || volume.superblock.journal_inode == 0 {
        return Ok(volume);
    }
    let replayed = Journal::open(&volume)
        .and_then(|journal| match journal.has_transactions() {
            true => Log::scan(&volume, journal).and_then(|log| volume.replayed(log)).map(Some),
            false => Ok(None),
        })
        // Without its journal the volume still shows most files as they are.
        .unwrap_or(None);
    Ok(replayed.unwrap_or(volume))
}
