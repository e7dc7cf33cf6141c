use block::Extent;

/// The first cluster has number 2.
const FIRST: u32 = 2;

/// The clusters of a volume: `count` of `cluster` bytes each from byte `start`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heap {
    /// First byte of cluster 2.
    pub start: u64,
    /// Bytes in a cluster.
    pub cluster: u64,
    /// Number of clusters.
    pub count: u32,
}

impl Heap {
    pub(crate) fn holds(&self, cluster: u32) -> bool {
        cluster >= FIRST && cluster - FIRST < self.count
    }

    /// The bytes of `count` clusters from number `first`, cut off where the heap ends.
    pub(crate) fn extent(&self, first: u32, count: u64) -> Extent {
        if !self.holds(first) {
            return Extent::new(self.start, 0);
        }
        let index = u64::from(first - FIRST);
        let count = count.min(u64::from(self.count) - index);
        Extent::new(self.start + index * self.cluster, count * self.cluster)
    }

    /// The number of clusters that `bytes` bytes take.
    pub(crate) fn clusters_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster)
    }

    /// First byte behind the last cluster.
    pub(crate) fn end(&self) -> u64 {
        self.start + u64::from(self.count) * self.cluster
    }

    /// The numbers of the first cluster and of the one behind the last.
    pub(crate) fn numbers(&self) -> std::ops::Range<u32> {
        FIRST..self.count.saturating_add(FIRST)
    }
}
