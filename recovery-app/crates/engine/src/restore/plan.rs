use std::path::{Path, PathBuf};

use block::{BlockDevice, Caching, ExtentSet, Geometry};
use image::ImageReader;
use image::manifest::{CaptureRecord, DiskRecord, Manifest};
use partition_table::{Layout, Relocation};
use serde::Serialize;

use super::contents::{future, present};
use super::kept::kept;
use crate::{EngineError, ImageDevice, backup, index, path_text};

/// A disk or file that a restore would overwrite, and what is known about it.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// Its identity and sizes.
    pub disk: DiskRecord,
    /// The word to type for it, which no other attached disk has.
    pub word: String,
    /// Why it must not be written, in sentences: mounted, read-only, holds the backup.
    pub forbidden: Vec<String>,
}

impl Target {
    fn geometry(&self) -> Geometry {
        Geometry {
            size: self.disk.size,
            logical_sector: self.disk.logical_sector,
            physical_sector: self.disk.physical_sector,
        }
    }
}

/// What a restore would do. Nothing is written yet.
#[derive(Debug, Serialize)]
pub struct RestorePlan {
    /// The backup.
    #[serde(serialize_with = "path_text::lossy")]
    pub backup: PathBuf,
    /// SHA-256 over the image's index, hexadecimal.
    pub fingerprint: String,
    /// The disk that was captured.
    pub source: DiskRecord,
    /// The disk that would be overwritten.
    pub target: Target,
    /// What is on the target now and is lost, a line each.
    pub before: Vec<String>,
    /// What is on the target now and stays as it is, a line each: partitions that are not in the
    /// backup.
    pub stays: Vec<String>,
    /// What will be on it, a line each.
    pub after: Vec<String>,
    /// What is unusual, in sentences.
    pub warnings: Vec<String>,
    /// Why it will not be done, in sentences; empty when it can be.
    pub refusals: Vec<String>,
    /// Bytes that will be written.
    pub content: u64,
    #[serde(skip)]
    image: ImageReader,
    #[serde(skip)]
    relocation: Option<Relocation>,
    #[serde(skip)]
    old_layout: Option<Layout>,
}

/// A plan that a person has agreed to. Only [`RestorePlan::confirm`] makes one.
#[derive(Debug)]
pub struct ConfirmedPlan {
    pub(super) target: Target,
    pub(super) backup: PathBuf,
    pub(super) image: ImageReader,
    pub(super) relocation: Relocation,
    pub(super) old_layout: Option<Layout>,
    pub(super) content: u64,
}

/// Plans to restore the backup at `backup` onto `target`. `device` gives the target's present
/// content, at any alignment; `None` when it is a file that does not exist yet.
pub fn plan(
    backup: &Path,
    target: Target,
    device: Option<&dyn BlockDevice>,
) -> Result<RestorePlan, EngineError> {
    let image = backup::open(backup, Caching::Dropped)?;
    // The index is small. The frames, which are not, are checked right before the first write.
    index::check(&image)?;
    let mut refusals = target.forbidden.clone();
    refusals.extend(size_refusals(&image, &target));
    let mut warnings = image.manifest().table.notes.clone();
    let mut relocation = None;
    if refusals.is_empty() {
        let disk = ImageDevice::new(&image);
        let relocated = partition_table::relocate(&disk, target.geometry())
            .map_err(|error| disk.reason_for(error))?;
        warnings.extend(relocated.notes.iter().cloned());
        relocation = Some(relocated);
    }
    warnings.extend(content_warnings(image.manifest()));
    let old_layout = device.and_then(|device| partition_table::read(device).ok());
    let new = relocation.as_ref().map(|relocation| &relocation.layout);
    let kept = match new {
        Some(new) => kept(&image, old_layout.as_ref(), new)?,
        None => ExtentSet::default(),
    };
    let now = device.zip(old_layout.as_ref());
    let (before, stays) = now.map(|now| present(now, new, &kept)).unwrap_or_default();
    let after = new.map(|new| future(image.manifest(), new, device)).unwrap_or_default();
    Ok(RestorePlan {
        backup: backup.to_owned(),
        fingerprint: backup::hex(&image.fingerprint()),
        source: image.manifest().disk.clone(),
        before,
        stays,
        after,
        warnings,
        refusals,
        content: crate::verify::content(&image),
        target,
        image,
        relocation,
        old_layout,
    })
}

fn size_refusals(image: &ImageReader, target: &Target) -> Vec<String> {
    let header = image.header();
    let mut refusals = Vec::new();
    if target.disk.size < header.disk_size {
        refusals.push(format!(
            "the target is too small by {} bytes: the captured disk has {}, the target {}",
            header.disk_size - target.disk.size,
            header.disk_size,
            target.disk.size
        ));
    }
    if target.disk.logical_sector != header.logical_sector {
        refusals.push(format!(
            "the captured disk has logical sectors of {} bytes, the target of {}",
            header.logical_sector, target.disk.logical_sector
        ));
    }
    refusals
}

fn content_warnings(manifest: &Manifest) -> Vec<String> {
    let mut warnings = Vec::new();
    for volume in &manifest.volumes {
        let place = &volume.place;
        if volume.capture == CaptureRecord::Excluded {
            warnings.push(format!(
                "{place} is not in the backup: its bytes on the target stay as they are"
            ));
        }
        if volume.state.starts_with("hibernated") {
            warnings.push(format!("{place} was captured while its system was hibernated"));
        }
    }
    for lost in &manifest.unreadable {
        warnings.push(format!(
            "{} were lost at the capture: the old disk could not be read there",
            lost.in_words()
        ));
    }
    warnings
}

impl RestorePlan {
    /// The plan, agreed to by typing the target's confirmation word (in any case).
    pub fn confirm(self, word: &str) -> Result<ConfirmedPlan, EngineError> {
        if !self.refusals.is_empty() {
            return Err(EngineError::refused(
                self.refusals.join("; "),
                "Choose another target. Nothing was written.",
            ));
        }
        if !word.trim().eq_ignore_ascii_case(self.target.word.trim()) {
            return Err(EngineError::refused(
                format!("`{word}` is not the confirmation word of {}", self.target.disk.path),
                "Look at `remetal plan`: it shows the word, and what will be lost. Nothing was written.",
            ));
        }
        let Some(relocation) = self.relocation else {
            return Err(EngineError::refused("there is no plan for the partition table", ""));
        };
        Ok(ConfirmedPlan {
            target: self.target,
            backup: self.backup,
            image: self.image,
            relocation,
            old_layout: self.old_layout,
            content: self.content,
        })
    }
}
