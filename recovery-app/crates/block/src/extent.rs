use serde::{Deserialize, Serialize};

/// A range of bytes: `length` bytes from byte `start`.
///
/// `start + length` never exceeds `u64::MAX`: [`Extent::new`] shortens what would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Fields")]
pub struct Extent {
    /// First byte.
    pub start: u64,
    /// Number of bytes.
    pub length: u64,
}

/// An extent as it is written down, by whomever.
#[derive(Deserialize)]
struct Fields {
    start: u64,
    length: u64,
}

impl From<Fields> for Extent {
    fn from(fields: Fields) -> Self {
        Self::new(fields.start, fields.length)
    }
}

impl Extent {
    /// `length` bytes from byte `start`.
    #[must_use]
    pub fn new(start: u64, length: u64) -> Self {
        Self { start, length: length.min(u64::MAX - start) }
    }

    /// The bytes from `start` up to, not including, `end`; empty when `end` is not larger.
    #[must_use]
    pub fn between(start: u64, end: u64) -> Self {
        Self { start, length: end.saturating_sub(start) }
    }

    /// The first byte behind the range.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }

    /// True when there is no byte in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// True when every byte of `other` is in this range.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.start >= self.start && other.end() <= self.end()
    }

    /// The bytes in both, or `None`.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let both = Self::between(self.start.max(other.start), self.end().min(other.end()));
        (!both.is_empty()).then_some(both)
    }

    /// The same bytes, seen from a device that starts `offset` bytes earlier.
    #[must_use]
    pub fn shifted_by(&self, offset: u64) -> Self {
        Self::new(self.start.saturating_add(offset), self.length)
    }

    /// Grown at both ends to multiples of `unit` bytes.
    #[must_use]
    pub fn aligned_out(&self, unit: u64) -> Self {
        let start = self.start / unit * unit;
        let end = self.end().div_ceil(unit).saturating_mul(unit);
        Self::between(start, end)
    }

    /// The range cut at all multiples of `unit`, ascending.
    pub fn cut_at_multiples(self, unit: u64) -> impl Iterator<Item = Self> {
        let first_end = self.aligned_out(unit).start.saturating_add(unit).min(self.end());
        let first = Self::between(self.start, first_end);
        let rest = Self::between(first_end, self.end());
        Some(first).into_iter().filter(|first| !first.is_empty()).chain(rest.pieces(unit))
    }

    /// The range cut into pieces of at most `size` bytes, ascending.
    pub fn pieces(self, size: u64) -> impl Iterator<Item = Self> {
        let mut at = self.start;
        std::iter::from_fn(move || {
            let piece = Self::between(at, self.end().min(at.saturating_add(size)));
            at = piece.end();
            (!piece.is_empty()).then_some(piece)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_multiples() {
        let cut = |start, length| -> Vec<(u64, u64)> {
            let pieces = Extent::new(start, length).cut_at_multiples(10);
            pieces.map(|piece| (piece.start, piece.length)).collect()
        };
        assert_eq!(cut(7, 20), [(7, 3), (10, 10), (20, 7)]);
        assert_eq!(cut(10, 10), [(10, 10)]);
        assert_eq!(cut(3, 4), [(3, 4)]);
        assert_eq!(cut(5, 0), []);
    }
}
