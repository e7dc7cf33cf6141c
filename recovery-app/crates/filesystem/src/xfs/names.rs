//! Paths of inodes, by walking the directories from the root.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use block::BlockDevice;

use super::directory;
use super::inode::Inode;
use super::superblock::Superblock;

/// Directories read; what only others lead to keeps its number.
const MOST_DIRECTORIES: usize = 500_000;
const MOST_PATH: usize = 4096;

/// A path for each of `wanted` that the directories lead to.
pub(super) fn paths(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    wanted: &HashSet<u64>,
) -> HashMap<u64, String> {
    let mut found = HashMap::new();
    if wanted.contains(&sb.root_inode) {
        found.insert(sb.root_inode, "/".to_owned());
    }
    let mut visited = HashSet::from([sb.root_inode]);
    let mut waiting = vec![(sb.root_inode, String::new())];
    while let Some((number, path)) = waiting.pop() {
        if found.len() == wanted.len() {
            break;
        }
        let Ok(inode) = Inode::read(volume, sb, number) else { continue };
        if !inode.is_directory() {
            continue;
        }
        // A directory that is damaged from some point on has named what lies before it.
        let _ = directory::entries(volume, sb, &inode, &mut |entry| {
            let is_wanted = wanted.contains(&entry.inode);
            let may_lead_on = entry.may_be_directory
                && path.len() < MOST_PATH
                && visited.len() < MOST_DIRECTORIES
                && visited.insert(entry.inode);
            if is_wanted || may_lead_on {
                let name = String::from_utf8_lossy(entry.name);
                let path =
                    if path.is_empty() { name.into_owned() } else { format!("{path}/{name}") };
                if is_wanted {
                    found.entry(entry.inode).or_insert_with(|| path.clone());
                }
                if may_lead_on {
                    waiting.push((entry.inode, path));
                }
            }
            ControlFlow::Continue(())
        });
    }
    found
}
