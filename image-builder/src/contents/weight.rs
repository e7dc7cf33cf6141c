//! What each part of the system weighs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use crate::error::{Doing, Result};
use crate::system::System;
use crate::tree::Node;

/// How hard parts are compressed to find their shares: the shares are nearly those of the real,
/// slow level.
const LEVEL: i32 = 1;

/// One part.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weight {
    /// Bytes before compression.
    pub(crate) unpacked: u64,
    /// About as many bytes of the image.
    pub(crate) packed: u64,
}

/// Weighs the parts of a system whose image has `packed` bytes.
pub(crate) fn weigh(system: &System, packed: u64) -> Result<BTreeMap<String, Weight>> {
    let mut scales: BTreeMap<String, Scale> = BTreeMap::new();
    for (path, node) in system.tree.iter() {
        if let Node::File(content, _) = node {
            let scale = scales.entry(system.origin.part(path, node)).or_default();
            let (size, mut bytes) = content.open()?;
            io::copy(&mut bytes, &mut scale.compressor()?).doing("weighing", Path::new(path))?;
            scale.unpacked += size;
        }
    }
    let mut weights = BTreeMap::new();
    for (part, scale) in scales {
        weights.insert(part, Weight { unpacked: scale.unpacked, packed: scale.finish()? });
    }
    let total: u64 = weights.values().map(|weight| weight.packed).sum();
    for weight in weights.values_mut() {
        weight.packed = share(weight.packed, packed, total);
    }
    Ok(weights)
}

fn share(part: u64, whole: u64, total: u64) -> u64 {
    let share = u128::from(part) * u128::from(whole) / u128::from(total.max(1));
    u64::try_from(share).unwrap_or(whole)
}

#[derive(Default)]
struct Scale {
    unpacked: u64,
    compressor: Option<zstd::Encoder<'static, Counter>>,
}

impl Scale {
    fn compressor(&mut self) -> Result<&mut zstd::Encoder<'static, Counter>> {
        let new = || zstd::Encoder::new(Counter(0), LEVEL).doing("weighing", Path::new("a part"));
        let compressor = match self.compressor.take() {
            Some(compressor) => compressor,
            None => new()?,
        };
        Ok(self.compressor.insert(compressor))
    }

    fn finish(self) -> Result<u64> {
        let Some(compressor) = self.compressor else { return Ok(0) };
        Ok(compressor.finish().doing("weighing", Path::new("a part"))?.0)
    }
}

/// Counts what is written.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        assert_eq!(share(1, 100, 4), 25);
        assert_eq!(share(0, 100, 0), 0);
        assert_eq!(share(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
    }
}
