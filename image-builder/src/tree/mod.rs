//! The files of an image, before they are written: sorted, with owners and times left out.

mod archive;
mod place;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use self::archive::{Device, write_cpio, write_tar};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// What this file holds.
    File(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// One name in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Folder,
    /// A file, and whether it can be run.
    File(Content, bool),
    Link(String),
}

/// Folders, files and links by their paths, which have no leading slash. Everything belongs to
/// root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// Puts a node at a path, and the folders above it where they are missing.
    pub(crate) fn put(&mut self, path: &str, node: Node) {
        for (end, _) in path.match_indices('/') {
            self.nodes.entry(path[..end].to_owned()).or_insert(Node::Folder);
        }
        self.nodes.insert(path.to_owned(), node);
    }

    /// Puts a file with these bytes.
    pub(crate) fn put_bytes(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.put(path, Node::File(Content::Bytes(bytes.into()), false));
    }

    /// Puts a program.
    pub(crate) fn put_program(&mut self, path: &str, file: &Path) {
        self.put(path, Node::File(Content::File(file.to_owned()), true));
    }

    /// Puts a link.
    pub(crate) fn put_link(&mut self, path: &str, target: &str) {
        self.put(path, Node::Link(target.to_owned()));
    }

    /// Puts an empty folder, unless something is there.
    pub(crate) fn put_folder(&mut self, path: &str) {
        if !self.contains(path) {
            self.put(path, Node::Folder);
        }
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.nodes.remove(path);
    }

    pub(crate) fn contains(&self, path: &str) -> bool {
        self.nodes.contains_key(path)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(path, node)| (path.as_str(), node))
    }
}
