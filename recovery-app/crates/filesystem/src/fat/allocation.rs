use block::{BlockDevice, Extent, ExtentSet, ExtentSetBuilder};

use super::boot::Layout;
use super::directory::{MOST_BYTES, Tree};
use super::scan::Scan;
use crate::clusters::{Node, SecondOpinion, content_extents};
use crate::{AllocationMap, Kind, MapError};

/// The bytes in use: everything before the first cluster, the clusters that any copy of the table
/// has in use, and those its directories name.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let layout = Layout::read(volume)?;
    if layout.size > volume.size() {
        return Err(MapError::damaged("FAT: the volume is smaller than the filesystem"));
    }
    let scan = Scan::read(volume, &layout)?;
    let used = scan.used.union(&root(volume, &layout)?);
    let (mut table, tree) = (layout.table(volume), Tree::new(&layout));
    // The rest of a file's chain is in use by the table; that of a directory is followed when
    // its entries are read.
    let first_cluster = |_: &Node| Some(1);
    let is_clean = claims_to_be_clean(&layout, &scan);
    let opinion = SecondOpinion::ask(volume, &mut table, &tree, &used, is_clean, first_cluster)?;
    let source = opinion.source(&format!("{} table", layout.kind));
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

/// The clusters of the root directory, which no entry names but the boot sector. A chain that is
/// longer than a directory can be is in use by the table.
fn root(volume: &dyn BlockDevice, layout: &Layout) -> Result<ExtentSet, MapError> {
    let mut used = ExtentSetBuilder::new();
    content_extents(&mut layout.table(volume), layout.root, Some(MOST_BYTES), |extent| {
        used.add(extent);
        Ok(())
    })?;
    Ok(used.build())
}

/// FAT12 has no bits in its table that could tell.
fn claims_to_be_clean(layout: &Layout, scan: &Scan) -> bool {
    layout.kind != Kind::Fat12 && !layout.is_dirty && scan.is_clean
}
