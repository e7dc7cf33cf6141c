use std::collections::HashSet;
use std::ops::ControlFlow;
use std::rc::Rc;

use block::{BlockDevice, Extent, ExtentSet};

use super::{Heap, Node, Table, content_extents};
use crate::MapError;

/// Most directories of a volume that are visited.
const MOST_DIRECTORIES: usize = 1 << 20;
/// Most bytes of memory for the directories that wait to be visited: half a million with short
/// names, and more than a folder can have with long ones.
const MOST_WAITING: usize = 64 << 20;
/// Most levels of directories; paths of FAT and exFAT have at most 32,760 characters.
const MOST_LEVELS: usize = 1024;
/// Most bytes of directories that are read: as many directories as are visited, of the largest
/// cluster of FAT each, or some hundred million files.
const MOST_READ: u64 = 64 << 30;
/// Most bytes of a root directory outside the heap (FAT12 and FAT16).
const MOST_OUTSIDE: u64 = 2 << 20;
/// Bytes of a directory read at a time, at most: few files need a cluster of exFAT to be named.
const PIECE: u64 = 1 << 14;

/// Turns the bytes of a directory into nodes; one for each directory.
pub(crate) trait Entries {
    /// Takes the next entry of 32 bytes, and tells of what is complete with it: a file or
    /// directory, and data that belongs to it.
    fn take(&mut self, entry: &[u8]) -> Result<Vec<Node>, MapError>;

    /// True when what follows in the directory means nothing.
    fn have_ended(&self) -> bool;
}

/// A tree of directories.
pub(crate) trait Directories {
    /// What reads the entries.
    type Entries: Entries;
    /// The root directory.
    fn root(&self) -> Node;
    /// A reader for a new directory.
    fn entries(&self) -> Self::Entries;
    /// The most bytes that a directory may have.
    fn most_bytes(&self) -> u64;
}

/// A node's place in the tree: itself and the places above.
struct Place {
    above: Option<Rc<Place>>,
    node: Node,
    level: usize,
}

impl Place {
    /// Bytes of memory that it takes, and the name with it.
    fn memory(&self) -> usize {
        size_of::<Self>() + self.node.name.len()
    }

    fn path(&self, name: &str) -> String {
        let mut names = vec![name];
        let mut place = self;
        while let Some(above) = &place.above {
            names.push(&place.node.name);
            place = above;
        }
        names.reverse();
        names.join("/")
    }
}

/// Visits every file and directory below the root with a function that makes its path.
///
/// A directory is visited once, however often it is linked. Fails on a tree that is deeper or
/// larger than is visited, and on directories that overlap so much that reading them has no end.
pub(crate) fn walk<T: Directories>(
    volume: &dyn BlockDevice,
    table: &mut Table<'_>,
    tree: &T,
    mut visit: impl FnMut(
        &mut Table<'_>,
        &Node,
        &dyn Fn() -> String,
    ) -> Result<ControlFlow<()>, MapError>,
) -> Result<(), MapError> {
    let mut visited: HashSet<u32> = tree.root().content.first().into_iter().collect();
    let mut left = most_read(table.heap());
    let mut waiting = vec![Rc::new(Place { above: None, node: tree.root(), level: 0 })];
    let mut memory: usize = waiting.iter().map(|place| place.memory()).sum();
    while let Some(place) = waiting.pop() {
        memory -= place.memory();
        let mut below = Vec::new();
        let flow = children(volume, table, tree, &place.node, &mut left, |table, child| {
            let flow = visit(table, child, &|| place.path(&child.name))?;
            let is_new = child.content.first().is_some_and(|first| !visited.contains(&first));
            if child.is_directory && is_new {
                visited.extend(child.content.first());
                let (above, level) = (Some(Rc::clone(&place)), place.level + 1);
                let place = Place { above, node: child.clone(), level };
                memory += place.memory();
                below.push(Rc::new(place));
                check_size(visited.len(), memory, level)?;
            }
            Ok(flow)
        })?;
        if flow.is_break() {
            return Ok(());
        }
        waiting.extend(below);
    }
    Ok(())
}

fn check_size(visited: usize, memory: usize, level: usize) -> Result<(), MapError> {
    if visited > MOST_DIRECTORIES || memory > MOST_WAITING || level > MOST_LEVELS {
        return Err(MapError::too_large("it has more directories than can be checked"));
    }
    Ok(())
}

