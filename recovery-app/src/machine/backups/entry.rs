//! What a folder with a backup says of it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use block::Caching;
use engine::{Backup, FIRST_IMAGE, ImageFile, LARGEST_MANIFEST, MANIFEST_NAME};
use image::{FORMAT_VERSION, ImageError, ImageReader, Manifest, json};
use report::backup::{fingerprint, made_in_words, source_in_words};
use report::content;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tui::BackupEntry;
use tui::job::BackupId;

const NEWER: &str = "it was made by a newer Remetal";
const DAMAGED: &str = "its list of contents (manifest.json) is damaged";
const NOT_UNDERSTOOD: &str =
    "its list of contents (manifest.json) is damaged, or was made by a newer Remetal";

/// The name of a backup: that of its folder on the volume.
pub fn name_of(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "(in no folder)".into(), |name| name.to_string_lossy()).into()
}

/// The backup in `folder`, by its manifest or, where that is missing or damaged, by what the image
/// says of itself; `None` where neither is. Opens no more than so many `images`.
pub fn of(id: BackupId, folder: &Path, images: &mut usize) -> Option<BackupEntry> {
    let problem = match listed(folder) {
        Ok(image) => {
            return Some(described(id, &image.manifest, image.fingerprint, image.stored_size));
        }
        Err(problem) => problem,
    };
    // Other programs have files of the name manifest.json too.
    if !has_image(folder) {
        return None;
    }
    if *images == 0 {
        let unknown =
            || "it has no manifest.json, and too many others on the drive have none".into();
        return Some(nameless(id, problem.unwrap_or_else(unknown)));
    }
    *images -= 1;
    Some(match (ImageReader::open(&folder.join(FIRST_IMAGE), Caching::Cached), problem) {
        (Ok(image), None) => by_image(id, &image),
        (Ok(image), Some(problem)) => BackupEntry {
            problem: Some(format!(
                "{problem}. The image itself carries a copy: move that file away, and the backup \
                 can be restored"
            )),
            ..by_image(id, &image)
        },
        (Err(ImageError::NewerVersion { .. }), _) => nameless(id, NEWER.to_owned()),
        (Err(_), Some(problem)) => nameless(id, problem),
        (Err(error), None) => nameless(id, why_unusable(&error)),
    })
}

/// What the manifest beside the image says; otherwise what is wrong with it, if there is one.
fn listed(folder: &Path) -> Result<ImageFile, Option<String>> {
    let path = folder.join(MANIFEST_NAME);
    let damaged = || Some(DAMAGED.to_owned());
    let file = fs::symlink_metadata(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => None,
        _ => damaged(),
    })?;
    // Opening a pipe would wait for its other end.
    if !file.is_file() || file.len() > LARGEST_MANIFEST {
        return Err(damaged());
    }
    let text = fs::read(&path).map_err(|_| damaged())?;
    match json::from_slice::<Backup>(&text) {
        Ok(backup) => backup.images.into_iter().next().ok_or_else(damaged),
        Err(_) => Err(Some(why_not_read(&text).to_owned())),
    }
}

/// As much of a manifest as every version of it has.
#[derive(Deserialize)]
struct Outline {
    images: Vec<OutlineOfImage>,
}

#[derive(Deserialize)]
struct OutlineOfImage {
    manifest: OutlineOfManifest,
}

#[derive(Deserialize)]
struct OutlineOfManifest {
    format_version: u32,
}

fn why_not_read(text: &[u8]) -> &'static str {
    let is_newer = |image: &OutlineOfImage| image.manifest.format_version > FORMAT_VERSION;
    match json::from_slice::<Outline>(text) {
        Ok(outline) if outline.images.iter().any(is_newer) => NEWER,
        _ if serde_json::from_slice::<IgnoredAny>(text).is_ok() => NOT_UNDERSTOOD,
        _ => DAMAGED,
    }
}

fn has_image(folder: &Path) -> bool {
    let is_file = |path: &Path| fs::symlink_metadata(path).is_ok_and(|file| file.is_file());
    is_file(&folder.join(FIRST_IMAGE)) || is_file(&folder.join(format!("{FIRST_IMAGE}.001")))
}

fn why_unusable(error: &ImageError) -> String {
    match error {
        ImageError::Unfinished(_) => {
            "its image has no end: it was never finished, or was cut short".to_owned()
        }
        ImageError::WrongPart { path, reason } => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!("its image is not whole. {name}: {reason}")
        }
        ImageError::NotAnImage { .. } => "its image was not made by Remetal".to_owned(),
        _ => "it has no manifest.json, and its image is damaged".to_owned(),
    }
}

fn by_image(id: BackupId, image: &ImageReader) -> BackupEntry {
    described(id, image.manifest(), fingerprint(image), image.stored_size())
}

fn described(id: BackupId, manifest: &Manifest, fingerprint: String, stored: u64) -> BackupEntry {
    BackupEntry {
        name: name_of(&id.folder),
        id,
        fingerprint,
        made: made_in_words(&manifest.created),
        source: source_in_words(&manifest.disk),
        disk_size: manifest.disk.size,
        logical_sector: manifest.disk.logical_sector,
        contents: content::of_manifest(manifest),
        content: manifest.totals.data.saturating_add(manifest.totals.zero),
        stored,
        lost: manifest.unreadable.len(),
        problem: (manifest.format_version > FORMAT_VERSION).then(|| NEWER.to_owned()),
    }
}

/// A backup of which nothing is known but that it cannot be restored.
fn nameless(id: BackupId, problem: String) -> BackupEntry {
    BackupEntry {
        name: name_of(&id.folder),
        id,
        fingerprint: String::new(),
        made: String::new(),
        source: String::new(),
        disk_size: 0,
        logical_sector: 0,
        contents: Vec::new(),
        content: 0,
        stored: 0,
        lost: 0,
        problem: Some(problem),
    }
}
