use std::ops::ControlFlow;

use block::{BlockDevice, Extent, ExtentSet, ExtentSetBuilder};

use super::boot::Layout;
use super::directory::{MOST_BYTES, Tree};
use super::scan::Scan;
use crate::clusters::{content_extents, walk};
use crate::{AllocationMap, MapError};

/// The bytes in use: everything before the first cluster, the clusters that any copy of the table
/// has in use, and those its directories name.
pub fn allocation(volume: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let layout = Layout::read(volume)?;
    if layout.size > volume.size() {
        return Err(MapError::damaged("FAT: the volume is smaller than the filesystem"));
    }
    let scan = Scan::read(volume, &layout)?;
    let used = scan.used.union(&root(volume, &layout)?);
    let missed = missed_by_table(volume, &layout, &used)?;
    let mut source = format!("{} table and directories", layout.kind);
    if !missed.is_empty() {
        source += &format!(" ({} bytes only in directories)", missed.total());
    }
    let heap = layout.heap;
    let outside: ExtentSet = [Extent::new(0, heap.start), Extent::between(heap.end(), layout.size)]
        .into_iter()
        .collect();
    Ok(AllocationMap { used: used.union(&missed).union(&outside), covered: layout.size, source })
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

/// The first clusters of files and directories that can be reached from the root where the table
/// has them free.
fn missed_by_table(
    volume: &dyn BlockDevice,
    layout: &Layout,
    by_table: &ExtentSet,
) -> Result<ExtentSet, MapError> {
    let mut missed = ExtentSetBuilder::new();
    let mut table = layout.table(volume);
    let tree = Tree::new(layout);
    walk(volume, &mut table, &tree, |table, node, _| {
        // The rest of a file's chain is in use by the table; that of a directory is followed
        // when its entries are read.
        content_extents(table, node.content, Some(1), |extent| {
            if !by_table.contains(extent) {
                missed.add(extent);
            }
            Ok(())
        })?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(missed.build())
}