/// The most bytes of directories of a volume: no cluster belongs to two of them.
fn most_read(heap: Heap) -> u64 {
    (heap.end() - heap.start).min(MOST_READ) + MOST_OUTSIDE
}

/// Visits what lies directly in `directory`, and takes the bytes that are read for it from
/// `budget`.
fn children<T: Directories>(
    volume: &dyn BlockDevice,
    table: &mut Table<'_>,
    tree: &T,
    directory: &Node,
    budget: &mut u64,
    mut visit: impl FnMut(&mut Table<'_>, &Node) -> Result<ControlFlow<()>, MapError>,
) -> Result<ControlFlow<()>, MapError> {
    let mut extents = Vec::new();
    let mut left = tree.most_bytes().min(directory.length.unwrap_or(u64::MAX));
    content_extents(table, directory.content, Some(left), |extent| {
        extents.push(extent);
        Ok(())
    })?;
    let mut entries = tree.entries();
    let mut buffer = Vec::new();
    for piece in extents.into_iter().flat_map(|extent| extent.pieces(PIECE)) {
        let length = piece.length.min(left);
        left -= length;
        *budget = budget
            .checked_sub(length)
            .ok_or_else(|| MapError::damaged("its directories have more bytes than can be"))?;
        buffer.resize(usize::try_from(length).unwrap_or(0), 0);
        volume.read_at(&mut buffer, piece.start)?;
        for entry in buffer.chunks_exact(32) {
            for node in entries.take(entry)? {
                if visit(table, &node)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if entries.have_ended() {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// The node at `path`, names compared without regard to case.
fn find<T: Directories>(
    volume: &dyn BlockDevice,
    table: &mut Table<'_>,
    tree: &T,
    path: &str,
) -> Result<Option<Node>, MapError> {
    let mut node = tree.root();
    let mut left = most_read(table.heap());
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let wanted = name.to_uppercase();
        let mut found = None;
        let _ = children(volume, table, tree, &node, &mut left, |_, child| {
            if child.name.to_uppercase() != wanted {
                return Ok(ControlFlow::Continue(()));
            }
            found = Some(child.clone());
            Ok(ControlFlow::Break(()))
        })?;
        match found {
            Some(child) => node = child,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

/// The paths of files and directories with clusters in `extents`, at most `most`.
pub(crate) fn files_on<T: Directories>(
    volume: &dyn BlockDevice,
    table: &mut Table<'_>,
    tree: &T,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    let mut paths = Vec::new();
    let outcome = walk(volume, table, tree, |table, node, path| {
        let mut is_hit = false;
        // A damaged chain says less of this file, and nothing of the others.
        let _ = content_extents(table, node.content, node.length, |extent| {
            is_hit |= extents.intersects(extent);
            Ok(())
        });
        if is_hit && paths.len() < most {
            paths.push(path());
        }
        let done = paths.len() >= most;
        Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    // Names that were found before damage stopped the walk are worth more than the reason.
    if paths.is_empty() { outcome.map(|()| paths) } else { Ok(paths) }
}

/// The content of the file at `path`, if it exists and has at most `most` bytes.
pub(crate) fn read_file<T: Directories>(
    volume: &dyn BlockDevice,
    table: &mut Table<'_>,
    tree: &T,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    match find(volume, table, tree, path)? {
        Some(node) => read_content(volume, table, &node, most),
        None => Ok(None),
    }
}

fn read_content(
    volume: &dyn BlockDevice,
    table: &mut Table<'_>,
    node: &Node,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let length = node.length.unwrap_or(0);
    let Some(length) = usize::try_from(length).ok().filter(|length| *length <= most) else {
        return Ok(None);
    };
    if node.is_directory {
        return Ok(None);
    }
    let mut content = Vec::with_capacity(length);
    content_extents(table, node.content, node.length, |extent: Extent| {
        let missing = (length - content.len()) as u64;
        let bytes = usize::try_from(extent.length.min(missing)).unwrap_or(0);
        content.extend(volume.read_vec(extent.start, bytes)?);
        Ok(())
    })?;
    if content.len() < length {
        return Err(MapError::damaged("the file has fewer clusters than its size needs"));
    }
    Ok(Some(content))
}
