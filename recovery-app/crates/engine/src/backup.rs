//! The folder that a backup is.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use block::Caching;
use image::{FinishedImage, ImageError, ImageReader, Manifest, Part};
use serde::{Deserialize, Serialize};

use crate::EngineError;
use crate::unfinished::remove_unfinished;

/// The file beside the images that says what they are.
pub const MANIFEST_NAME: &str = "manifest.json";

/// Most bytes of [`MANIFEST_NAME`]: what an image may say of itself, and some space between.
pub const LARGEST_MANIFEST: u64 = 96 << 20;

/// Most bytes of [`MANIFEST_NAME`] that are laid out for people, a field a line. Blanks may make
/// ten times as much of it.
const LARGEST_LAID_OUT: usize = 8 << 20;

/// The image of the first disk, without part numbers.
pub const FIRST_IMAGE: &str = "disk0.img.zst";

/// `manifest.json`: a copy of what each image says of itself, for people and other programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// One entry for each disk.
    pub images: Vec<ImageFile>,
}

impl Backup {
    /// As it stands in [`MANIFEST_NAME`].
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let compact = serde_json::to_vec(self).unwrap_or_default();
        if compact.len() > LARGEST_LAID_OUT {
            return compact;
        }
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

/// One image of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFile {
    /// File name without part numbers.
    pub file: String,
    /// The files that it consists of.
    pub parts: Vec<Part>,
    /// Bytes in all of them.
    pub stored_size: u64,
    /// SHA-256 over its index, hexadecimal.
    pub fingerprint: String,
    /// The manifest inside the image.
    pub manifest: Manifest,
}

impl ImageFile {
    pub(crate) fn new(finished: FinishedImage, manifest: Manifest) -> Self {
        Self {
            file: FIRST_IMAGE.to_owned(),
            parts: finished.parts,
            stored_size: finished.stored_size,
            fingerprint: hex(&finished.fingerprint),
            manifest,
        }
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The path of the image in the backup at `path`: its folder, the image, or one of its parts.
fn image_path(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.join(FIRST_IMAGE);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.rsplit_once(".zst.") {
        Some((base, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            path.with_file_name(format!("{base}.zst"))
        }
        _ => path.to_owned(),
    }
}

/// Opens the image of the backup at `path` (its folder, the image, or a part of it) and checks that
/// `manifest.json` beside it, if there is one, says the same as the image.
pub fn open(path: &Path, caching: Caching) -> Result<ImageReader, EngineError> {
    if is_partial(path) {
        return Err(EngineError::NeverFinished(path.to_owned()));
    }
    let image = image_path(path);
    let beside = read_manifest(&image.with_file_name(MANIFEST_NAME));
    let reader = ImageReader::open(&image, caching).map_err(|error| match &error {
        // It says nothing about its files.
        ImageError::NewerVersion { .. } => error,
        _ => wrong_file(&image, beside.as_ref().ok().and_then(Option::as_ref)).unwrap_or(error),
    })?;
    if let Some(beside) = beside? {
        check_manifest(&image, &reader, &beside)?;
    }
    Ok(reader)
}

/// Which file keeps the image from being opened, where `manifest.json` knows what files there should
/// be: one that is missing, has another size, or is one too many.
fn wrong_file(image: &Path, beside: Option<&Backup>) -> Option<ImageError> {
    let name = image.file_name()?.to_string_lossy();
    let parts = &beside?.images.iter().find(|entry| entry.file == name)?.parts;
    let wrong = |name: &str, reason: String| {
        Some(ImageError::WrongPart { path: image.with_file_name(name), reason })
    };
    // Names that lead elsewhere are not followed.
    let is_beside = |part: &&Part| Path::new(&part.name).file_name() == Some(part.name.as_ref());
    for Part { name, size } in parts.iter().filter(is_beside) {
        match fs::metadata(image.with_file_name(name)).map(|file| file.len()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return wrong(name, "this part is missing".to_owned());
            }
            Ok(found) if found < *size => {
                return wrong(name, format!("it has {found} bytes of {size}: it was cut short"));
            }
            Ok(found) if found > *size => {
                return wrong(name, format!("it has {found} bytes, {size} were written"));
            }
            _ => {}
        }
    }
    let found = image::find_parts(image).ok()?;
    let names = found.iter().filter_map(|path| path.file_name()?.to_str());
    let mut others = names.filter(|name| parts.iter().all(|part| part.name != *name));
    wrong(others.next()?, "it does not belong to this backup".to_owned())
}

/// True when the backup's own folder, whatever leads to it, has the name of an unfinished one.
fn is_partial(path: &Path) -> bool {
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = if canonical.is_dir() { Some(canonical.as_path()) } else { canonical.parent() };
    let name = folder.and_then(Path::file_name).unwrap_or_default();
    name.to_string_lossy().ends_with(".partial")
}

fn read_manifest(path: &Path) -> Result<Option<Backup>, EngineError> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(lying(path, &error.to_string()));
        }
        Err(error) => return Err(EngineError::file(path, "reading", error)),
    };
    image::json::from_slice(&text).map(Some).map_err(|error| lying(path, &error))
}

