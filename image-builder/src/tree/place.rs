//! Putting what lies on the builder's disk into a tree.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{Content, Node, Tree};
use crate::cache::{Key, hash_file};
use crate::error::{Doing, Result};

impl Tree {
    /// Puts a file or a symbolic link as it lies there.
    pub(crate) fn place(&mut self, path: &str, file: &Path) -> Result<()> {
        let metadata = fs::symlink_metadata(file).doing("reading", file)?;
        let node = if metadata.is_symlink() {
            let target = fs::read_link(file).doing("reading", file)?;
            Node::Link(target.to_string_lossy().into_owned())
        } else {
            let runs = metadata.permissions().mode() & 0o111 != 0;
            Node::File(Content::File(file.to_owned()), runs)
        };
        self.put(path, node);
        Ok(())
    }

    /// Puts all that lies in a folder below `path`.
    pub(crate) fn place_folder(&mut self, path: &str, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder).doing("reading", folder)? {
            let entry = entry.doing("reading", folder)?;
            let inside = format!("{path}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().doing("reading", &entry.path())?.is_dir() {
                self.place_folder(&inside, &entry.path())?;
            } else {
                self.place(&inside, &entry.path())?;
            }
        }
        Ok(())
    }

    /// A hash of all names, kinds and contents.
    pub(crate) fn key(&self) -> Result<Key> {
        let mut key = Key::default();
        for (path, node) in self.iter() {
            key = key.with(path);
            key = match node {
                Node::Folder => key.with("folder"),
                Node::Link(target) => key.with("link").with(target),
                Node::File(content, runs) => {
                    let key = key.with(if *runs { "program" } else { "file" });
                    match content {
                        Content::Bytes(bytes) => key.with(bytes),
                        Content::File(file) => key.with(hash_file(file)?),
                    }
                }
            };
        }
        Ok(key)
    }
}

impl Tree {
    /// Writes the tree into a folder, for programs that read no archive.
    pub(crate) fn write_to(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).doing("making", folder)?;
        for (path, node) in self.iter() {
            let path = folder.join(path);
            match node {
                Node::Folder => fs::create_dir_all(&path).doing("making", &path)?,
                Node::Link(target) => symlink(target, &path).doing("linking", &path)?,
                Node::File(Content::Bytes(bytes), _) => {
                    fs::write(&path, bytes).doing("writing", &path)?;
                }
                Node::File(Content::File(file), _) => {
                    fs::copy(file, &path).map(drop).doing("writing", &path)?;
                }
            }
        }
        Ok(())
    }
}
