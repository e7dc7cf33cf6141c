//! Which files lie in given bytes of the volume.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::ControlFlow;

use block::{Extent, ExtentSet};

use crate::MapError;

use super::directory::{self, Name};
use super::group::{Descriptor, Descriptors};
use super::inode::{Inode, ROOT, Type};
use super::mapping::{self, Budget};
use super::volume::{MOST_AT_ONCE, Volume};

/// Most directories whose names are kept while looking for a path.
const MOST_DIRECTORIES: usize = 1 << 18;
/// Inodes below this one belong to the filesystem itself, the root directory aside.
const FIRST_ORDINARY: u32 = 11;

/// At most `most` paths of files of which something lies in `extents`.
pub(super) fn files_on(
    volume: &Volume<'_>,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    let mut budget = Budget::for_all(volume);
    let mut search = Search { volume, extents, most, found: Vec::new() };
    for descriptor in Descriptors::new(volume) {
        search.group(&descriptor?, &mut budget)?;
        if search.found.len() >= most {
            break;
        }
    }
    let numbers = search.found;
    let mut names = paths(volume, numbers.iter().copied().collect(), &mut budget);
    Ok(numbers.iter().map(|number| describe(*number, names.remove(number))).collect())
}

fn describe(number: u32, path: Option<String>) -> String {
    match (number, path) {
        (_, Some(path)) => path,
        (7, None) => "(room for growth of the filesystem)".to_owned(),
        (8, None) => "(journal)".to_owned(),
        (number, None) if number < FIRST_ORDINARY => format!("(filesystem inode {number})"),
        (number, None) => format!("(file without a name, inode {number})"),
    }
}

struct Search<'s, 'a> {
    volume: &'s Volume<'a>,
    extents: &'s ExtentSet,
    most: usize,
    found: Vec<u32>,
}

impl Search<'_, '_> {
    /// Looks at all inodes of a group that may be in use.
    fn group(&mut self, descriptor: &Descriptor, budget: &mut Budget) -> Result<(), MapError> {
        let superblock = &self.volume.superblock;
        let size = superblock.inode_size as u64;
        let used = u64::from(descriptor.used_inodes) * size;
        for piece in Extent::new(0, used).pieces(MOST_AT_ONCE / 4) {
            let first = descriptor.inode_table + piece.start / superblock.block_size;
            let blocks = piece.length.div_ceil(superblock.block_size);
            // What cannot be read is likely what is asked about: go on with the rest.
            let Ok(table) = self.volume.read_blocks(first, blocks) else { continue };
            let start = first * superblock.block_size;
            for (index, bytes) in table.chunks_exact(superblock.inode_size).enumerate() {
                let index = index as u64;
                if index * size >= piece.length || self.found.len() >= self.most {
                    break;
                }
                let before = descriptor.group * u64::from(superblock.inodes_per_group);
                let number = before + piece.start / size + index + 1;
                let place = Extent::new(start + index * size, size);
                self.inode(u32::try_from(number).unwrap_or(0), place, bytes, budget)?;
            }
        }
        Ok(())
    }

    fn inode(
        &mut self,
        number: u32,
        place: Extent,
        bytes: &[u8],
        budget: &mut Budget,
    ) -> Result<(), MapError> {
        let inode = Inode::parse(bytes)?;
        if !inode.is_in_use() || inode.is_attribute_value() {
            return Ok(());
        }
        let attributes = self.volume.bytes_of(inode.attribute_block, 1);
        let mut hit = self.extents.intersects(place)
            || inode.attribute_block != 0 && self.extents.intersects(attributes);
        if !hit {
            let walked = mapping::walk(self.volume, &inode, budget, &mut |mapped| {
                let bytes = self.volume.bytes_of(mapped.physical, mapped.count);
                hit = self.extents.intersects(bytes);
                if hit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            // The map may itself lie in what was lost; then the file is hit for certain.
            hit |= matches!(walked, Err(MapError::Device(_)));
        }
        if hit {
            self.found.push(number);
        }
        Ok(())
    }
}

/// The paths of inodes, found by walking all directories from the root.
fn paths(
    volume: &Volume<'_>,
    mut wanted: HashSet<u32>,
    budget: &mut Budget,
) -> HashMap<u32, String> {
    let mut found = HashMap::new();
    if wanted.remove(&ROOT) {
        found.insert(ROOT, "/".to_owned());
    }
    // Each directory with its parent and its name.
    let mut tree: HashMap<u32, (u32, Box<[u8]>)> = HashMap::new();
    let mut queue = VecDeque::from([ROOT]);
    while let Some(number) = queue.pop_front() {
        if wanted.is_empty() {
            break;
        }
        let Ok(inode) = Inode::read(volume, number) else { continue };
        if inode.kind != Type::Directory {
            continue;
        }
        // What cannot be read here hides some names; the others are still worth having.
        let _incomplete = directory::entries(volume, &inode, budget, &mut |name| {
            if matches!(name.bytes, b"." | b"..") {
                return ControlFlow::Continue(());
            }
            if wanted.remove(&name.inode) {
                found.insert(name.inode, path_of(&tree, number, name.bytes));
            }
            let is_new = name.inode != ROOT && !tree.contains_key(&name.inode);
            if is_new && tree.len() < MOST_DIRECTORIES && is_directory(volume, name) {
                tree.insert(name.inode, (number, name.bytes.into()));
                queue.push_back(name.inode);
            }
            ControlFlow::Continue(())
        });
    }
    found
}

fn is_directory(volume: &Volume<'_>, name: Name<'_>) -> bool {
    name.is_directory.unwrap_or_else(|| {
        Inode::read(volume, name.inode).is_ok_and(|inode| inode.kind == Type::Directory)
    })
}

fn path_of(tree: &HashMap<u32, (u32, Box<[u8]>)>, parent: u32, name: &[u8]) -> String {
    let mut names = vec![String::from_utf8_lossy(name)];
    let mut at = parent;
    while let Some((above, name)) = tree.get(&at) {
        names.push(String::from_utf8_lossy(name));
        at = *above;
    }
    names.reverse();
    format!("/{}", names.join("/"))
}
