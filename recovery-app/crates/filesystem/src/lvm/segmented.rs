use block::{BlockDevice, BlockError, Extent, ExtentSet, Geometry, Operation};

/// Parts of another device, one after the other, as a device of its own. It cannot be written.
pub struct SegmentedDevice<'a> {
    device: &'a dyn BlockDevice,
    segments: Vec<Extent>,
    /// Of each segment, its first byte here.
    starts: Vec<u64>,
    size: u64,
}

impl<'a> SegmentedDevice<'a> {
    /// The bytes of `segments` of `device`, in this order.
    #[must_use]
    pub fn new(device: &'a dyn BlockDevice, segments: &[Extent]) -> Self {
        let mut size = 0_u64;
        let mut starts = Vec::with_capacity(segments.len());
        for segment in segments {
            starts.push(size);
            size = size.saturating_add(segment.length);
        }
        Self { device, segments: segments.to_vec(), starts, size }
    }

    /// The bytes `range` of this device, as ranges of the device below.
    fn below(&self, range: Extent) -> impl Iterator<Item = Extent> + '_ {
        let first = self.starts.partition_point(|start| *start <= range.start).saturating_sub(1);
        let from = self.starts.iter().zip(&self.segments).skip(first);
        from.take_while(move |(start, _)| **start < range.end()).filter_map(
            move |(start, segment)| {
                let part = Extent::new(*start, segment.length).intersection(&range)?;
                Some(Extent::new(segment.start.saturating_add(part.start - start), part.length))
            },
        )
    }

    /// The bytes of `set` of this device, as bytes of the device below.
    pub(super) fn to_below(&self, set: &ExtentSet) -> ExtentSet {
        set.iter().flat_map(|extent| self.below(extent)).collect()
    }

    /// The bytes of `set` of the device below that belong to this device.
    pub(super) fn part_of(&self, set: &ExtentSet) -> ExtentSet {
        let mut start = 0_u64;
        let mut here = Vec::new();
        for segment in &self.segments {
            for part in set.within(*segment) {
                here.push(Extent::new(start + (part.start - segment.start), part.length));
            }
            start = start.saturating_add(segment.length);
        }
        here.into_iter().collect()
    }
}

impl BlockDevice for SegmentedDevice<'_> {
    fn geometry(&self) -> Geometry {
        Geometry { size: self.size, ..self.device.geometry() }
    }

    fn name(&self) -> &str {
        self.device.name()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let length = buffer.len() as u64;
        if offset.checked_add(length).is_none_or(|end| end > self.size) {
            return Err(BlockError::OutOfRange {
                device: self.name().to_owned(),
                operation: Operation::Read,
                offset,
                length,
                size: self.size,
            });
        }
        let mut rest = buffer;
        for part in self.below(Extent::new(offset, length)) {
            let (piece, behind) = rest.split_at_mut(usize::try_from(part.length).unwrap_or(0));
            self.device.read_at(piece, part.start)?;
            rest = behind;
        }
        Ok(())
    }

    fn write_at(&self, _: &[u8], _: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: self.name().to_owned() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use block::MemoryDevice;

    #[test]
    fn joins_segments_and_translates_both_ways() {
        let below = MemoryDevice::from((0..=255).collect::<Vec<u8>>());
        let segments = [Extent::new(100, 10), Extent::new(50, 5), Extent::new(200, 20)];
        let device = SegmentedDevice::new(&below, &segments);
        assert_eq!(device.size(), 35);
        assert_eq!(device.read_vec(8, 9).unwrap(), [108, 109, 50, 51, 52, 53, 54, 200, 201]);
        assert!(device.read_vec(30, 6).is_err());

        let set = ExtentSet::from(Extent::new(8, 9));
        let there = device.to_below(&set);
        let expected = [Extent::new(50, 5), Extent::new(108, 2), Extent::new(200, 2)];
        assert_eq!(there.extents(), expected);
        assert_eq!(device.part_of(&there), set);
    }
}
