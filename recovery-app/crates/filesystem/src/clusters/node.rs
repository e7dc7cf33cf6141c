use block::Extent;

use super::{Link, Table};
use crate::MapError;

/// Where the bytes of a file or directory lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nowhere: it is empty.
    Empty,
    /// In a chain of clusters that starts with this one.
    Chain(u32),
    /// In clusters that follow each other from this one; the table says nothing of them (exFAT).
    Contiguous(u32),
    /// Outside the heap (the root directory of FAT12 and FAT16).
    Fixed(Extent),
}

impl Content {
    /// The first cluster.
    pub(crate) fn first(self) -> Option<u32> {
        match self {
            Self::Chain(first) | Self::Contiguous(first) => Some(first),
            Self::Empty | Self::Fixed(_) => None,
        }
    }
}

/// A file or directory as its directory entry describes it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub name: String,
    pub is_directory: bool,
    pub content: Content,
    /// Bytes of content; `None` where the entry does not tell (directories of FAT).
    pub length: Option<u64>,
}

/// The extents of the clusters of `content`, in the order of the content, at most as many as
/// `length` bytes need.
///
/// A chain that ends early ends with the cluster that leads to a free or bad one included: it may
/// hold data all the same. One that runs in a circle ends once all its clusters have been met,
/// some of them up to three times.
pub(crate) fn content_extents(
    table: &mut Table<'_>,
    content: Content,
    length: Option<u64>,
    mut each: impl FnMut(Extent) -> Result<(), MapError>,
) -> Result<(), MapError> {
    let heap = table.heap();
    let wanted = length.map_or(u64::from(heap.count), |bytes| heap.clusters_for(bytes));
    let first = match content {
        Content::Empty => return Ok(()),
        Content::Fixed(extent) => return each(extent),
        Content::Contiguous(first) | Content::Chain(first) => first,
    };
    if !heap.holds(first) {
        return Err(MapError::damaged(format!("cluster {first} does not exist")));
    }
    if matches!(content, Content::Contiguous(_)) {
        return each(heap.extent(first, wanted));
    }
    let (mut start, mut count, mut left) = (first, 0_u32, wanted);
    let mut cluster = first;
    let mut circle = Circle { mark: first, followed: 0 };
    while left > 0 {
        count += 1;
        left -= 1;
        let next = if left == 0 { Link::End } else { table.next(cluster)? };
        let Link::Next(next) = next else {
            break;
        };
        if circle.closes_with(next) {
            break;
        }
        if next != cluster + 1 {
            each(heap.extent(start, u64::from(count)))?;
            (start, count) = (next, 0);
        }
        cluster = next;
    }
    each(heap.extent(start, u64::from(count)))
}

/// Notices that a chain runs in a circle, without keeping its clusters: each is compared with one
/// that came before, the last whose place in the chain is a power of two (Brent's method).
struct Circle {
    mark: u32,
    /// Links followed so far.
    followed: u64,
}

impl Circle {
    fn closes_with(&mut self, next: u32) -> bool {
        self.followed += 1;
        if next == self.mark {
            return true;
        }
        if self.followed.is_power_of_two() {
            self.mark = next;
        }
        false
    }
}
