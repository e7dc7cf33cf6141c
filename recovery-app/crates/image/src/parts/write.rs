use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{MOST_PARTS, Part, part_path};
use crate::ImageError;
use crate::record::Sha256Hash;
use crate::root::PART_HEAD;
use flusher::{Flusher, WAIT_AT};

mod flusher;

/// Writes a stream of bytes into parts and brings it to stable storage as it goes.
pub(crate) struct PartWriter {
    path: PathBuf,
    /// Bytes in each part but the last; `None` for a single file.
    part_size: Option<u64>,
    current: File,
    flusher: Flusher,
    /// Bytes in the current part.
    in_part: u64,
    /// Bytes in all parts.
    total: u64,
    /// First bytes of the current part, for its head hash.
    head: Vec<u8>,
    heads: Vec<Sha256Hash>,
    parts: Vec<Part>,
}

impl PartWriter {
    /// Starts the image at `path`, or at `path.001` when a part size is given. Files of that name
    /// must not exist.
    pub(crate) fn create(path: &Path, part_size: Option<u64>) -> Result<Self, ImageError> {
        let (name, current) = create_part(path, part_size, 1)?;
        Ok(Self {
            path: path.to_owned(),
            part_size,
            flusher: Flusher::start(Arc::new(clone(&current, path)?)),
            current,
            in_part: 0,
            total: 0,
            head: Vec::new(),
            heads: Vec::new(),
            parts: vec![Part { name, size: 0 }],
        })
    }

    /// The image's path, without part numbers.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far: the stream offset of what comes next.
    pub(crate) fn position(&self) -> u64 {
        self.total
    }

    /// How much waits for the destination, in percent of what is let wait.
    pub(crate) fn backlog(&self) -> u64 {
        self.flusher.unflushed() * 100 / WAIT_AT
    }

    /// SHA-256 of the first [`PART_HEAD`] bytes of each part that has so many.
    pub(crate) fn heads(&self) -> &[Sha256Hash] {
        &self.heads
    }

    /// Appends `bytes`, starting new parts as needed. Waits while too much is not on stable
    /// storage yet.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) -> Result<(), ImageError> {
        while !bytes.is_empty() {
            let room = self.part_size.map_or(u64::MAX, |size| size - self.in_part);
            if room == 0 {
                self.next_part()?;
                continue;
            }
            let length = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
            let (now, later) = bytes.split_at(length);
            self.write(now)?;
            bytes = later;
        }
        Ok(())
    }

    /// Waits until everything is on stable storage; returns the parts. A single part loses its
    /// number.
    pub(crate) fn finish(mut self) -> Result<Vec<Part>, ImageError> {
        self.close_part()?;
        if self.part_size.is_some() && self.parts.len() == 1 {
            let numbered = part_path(&self.path, 1);
            std::fs::rename(&numbered, &self.path)
                .map_err(|source| ImageError::file(&numbered, "renaming", source))?;
            self.parts[0].name = file_name(&self.path);
        }
        Ok(self.parts)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        self.flusher.wait_for_room().map_err(|source| self.error("flushing", source))?;
        self.current.write_all(bytes).map_err(|source| self.error("writing", source))?;
        self.keep_head(bytes);
        let length = bytes.len() as u64;
        self.in_part += length;
        self.total += length;
        self.flusher.written(length);
        Ok(())
    }

    fn keep_head(&mut self, bytes: &[u8]) {
        let wanted = usize::try_from(PART_HEAD).unwrap_or(0).saturating_sub(self.head.len());
        if wanted == 0 {
            return;
        }
        self.head.extend(&bytes[..wanted.min(bytes.len())]);
        if self.head.len() as u64 == PART_HEAD {
            self.heads.push(crate::sha256(&self.head));
        }
    }

    fn next_part(&mut self) -> Result<(), ImageError> {
        if self.parts.len() == MOST_PARTS {
            return Err(ImageError::TooManyParts(self.path.clone()));
        }
        self.close_part()?;
        let number = self.parts.len() + 1;
        let (name, file) = create_part(&self.path, self.part_size, number)?;
        self.flusher = Flusher::start(Arc::new(clone(&file, &self.path)?));
        self.current = file;
        self.parts.push(Part { name, size: 0 });
        self.in_part = 0;
        self.head.clear();
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), ImageError> {
        self.flusher.finish().map_err(|source| self.error("flushing", source))?;
        self.current.sync_all().map_err(|source| self.error("flushing", source))?;
        if let Some(part) = self.parts.last_mut() {
            part.size = self.in_part;
        }
        Ok(())
    }

    fn error(&self, operation: &'static str, source: io::Error) -> ImageError {
        let name = self.parts.last().map_or("", |part| &part.name);
        ImageError::file(&self.path.with_file_name(name), operation, source)
    }
}

fn create_part(
    path: &Path,
    part_size: Option<u64>,
    number: usize,
) -> Result<(String, File), ImageError> {
    let path = part_size.map_or_else(|| path.to_owned(), |_| part_path(path, number));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|source| ImageError::file(&path, "creating", source))?;
    Ok((file_name(&path), file))
}

fn clone(file: &File, path: &Path) -> Result<File, ImageError> {
    file.try_clone().map_err(|source| ImageError::file(path, "opening", source))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
