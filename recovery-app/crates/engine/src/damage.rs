//! Puts damage into words: which bytes of the disk, which volume, which files.

use block::{BlockDevice, Extent, ExtentSet, Window};
use image::manifest::{CaptureRecord, VolumeRecord};
use image::{Damage, FrameKind, ImageReader};
use serde::Serialize;

use crate::damage_list::DamageList;
use crate::{Cancel, EngineError, ImageDevice};

/// Most files named by one search.
pub(crate) const MOST_FILES: usize = 100;
/// Most volumes named for one range: lists of volumes may be long, and say anything.
const MOST_VOLUMES: usize = 20;
/// Most characters of the name of a volume.
const MOST_LETTERS: usize = 300;
/// Ranges of one volume whose files are searched for one by one: each search reads all inodes.
const SEARCHED_ALONE: usize = 16;

/// A damaged range of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamagedRange {
    /// The bytes of the disk; empty where the damage is in what holds none of them.
    pub disk: Extent,
    /// Where the frame, or what tells of it, lies in the image stream, in bytes.
    pub stored: Extent,
    /// What is wrong with it.
    pub reason: String,
    /// The first of the volumes that lose data; none for free space.
    pub volumes: Vec<String>,
    /// Files that lose data, as far as they can be found; see [`files_by_range`].
    pub files: Vec<String>,
}

/// An error instead of damage where nothing of the image can be read any more.
pub(crate) fn unless_gone(image: &ImageReader, damage: Damage) -> Result<Damage, EngineError> {
    if damage.is_unread && !image.answers() {
        let backup = image.path().to_owned();
        return Err(EngineError::BackupGone { backup, reason: damage.reason });
    }
    Ok(damage)
}

/// Names volumes and files for each range in a list.
pub(crate) fn describe(
    image: &ImageReader,
    damage: &DamageList,
    cancel: &Cancel,
) -> Result<Vec<DamagedRange>, EngineError> {
    let device = ImageDevice::new(image);
    let damage = damage.listed();
    // Nothing is lost where a frame stands for free space.
    let loses = |damage: &Damage| damage.kind.is_content();
    let lost: Vec<Extent> =
        damage.iter().filter(|damage| loses(damage)).map(|damage| damage.disk).collect();
    let volumes = image.manifest().volumes.iter().filter_map(|volume| match volume.extents[..] {
        [place] if volume.capture != CaptureRecord::Excluded => Some(place),
        _ => None,
    });
    let mut files = files_by_range(&device, volumes, &lost, cancel).into_iter();
    cancel.check()?;
    let range = |damage: &Damage| {
        let is_lost = loses(damage);
        DamagedRange {
            disk: damage.disk,
            stored: damage.stored,
            reason: reason_of(damage),
            volumes: if is_lost { volumes_in(image, damage.disk) } else { Vec::new() },
            files: if is_lost { files.next().unwrap_or_default() } else { Vec::new() },
        }
    };
    Ok(damage.iter().map(range).collect())
}

/// The volumes of the manifest that have bytes in `range`.
fn volumes_in(image: &ImageReader, range: Extent) -> Vec<String> {
    let volumes = image.manifest().volumes.iter();
    let hit = volumes
        .filter(|volume| volume.extents.iter().any(|extent| extent.intersection(&range).is_some()));
    let name = |volume: &VolumeRecord| {
        let name = format!("{} ({})", volume.place, volume.title);
        name.chars().take(MOST_LETTERS).collect()
    };
    hit.take(MOST_VOLUMES).map(name).collect()
}

fn reason_of(damage: &Damage) -> String {
    let reason = &damage.reason;
    match damage.kind {
        FrameKind::Hole => format!("{reason}; it stands for free space: nothing is lost"),
        FrameKind::Excluded => format!("{reason}; it stands for what was not captured"),
        _ => reason.clone(),
    }
}

/// The paths of the files that have bytes in each of `ranges` of the disk, where its volumes lie at
/// `volumes`.
///
/// Where a volume has many such ranges, the files of all but the first are found in one search and
/// stand together at the one that follows these: the time is that of a few searches, whatever the
/// damage. A stop ends the search: what was found until then is the answer.
pub(crate) fn files_by_range(
    disk: &dyn BlockDevice,
    volumes: impl Iterator<Item = Extent>,
    ranges: &[Extent],
    cancel: &Cancel,
) -> Vec<Vec<String>> {
    let mut files = vec![Vec::new(); ranges.len()];
    for place in volumes {
        let inside = |range: &Extent| {
            let hit = place.intersection(range)?;
            Some(Extent::new(hit.start - place.start, hit.length))
        };
        let hits: Vec<(usize, Extent)> =
            (0..).zip(ranges).filter_map(|(n, r)| Some((n, inside(r)?))).collect();
        if hits.is_empty() {
            continue;
        }
        let volume = Window::new(disk, place);
        // What cannot be identified has no names to offer.
        let Ok(info) = filesystem::identify(&volume) else { continue };
        let (alone, together) = hits.split_at(hits.len().min(SEARCHED_ALONE));
        for hits in alone.chunks(1).chain([together]).filter(|hits| !hits.is_empty()) {
            if cancel.is_cancelled() {
                return files;
            }
            // Volumes that lie in each other do not make the list longer.
            let room = MOST_FILES.saturating_sub(files[hits[0].0].len());
            if room == 0 {
                continue;
            }
            let extents: ExtentSet = hits.iter().map(|(_, extent)| *extent).collect();
            let found = filesystem::files_on(&volume, &info, &extents, room);
            files[hits[0].0].extend(found);
        }
    }
    files
}
