//! The files an image consists of: one, or parts cut at a fixed size.

mod read;
mod write;

use std::path::{Path, PathBuf};

pub(crate) use read::PartReader;
use serde::{Deserialize, Serialize};
pub(crate) use write::PartWriter;

use crate::ImageError;

/// One file of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// File name, without the folder.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
}

/// The most parts of an image. Their numbers have three digits, so that a shell puts them in order:
/// `cat disk0.img.zst* | zstd -d` is the way back without this program.
pub const MOST_PARTS: usize = 999;

/// The path of part `number` (from 1) of the image at `path`.
pub(crate) fn part_path(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number:03}"));
    name.into()
}

/// The files of the image at `path` (`.../disk0.img.zst`), in order: that file itself, or
/// `path.001`, `path.002` and so on without a gap.
pub fn find_parts(path: &Path) -> Result<Vec<PathBuf>, ImageError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let numbers = part_numbers(path)?;
    let Some(last) = numbers.iter().max().copied() else {
        // What has the name of an image, and is none.
        return match path.symlink_metadata() {
            Ok(_) => Ok(vec![path.to_owned()]),
            Err(_) => Err(ImageError::NotFound(path.to_owned())),
        };
    };
    (1..=last)
        .map(|number| {
            let part = part_path(path, number);
            let missing = || ImageError::WrongPart {
                path: part.clone(),
                reason: "this part is missing".to_owned(),
            };
            numbers.contains(&number).then(|| part.clone()).ok_or_else(missing)
        })
        .collect()
}

/// The folder that the file at `path` lies in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The numbers of all files beside `path` that look like its parts.
fn part_numbers(path: &Path) -> Result<Vec<usize>, ImageError> {
    let folder = folder_of(path);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ImageError::file(folder, "listing", error)),
    };
    let Some(base) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    Ok(entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(base)?.strip_prefix('.')?.parse().ok()?;
            (part_path(path, number).file_name() == Some(&name)).then_some(number)
        })
        .collect())
}
