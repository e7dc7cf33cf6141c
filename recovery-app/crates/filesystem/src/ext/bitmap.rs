//! Bits of an allocation bitmap, lowest bit of the first byte first.

/// The first bit at or behind `from` and before `end` that is `wanted`; `end` when there is none.
fn next_bit(bitmap: &[u8], from: usize, end: usize, wanted: bool) -> usize {
    let mut at = from;
    while at < end {
        let word_start = at / 64 * 8;
        let Some(bytes) = bitmap.get(word_start..word_start + 8) else { return end };
        let mut word = [0; 8];
        word.copy_from_slice(bytes);
        let word = u64::from_le_bytes(word);
        let hits = (if wanted { word } else { !word }) & (u64::MAX << (at % 64));
        if hits != 0 {
            let bit = usize::try_from(hits.trailing_zeros()).unwrap_or(0);
            return (word_start * 8 + bit).min(end);
        }
        at = (at / 64 + 1) * 64;
    }
    end
}

/// The runs of set bits before bit `end`: first bit and number.
pub(super) fn set_runs(bitmap: &[u8], end: usize) -> impl Iterator<Item = (u64, u64)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let first = next_bit(bitmap, at, end, true);
        if first >= end {
            return None;
        }
        at = next_bit(bitmap, first, end, false);
        Some((first as u64, (at - first) as u64))
    })
}

/// Number of clear bits before bit `end`.
pub(super) fn count_clear(bitmap: &[u8], end: usize) -> u64 {
    let set: u64 = set_runs(bitmap, end).map(|(_, count)| count).sum();
    (end as u64) - set
}

/// True when all bits from `first` up to, not including, `end` are set.
pub(super) fn all_set(bitmap: &[u8], first: usize, end: usize) -> bool {
    next_bit(bitmap, first, end, false) == end && end <= bitmap.len() * 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_looking_at_each_bit(
            bitmap in prop::collection::vec(prop_oneof![Just(0_u8), Just(0xff), any::<u8>()], 32),
            end in 0_usize..256,
            first in 0_usize..256,
        ) {
            let is_set = |bit: usize| bitmap[bit / 8] >> (bit % 8) & 1 == 1;
            let mut found = vec![false; 256];
            for (start, count) in set_runs(&bitmap, end) {
                (start..start + count).for_each(|bit| found[usize::try_from(bit).unwrap()] = true);
            }
            let expected: Vec<_> = (0..256).map(|bit| bit < end && is_set(bit)).collect();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(count_clear(&bitmap, end), (0..end).filter(|b| !is_set(*b)).count() as u64);
            prop_assert_eq!(
                all_set(&bitmap, first.min(end), end),
                (first.min(end)..end).all(is_set)
            );
        }
    }
}
