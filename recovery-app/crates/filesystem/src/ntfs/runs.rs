//! Run lists ("mapping pairs"): which clusters hold an attribute's content.
//!
//! Format: `fs/ntfs3/run.c`, `run_unpack`.

use crate::MapError;

/// Clusters that follow each other on the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// First cluster within the attribute.
    pub vcn: u64,
    /// First cluster on the volume; `None` for a hole.
    pub lcn: Option<u64>,
    /// Number of clusters.
    pub clusters: u64,
}

impl Run {
    /// First cluster within the attribute behind the run.
    pub(super) fn end(&self) -> u64 {
        self.vcn + self.clusters
    }
}

/// Decodes `pairs` for a part of an attribute that starts at virtual cluster `first`, on a
/// volume of `clusters`.
pub(super) fn decode(pairs: &[u8], first: u64, clusters: u64) -> Result<Vec<Run>, MapError> {
    let wrong = |what: &str| MapError::damaged(format!("run list: {what}"));
    let mut runs = Vec::new();
    let (mut vcn, mut lcn, mut rest) = (first, 0_i64, pairs);
    loop {
        let (&header, tail) = rest.split_first().ok_or_else(|| wrong("no end"))?;
        if header == 0 {
            return Ok(runs);
        }
        let (length_size, delta_size) = (usize::from(header & 15), usize::from(header >> 4));
        let fields = tail.get(..length_size + delta_size).ok_or_else(|| wrong("cut off"))?;
        rest = &tail[fields.len()..];
        let length = signed(&fields[..length_size]).filter(|length| *length > 0);
        let count = length
            .and_then(|length| u64::try_from(length).ok())
            .ok_or_else(|| wrong("impossible length"))?;
        let delta = signed(&fields[length_size..]).ok_or_else(|| wrong("impossible offset"))?;
        let place = if delta_size == 0 {
            None
        } else {
            lcn = lcn.checked_add(delta).ok_or_else(|| wrong("impossible offset"))?;
            let start = u64::try_from(lcn).map_err(|_| wrong("outside the volume"))?;
            if start.checked_add(count).is_none_or(|end| end > clusters) {
                return Err(wrong("outside the volume"));
            }
            Some(start)
        };
        runs.push(Run { vcn, lcn: place, clusters: count });
        vcn = vcn
            .checked_add(count)
            .filter(|vcn| *vcn <= 1 << 62)
            .ok_or_else(|| wrong("impossible length"))?;
    }
}

/// A little-endian signed number of up to eight bytes; 0 when there are none.
fn signed(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > 8 {
        return None;
    }
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut array = [fill; 8];
    array[..bytes.len()].copy_from_slice(bytes);
    Some(i64::from_le_bytes(array))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_forward_backward_and_holes() {
        let pairs = [0x21, 0x18, 0x34, 0x56, 0x11, 0x02, 0xf0, 0x01, 0x05, 0x11, 1, 1, 0];
        let runs = decode(&pairs, 10, 1 << 20).unwrap();
        let expected = [(10, Some(0x5634), 0x18), (34, Some(0x5624), 2), (36, None, 5)];
        for (run, (vcn, lcn, clusters)) in runs.iter().zip(expected) {
            assert_eq!(*run, Run { vcn, lcn, clusters });
        }
        assert_eq!(runs[3], Run { vcn: 41, lcn: Some(0x5625), clusters: 1 });
    }

    #[test]
    fn refuses_what_leaves_the_volume() {
        assert!(decode(&[0x11, 4, 97, 0], 0, 100).is_err());
        assert!(decode(&[0x11, 4, 96, 0], 0, 100).is_ok());
        assert!(decode(&[0x11, 4, 0xff, 0], 0, 100).is_err());
        assert!(decode(&[0x11, 0, 1, 0], 0, 100).is_err());
        assert!(decode(&[0x11, 4, 1], 0, 100).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_runs_on_the_volume_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..64),
            first in 0_u64..1 << 40,
            clusters in 1_u64..1 << 40,
        ) {
            for run in decode(&bytes, first, clusters).into_iter().flatten() {
                prop_assert!(run.lcn.is_none_or(|lcn| lcn + run.clusters <= clusters));
            }
        }
    }
}
