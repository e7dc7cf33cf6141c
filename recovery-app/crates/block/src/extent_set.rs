//! Sorted sets of byte ranges: what allocation maps are made of.

use crate::Extent;

/// Most extents a set may hold before its smallest gaps are closed: 16 bytes each, so 32 MiB.
///
/// Closing a gap only ever makes a set larger, which for "used" bytes is the safe direction.
const MOST_EXTENTS: usize = 2 << 20;

/// A set of bytes as sorted, disjoint, non-adjacent, non-empty extents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtentSet {
    extents: Vec<Extent>,
}

impl ExtentSet {
    /// The set without any byte.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The bytes 0 to `length`.
    #[must_use]
    pub fn whole(length: u64) -> Self {
        Extent::new(0, length).into()
    }

    /// The extents, ascending.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// The extents, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Extent> + '_ {
        self.extents.iter().copied()
    }

    /// True when there is no byte in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// Number of bytes in it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.extents.iter().map(|extent| extent.length).sum()
    }

    /// The first byte behind the last extent; 0 when empty.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.extents.last().map_or(0, Extent::end)
    }

    /// The extents that share a byte with `range`, cut to it, ascending.
    pub fn within(&self, range: Extent) -> impl Iterator<Item = Extent> + '_ {
        let first = self.extents.partition_point(|extent| extent.end() <= range.start);
        self.extents[first..]
            .iter()
            .take_while(move |extent| extent.start < range.end())
            .filter_map(move |extent| extent.intersection(&range))
    }

    /// True when some byte of `range` is in the set.
    #[must_use]
    pub fn intersects(&self, range: Extent) -> bool {
        self.within(range).next().is_some()
    }

    /// True when every byte of `range` is in the set.
    #[must_use]
    pub fn contains(&self, range: Extent) -> bool {
        range.is_empty() || self.within(range).next() == Some(range)
    }

    /// The bytes in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut builder = ExtentSetBuilder::new();
        builder.extend(self.iter());
        builder.extend(other.iter());
        builder.build()
    }

    /// The bytes in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let extents = self.extents.iter().flat_map(|extent| other.within(*extent)).collect();
        Self { extents }
    }

    /// The bytes of `range` that are not in the set.
    #[must_use]
    pub fn complement(&self, range: Extent) -> Self {
        let mut at = range.start;
        let mut extents = Vec::new();
        for extent in self.within(range) {
            if extent.start > at {
                extents.push(Extent::between(at, extent.start));
            }
            at = extent.end();
        }
        if at < range.end() {
            extents.push(Extent::between(at, range.end()));
        }
        Self { extents }
    }

    /// The bytes in this set that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let extents =
            self.extents.iter().flat_map(|extent| other.complement(*extent).extents).collect();
        Self { extents }
    }

    /// The bytes of the set that lie in `range`.
    #[must_use]
    pub fn clipped(&self, range: Extent) -> Self {
        Self { extents: self.within(range).collect() }
    }

    /// The same bytes, seen from a device that starts `offset` bytes earlier.
    #[must_use]
    pub fn shifted_by(&self, offset: u64) -> Self {
        Self { extents: self.extents.iter().map(|extent| extent.shifted_by(offset)).collect() }
    }

    /// The set with all gaps of fewer than `gap` bytes closed.
    #[must_use]
    pub fn merged_over(mut self, gap: u64) -> Self {
        close_gaps(&mut self.extents, gap);
        self
    }
}

impl From<Extent> for ExtentSet {
    fn from(extent: Extent) -> Self {
        [extent].into_iter().collect()
    }
}

impl FromIterator<Extent> for ExtentSet {
    fn from_iter<I: IntoIterator<Item = Extent>>(extents: I) -> Self {
        let mut builder = ExtentSetBuilder::new();
        builder.extend(extents);
        builder.build()
    }
}

/// Collects extents in any order, overlapping or not, in bounded memory.
///
/// When there are too many, the smallest gaps are closed: the set then holds more bytes than
/// were added, never fewer.
#[derive(Debug)]
pub struct ExtentSetBuilder {
    extents: Vec<Extent>,
    sorted: bool,
    most: usize,
}

impl Default for ExtentSetBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ExtentSetBuilder {
    /// An empty builder with the usual bound.
    #[must_use]
    pub fn new() -> Self {
        Self::with_most_extents(MOST_EXTENTS)
    }

    /// An empty builder that holds at most about `most` extents.
    #[must_use]
    pub fn with_most_extents(most: usize) -> Self {
        Self { extents: Vec::new(), sorted: true, most: most.max(2) }
    }

    /// Adds the bytes of `extent`.
    pub fn add(&mut self, extent: Extent) {
        if extent.is_empty() {
            return;
        }
        // First, since it changes which extent is the last.
        if self.extents.len() >= self.most {
            self.compact();
        }
        match self.extents.last_mut() {
            Some(last) if extent.start >= last.start && extent.start <= last.end() => {
                *last = Extent::between(last.start, last.end().max(extent.end()));
            }
            Some(last) if extent.start < last.start => {
                self.sorted = false;
                self.extents.push(extent);
            }
            _ => self.extents.push(extent),
        }
    }

