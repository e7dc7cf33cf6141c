//! The damage that a walk over an image finds: a list that stays short however much there is.

use image::Damage;
use serde::Serialize;

/// Most damaged ranges that are listed: more than anybody reads.
const MOST_RANGES: usize = 1000;

/// How much damage there is, listed or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DamageTotals {
    /// Damaged ranges of the disk: neighbours with the same reason are one. A seek table that
    /// disagrees with the index counts as one more.
    pub ranges: u64,
    /// Damaged frames and segments of the index.
    pub frames: u64,
    /// Bytes of the disk that are lost by them. Free space is no loss; of a segment of the index,
    /// all counts that it is about.
    pub lost: u64,
    /// Ranges that are not in the list.
    pub unlisted: u64,
}

/// Damage in the order of the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DamageList {
    listed: Vec<Damage>,
    /// The last range, once no more are listed. Boxed, since errors carry the list.
    last: Option<Box<Damage>>,
    totals: DamageTotals,
}

impl DamageList {
    /// With these ranges, of which `totals` tells.
    pub(crate) fn new(listed: Vec<Damage>, totals: DamageTotals) -> Self {
        Self { listed, last: None, totals }
    }

    /// Adds the next damage on the disk.
    pub(crate) fn add(&mut self, found: Damage) {
        self.totals.frames += 1;
        if found.kind.is_content() {
            self.totals.lost = self.totals.lost.saturating_add(found.disk.length);
        }
        let last = self.last.as_deref_mut().or_else(|| self.listed.last_mut());
        if let Some(last) = last.filter(|last| continues(last, &found)) {
            last.disk.length += found.disk.length;
            last.stored.length = found.stored.end().saturating_sub(last.stored.start);
            return;
        }
        self.totals.ranges += 1;
        if self.listed.len() < MOST_RANGES {
            self.listed.push(found);
        } else {
            self.totals.unlisted += 1;
            self.last = Some(Box::new(found));
        }
    }

    /// The first ranges.
    #[must_use]
    pub fn listed(&self) -> &[Damage] {
        &self.listed
    }

    /// How much there is of it.
    #[must_use]
    pub fn totals(&self) -> DamageTotals {
        self.totals
    }

    /// True where nothing is damaged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.totals.ranges == 0
    }
}

impl From<Damage> for DamageList {
    fn from(found: Damage) -> Self {
        let mut list = Self::default();
        list.add(found);
        list
    }
}

/// True when `next` begins where `last` ends, and there is nothing else to say of it.
fn continues(last: &Damage, next: &Damage) -> bool {
    last.disk.end() == next.disk.start && last.kind == next.kind && last.reason == next.reason
}

#[cfg(test)]
mod tests {
    use block::Extent;
    use image::FrameKind;

    use super::*;

    fn damage(kind: FrameKind, start: u64, reason: &str) -> Damage {
        Damage {
            kind,
            disk: Extent::new(start, 10),
            stored: Extent::new(start / 2, 5),
            reason: reason.to_owned(),
            is_unread: false,
        }
    }

    fn list(damage: impl IntoIterator<Item = Damage>) -> DamageList {
        let mut list = DamageList::default();
        damage.into_iter().for_each(|found| list.add(found));
        list
    }

    #[test]
    fn neighbours_with_the_same_reason_are_one_range() {
        use FrameKind::{Data, Hole};
        let found = list([
            damage(Data, 0, "a"),
            damage(Data, 10, "a"),
            damage(Data, 20, "b"),
            damage(Hole, 30, "b"),
            damage(Data, 50, "b"),
        ]);
        let ranges: Vec<_> = found.listed().iter().map(|range| range.disk).collect();
        let expected = [(0, 20), (20, 10), (30, 10), (50, 10)];
        assert_eq!(ranges, expected.map(|(start, length)| Extent::new(start, length)));
        assert_eq!(found.listed()[0].stored, Extent::new(0, 10));
        let expected = DamageTotals { ranges: 4, frames: 5, lost: 40, unlisted: 0 };
        assert_eq!(found.totals(), expected);
        assert!(!found.is_empty() && DamageList::default().is_empty());
    }

    #[test]
    fn what_is_not_listed_is_counted() {
        let most = MOST_RANGES as u64;
        let apart = (0..most + 7).map(|number| damage(FrameKind::Data, 20 * number, "a"));
        let after_the_last = damage(FrameKind::Data, 20 * (most + 6) + 10, "a");
        let found = list(apart.chain([after_the_last]));
        assert_eq!(found.listed().len(), MOST_RANGES);
        let expected =
            DamageTotals { ranges: most + 7, frames: most + 8, lost: 10 * (most + 8), unlisted: 7 };
        assert_eq!(found.totals(), expected);
    }
}