/// The content of a text file of bounded size. Anything else is `InvalidData`: a pipe would be waited
/// for.
fn read_text(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = fs::metadata(path)?;
    if !file.is_file() || file.len() > LARGEST_MANIFEST {
        let reason = "it is not a file, or larger than any that was";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
    }
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST_MANIFEST).read_to_end(&mut text)?;
    Ok(text)
}

fn lying(path: &Path, what: &str) -> EngineError {
    EngineError::ForeignManifest { path: path.to_owned(), what: what.to_owned() }
}

fn check_manifest(image: &Path, reader: &ImageReader, beside: &Backup) -> Result<(), EngineError> {
    let path = image.with_file_name(MANIFEST_NAME);
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    let Some(entry) = beside.images.iter().find(|entry| entry.file == name) else {
        return Err(lying(&path, &format!("it does not name {name}")));
    };
    if entry.fingerprint != hex(&reader.fingerprint()) {
        return Err(lying(&path, "it has the fingerprint of another image"));
    }
    if entry.manifest != *reader.manifest() {
        return Err(lying(&path, "it disagrees with the manifest inside the image"));
    }
    // The parts may have been joined or cut anew since: the same bytes are the same image.
    if entry.stored_size != reader.stored_size() {
        return Err(lying(&path, "it has the size of another image"));
    }
    Ok(())
}

/// A backup folder that is being filled under the name `NAME.partial`.
pub(crate) struct PartialFolder {
    partial: PathBuf,
    finished: PathBuf,
    /// Held while the folder is being filled.
    _lock: Option<File>,
}

impl PartialFolder {
    /// Makes `destination/NAME.partial`. An unfinished one of that name is replaced, a finished
    /// backup never.
    pub(crate) fn create(destination: &Path, name: &str) -> Result<Self, EngineError> {
        let finished = destination.join(name);
        // Of a link, it does not matter where it leads.
        if finished.symlink_metadata().is_ok() {
            return Err(EngineError::refused(
                format!("{} exists already", finished.display()),
                "Choose another name with --name, or move that backup away.",
            ));
        }
        let partial = destination.join(format!("{name}.partial"));
        check_in_the_way(&partial)?;
        fs::create_dir_all(&partial)
            .map_err(|error| EngineError::file(&partial, "creating", error))?;
        let lock = lock(&partial)?;
        remove_unfinished(&partial)?;
        Ok(Self { partial, finished, _lock: lock })
    }

    pub(crate) fn image_path(&self) -> PathBuf {
        self.partial.join(FIRST_IMAGE)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.partial
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), EngineError> {
        write_file(&self.partial.join(name), content)
    }

    /// Gives the folder its name, durably.
    pub(crate) fn finish(self) -> Result<PathBuf, EngineError> {
        flush_folder(&self.partial)?;
        fs::rename(&self.partial, &self.finished)
            .map_err(|error| EngineError::file(&self.partial, "renaming", error))?;
        if let Some(parent) = self.finished.parent() {
            flush_folder(parent)?;
        }
        Ok(self.finished)
    }
}

/// Refuses a name that something else than a folder has already.
fn check_in_the_way(partial: &Path) -> Result<(), EngineError> {
    let Ok(found) = partial.symlink_metadata() else { return Ok(()) };
    let partial = partial.display();
    if found.is_symlink() {
        return Err(EngineError::refused(
            format!("{partial} is a link: what it leads to would be replaced"),
            "Delete the link, or choose another name with --name.",
        ));
    }
    if !found.is_dir() {
        return Err(EngineError::refused(
            format!("{partial} is in the way: it is no folder, and not from Remetal"),
            "Move it away, or choose another name with --name.",
        ));
    }
    Ok(())
}

/// Claims a folder against a second capture of the same name; `None` where the filesystem has no
/// locks.
fn lock(partial: &Path) -> Result<Option<File>, EngineError> {
    let folder =
        File::open(partial).map_err(|error| EngineError::file(partial, "opening", error))?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::Error(_)) => Ok(None),
        Err(TryLockError::WouldBlock) => Err(EngineError::refused(
            format!("another capture is at work on {}", partial.display()),
            "Choose another name with --name, or wait until that one is done.",
        )),
    }
}

/// Writes a file and waits until it is on stable storage.
pub(crate) fn write_file(path: &Path, content: &[u8]) -> Result<(), EngineError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|error| EngineError::file(path, "writing", error))
}

/// [`sync_folder`], as a step of a job.
pub(crate) fn flush_folder(path: &Path) -> Result<(), EngineError> {
    sync_folder(path).map_err(|error| EngineError::file(path, "flushing", error))
}

/// Brings the names in a folder to stable storage, where the filesystem can.
///
/// # Errors
/// Those of the kernel, but for a filesystem (FUSE, network) that cannot flush a folder.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    match File::open(path).and_then(|folder| folder.sync_all()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(()),
        Err(error) => Err(error),
    }
}
