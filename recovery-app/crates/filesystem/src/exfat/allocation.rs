use block::{BlockDevice, Extent, ExtentSet};

use super::bitmap::Bitmap;
use super::boot::{Layout, damaged};
use super::directory::{MOST_BYTES, Tree};
use super::system::{Stored, System};
use crate::clusters::{Content, SecondOpinion, Table, content_extents};
use crate::{AllocationMap, MapError};

/// Most bytes in the table of upper-case letters: two for each of the 65,536 characters.
const MOST_UPCASE: u64 = 1 << 17;

/// The bytes in use: everything before the first cluster, the clusters of the allocation bitmap
/// (of both, with TexFAT), and those its directories name.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let layout = Layout::read(volume)?;
    let mut table = layout.table(volume);
    let system = System::read(volume, &layout, &mut table)?;
    if system.bitmaps.len() != layout.bitmaps() {
        return Err(damaged("it does not have as many bitmaps as tables"));
    }
    let mut used = ExtentSet::empty();
    for stored in &system.bitmaps {
        used = used.union(&Bitmap::read(volume, &layout, &mut table, stored)?.used);
    }
    check_own_files(volume, &layout, &mut table, &system, &used)?;
    let (tree, is_clean) = (Tree::new(&layout), layout.is_clean());
    let opinion = SecondOpinion::ask(volume, &mut table, &tree, &used, is_clean, |node| {
        match node.content {
            // A chain that is longer than the file says is followed to its end.
            Content::Chain(_) => None,
            _ => node.length,
        }
    })?;
    let source = opinion.source("exFAT allocation bitmap");
    let heap = layout.heap;
    let outside: ExtentSet = [Extent::new(0, heap.start), Extent::between(heap.end(), layout.size)]
        .into_iter()
        .collect();
    Ok(AllocationMap {
        used: used.union(&opinion.missed).union(&outside),
        covered: layout.size,
        source,
    })
}

/// The root directory, the upper-case table and the bitmaps exist always: a bitmap that has them
/// free is not the bitmap.
fn check_own_files(
    volume: &dyn BlockDevice,
    layout: &Layout,
    table: &mut Table<'_>,
    system: &System,
    used: &ExtentSet,
) -> Result<(), MapError> {
    let (upcase, checksum) = system
        .upcase
        .filter(|(upcase, _)| (1..=MOST_UPCASE).contains(&upcase.length))
        .ok_or_else(|| damaged("it has no valid table of upper-case letters"))?;
    let root = Stored { content: layout.root, length: MOST_BYTES };
    for stored in system.bitmaps.iter().chain([&upcase, &root]) {
        content_extents(table, stored.content, Some(stored.length), |extent| {
            if used.contains(extent) {
                return Ok(());
            }
            Err(damaged("its bitmap has clusters of the filesystem itself free"))
        })?;
    }
    let mut sum = 0_u32;
    let mut left = upcase.length;
    content_extents(table, upcase.content, Some(upcase.length), |extent| {
        let length = extent.length.min(left);
        left -= length;
        let bytes = volume.read_vec(extent.start, usize::try_from(length).unwrap_or(0))?;
        sum = bytes.iter().fold(sum, |sum, byte| sum.rotate_right(1).wrapping_add((*byte).into()));
        Ok(())
    })?;
    if sum != checksum || left > 0 {
        return Err(damaged("the checksum of its table of upper-case letters is wrong"));
    }
    Ok(())
}
