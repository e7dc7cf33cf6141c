//! Proving a backup: every hash, every length, every part.

use std::path::Path;

use block::Caching;
use image::ImageReader;
use image::manifest::UnreadableRecord;
use serde::Serialize;

use crate::damage::{DamagedRange, describe};
use crate::damage_list::{DamageList, DamageTotals};
use crate::records::{Walk, Walked};
use crate::{Bottleneck, Cancel, EngineError, Observer, Phase, backup, index, seek_table};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// SHA-256 over the index, hexadecimal.
    pub fingerprint: String,
    /// Bytes of the disk whose hashes were checked and agree.
    pub content: u64,
    /// Bytes of image files read.
    pub stored: u64,
    /// What is damaged, the first of it where there is very much; empty when the backup is good.
    pub damage: Vec<DamagedRange>,
    /// How much is damaged, listed or not.
    pub damaged: DamageTotals,
    /// What the backup never had, because the old disk could not be read there: no damage of the
    /// backup.
    pub lost: Vec<UnreadableRecord>,
}

/// Reads the backup at `path` from its disk, not from memory, and checks everything: manifest,
/// parts, index and seek table, and for every frame its stored checksum, its length and the
/// SHA-256 of its content.
///
/// Damage to frames and to segments of the index, and a seek table that disagrees with the index,
/// are part of the answer; what makes the image unusable as a whole (no end, a part missing, a damaged
/// root, an index that contradicts the manifest) is an error.
pub fn verify(
    path: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Verification, EngineError> {
    verify_image(&backup::open(path, Caching::Dropped)?, observer, cancel)
}

/// The same for the image at `path` in a folder that does not have its name yet.
pub(crate) fn verify_unfinished(
    path: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Verification, EngineError> {
    verify_image(&ImageReader::open(path, Caching::Dropped)?, observer, cancel)
}

fn verify_image(
    image: &ImageReader,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Verification, EngineError> {
    let Walked { damage: found, sound } = check_frames(image, observer, cancel)?;
    let mut damage = describe(image, &found, cancel)?;
    let mut damaged = found.totals();
    if found.is_empty() {
        index::check(image)?;
    }
    if let Some(fault) = seek_table::fault_in(image, cancel)? {
        damage.push(fault);
        damaged.ranges += 1;
    }
    Ok(Verification {
        fingerprint: backup::hex(&image.fingerprint()),
        content: sound,
        stored: image.stored_size(),
        damage,
        damaged,
        lost: image.manifest().unreadable.clone(),
    })
}

/// Bytes of content in an image, by its manifest.
pub(crate) fn content(image: &ImageReader) -> u64 {
    let totals = &image.manifest().totals;
    totals.data.saturating_add(totals.zero)
}

/// Checks and decodes every frame.
fn check_frames(
    image: &ImageReader,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Walked, EngineError> {
    let walk = Walk {
        image,
        observer,
        cancel,
        phase: Phase::Verify,
        total: content(image),
        outside: Bottleneck::Backup,
    };
    walk.run(|bench, record| {
        let compressed =
            matches!(record.kind, image::FrameKind::Data | image::FrameKind::Unreadable);
        Ok(if compressed {
            bench.decode(image, record).map(|_| ())
        } else {
            bench.check(image, record)
        })
    })
}

/// Checks every frame as stored, without decompressing: what a restore does before it writes.
pub(crate) fn check_stored(
    image: &ImageReader,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<DamageList, EngineError> {
    let total = content(image);
    let outside = Bottleneck::Backup;
    let walk = Walk { image, observer, cancel, phase: Phase::Check, total, outside };
    Ok(walk.run(|bench, record| Ok(bench.check(image, record)))?.damage)
}