    /// The set of all bytes that were added.
    #[must_use]
    pub fn build(mut self) -> ExtentSet {
        self.sort_and_merge();
        self.extents.shrink_to_fit();
        ExtentSet { extents: self.extents }
    }

    fn sort_and_merge(&mut self) {
        if !self.sorted {
            self.extents.sort_unstable();
        }
        close_gaps(&mut self.extents, 1);
        self.sorted = true;
    }

    /// Halves the number of extents at least, by closing ever larger gaps.
    fn compact(&mut self) {
        self.sort_and_merge();
        let mut gap = 4096;
        while self.extents.len() > self.most / 2 {
            close_gaps(&mut self.extents, gap);
            gap = gap.saturating_mul(2);
        }
    }
}

impl Extend<Extent> for ExtentSetBuilder {
    fn extend<I: IntoIterator<Item = Extent>>(&mut self, extents: I) {
        for extent in extents {
            self.add(extent);
        }
    }
}

/// Joins sorted extents that overlap, touch, or lie fewer than `gap` bytes apart.
fn close_gaps(extents: &mut Vec<Extent>, gap: u64) {
    extents.dedup_by(|next, kept| {
        let near = next.start < kept.end().saturating_add(gap.max(1)) || next.start == kept.end();
        if near {
            *kept = Extent::between(kept.start, kept.end().max(next.end()));
        }
        near
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(pairs: &[(u64, u64)]) -> ExtentSet {
        pairs.iter().map(|&(start, length)| Extent::new(start, length)).collect()
    }

    #[test]
    fn joins_what_touches_or_overlaps() {
        assert_eq!(set(&[(10, 5), (0, 10), (12, 8)]), set(&[(0, 20)]));
        assert_eq!(set(&[(0, 1), (2, 1)]).extents().len(), 2);
    }

    #[test]
    fn bound_closes_the_smallest_gaps_and_loses_nothing() {
        let mut builder = ExtentSetBuilder::with_most_extents(8);
        let added: Vec<_> = (0..100).map(|i| Extent::new(i * 8192, 4096)).collect();
        builder.extend(added.iter().copied());
        let built = builder.build();
        assert!(built.extents().len() <= 8);
        assert!(added.iter().all(|extent| built.contains(*extent)));
    }

    #[test]
    fn bound_loses_nothing_of_what_is_added_behind_a_high_extent() {
        let mut builder = ExtentSetBuilder::with_most_extents(8);
        let high = Extent::new(10_000_000, 4096);
        let added: Vec<_> =
            [high].into_iter().chain((0..40).map(|i| Extent::new(i * 8192, 4096))).collect();
        builder.extend(added.iter().copied());
        let built = builder.build();
        assert!(added.iter().all(|extent| built.contains(*extent)), "{built:?}");
    }

    fn members(set: &ExtentSet) -> Vec<bool> {
        (0..200).map(|byte| set.intersects(Extent::new(byte, 1))).collect()
    }

    fn some_set() -> impl Strategy<Value = ExtentSet> {
        prop::collection::vec((0u64..180, 0u64..20), 0..20).prop_map(|pairs| set(&pairs))
    }

    proptest! {
        #[test]
        fn set_algebra_agrees_with_bytes(a in some_set(), b in some_set()) {
            let (in_a, in_b) = (members(&a), members(&b));
            let expect = |f: fn(bool, bool) -> bool| -> Vec<bool> {
                in_a.iter().zip(&in_b).map(|(a, b)| f(*a, *b)).collect()
            };
            let all = Extent::new(0, 200);
            prop_assert_eq!(members(&a.union(&b)), expect(|a, b| a | b));
            prop_assert_eq!(members(&a.intersection(&b)), expect(|a, b| a & b));
            prop_assert_eq!(members(&a.difference(&b)), expect(|a, b| a & !b));
            prop_assert_eq!(members(&a.complement(all)), expect(|a, _| !a));
            prop_assert_eq!(a.total(), in_a.iter().filter(|member| **member).count() as u64);
            prop_assert_eq!(a.complement(all).complement(all), a);
        }

        #[test]
        fn bound_loses_nothing_in_whatever_order(
            pairs in prop::collection::vec((0u64..1 << 24, 1u64..9000), 0..200),
            most in 2usize..20,
        ) {
            let mut builder = ExtentSetBuilder::with_most_extents(most);
            builder.extend(pairs.iter().map(|&(start, length)| Extent::new(start, length)));
            let built = builder.build();
            let sorted = built.extents().windows(2).all(|two| two[0].end() < two[1].start);
            prop_assert!(sorted && built.extents().len() <= most);
            for (start, length) in pairs {
                prop_assert!(built.contains(Extent::new(start, length)));
            }
        }
    }
}
