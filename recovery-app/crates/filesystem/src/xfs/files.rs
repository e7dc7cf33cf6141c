//! Names of the files that lie in given bytes.

use std::collections::HashSet;
use std::ops::ControlFlow;

use block::{BlockDevice, Extent, ExtentSet};

use super::fork::{Fork, Piece};
use super::inode::Inode;
use super::inode_scan::inodes;
use super::limited::Limited;
use super::names::paths;
use super::superblock::Superblock;
use crate::MapError;

/// Reads for one answer: enough for some hundred million files in order, an end for a volume whose
/// structures lead in circles.
const MOST_READS: u64 = 4 << 20;

/// Paths of up to `most` files whose content, extents, attributes or inode lie in `extents`, or
/// "inode N" where no name is found.
///
/// The volume is read as it is on the disk, without its log; what cannot be read is left out.
///
/// # Errors
/// When the volume as a whole is not understood.
pub fn files_on(
    volume: &dyn BlockDevice,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    let volume = &Limited::new(volume, MOST_READS);
    let sb = Superblock::read(volume)?.ok_or_else(|| MapError::damaged("not an XFS"))?;
    sb.features.check()?;
    let mut hit = Vec::new();
    if most > 0 && !extents.is_empty() {
        inodes(volume, &sb, &mut |inode, place| {
            if extents.intersects(place) || reaches(volume, &sb, inode, extents) {
                hit.push(inode.number);
            }
            hit.len() < most
        });
    }
    let wanted: HashSet<u64> = hit.iter().copied().collect();
    let mut names = paths(volume, &sb, &wanted);
    Ok(hit
        .into_iter()
        .map(|number| names.remove(&number).unwrap_or_else(|| format!("inode {number}")))
        .collect())
}

fn reaches(volume: &dyn BlockDevice, sb: &Superblock, inode: &Inode, extents: &ExtentSet) -> bool {
    let within = |fork: &Fork<'_>| {
        let mut found = false;
        let mut visit = |piece: Piece| {
            let place = match piece {
                Piece::Content(record) => sb.extent_of(record.start, record.count),
                Piece::Tree(block) => sb.extent_of(block, 1),
            };
            found = place.is_some_and(|place: Extent| extents.intersects(place));
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // A fork that ends in damage has shown what lies before it.
        let _ = fork.visit(volume, sb, &mut visit);
        found
    };
    within(&inode.data()) || inode.attributes().is_some_and(|fork| within(&fork))
}
