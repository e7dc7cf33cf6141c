use std::sync::{Arc, Mutex, PoisonError};

use block::{BlockDevice, BlockError, Geometry, Operation};
use image::{Decoder, FrameKind, ImageReader, Record};

/// Decoded chunks kept: what directory walks and tables touch again and again.
const KEPT_CHUNKS: usize = 8;

/// The disk inside an image, as a device that can be read. Free space reads as zeros; damaged
/// chunks fail to read.
pub struct ImageDevice<'a> {
    image: &'a ImageReader,
    name: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    segment: Option<(usize, Arc<Vec<Record>>)>,
    /// First byte on the disk and content, the most recent last.
    chunks: Vec<(u64, Arc<Vec<u8>>)>,
}

impl<'a> ImageDevice<'a> {
    /// The disk in `image`.
    #[must_use]
    pub fn new(image: &'a ImageReader) -> Self {
        let name = image.path().display().to_string();
        Self { image, name, state: Mutex::default() }
    }

    fn fail(&self, offset: u64, length: u64, reason: String) -> BlockError {
        let source = std::io::Error::other(reason);
        BlockError::io(&self.name, Operation::Read, offset, length, source)
    }

    fn record_at(&self, state: &mut State, offset: u64) -> Result<Record, String> {
        let number = self.image.segment_of(offset);
        let records = match &state.segment {
            Some((kept, records)) if *kept == number => Arc::clone(records),
            _ => {
                let records = self.image.segment(number).map_err(|error| error.to_string())?;
                let records = Arc::new(records);
                state.segment = Some((number, Arc::clone(&records)));
                records
            }
        };
        let index = records.partition_point(|record| record.disk.end() <= offset);
        records.get(index).copied().ok_or_else(|| "the index does not cover it".to_owned())
    }

    fn chunk(&self, state: &mut State, record: &Record) -> Result<Arc<Vec<u8>>, String> {
        let start = record.disk.start;
        if let Some(kept) = state.chunks.iter().position(|(at, _)| *at == start) {
            let chunk = state.chunks.remove(kept);
            state.chunks.push(chunk.clone());
            return Ok(chunk.1);
        }
        let mut frame = Vec::new();
        let mut raw = vec![0; usize::try_from(record.disk.length).unwrap_or(0)];
        self.image.read_frame(record, &mut frame).map_err(|damage| damage.reason)?;
        Decoder::new()
            .map_err(|error| error.to_string())?
            .decode(record, &frame, &mut raw)
            .map_err(|damage| damage.reason)?;
        let chunk = Arc::new(raw);
        state.chunks.push((start, Arc::clone(&chunk)));
        if state.chunks.len() > KEPT_CHUNKS {
            state.chunks.remove(0);
        }
        Ok(chunk)
    }
}

impl BlockDevice for ImageDevice<'_> {
    fn geometry(&self) -> Geometry {
        let header = self.image.header();
        Geometry {
            size: header.disk_size,
            logical_sector: header.logical_sector,
            physical_sector: header.logical_sector,
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BlockError> {
        let length = buffer.len() as u64;
        if offset.checked_add(length).is_none_or(|end| end > self.size()) {
            return Err(BlockError::OutOfRange {
                device: self.name.clone(),
                operation: Operation::Read,
                offset,
                length,
                size: self.size(),
            });
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset + filled as u64;
            let fail = |reason| self.fail(offset, length, reason);
            let record = self.record_at(&mut state, at).map_err(fail)?;
            let left = usize::try_from(record.disk.end() - at).unwrap_or(usize::MAX);
            let part_length = left.min(buffer.len() - filled);
            let part = &mut buffer[filled..filled + part_length];
            match record.kind {
                FrameKind::Data | FrameKind::Unreadable => {
                    let chunk = self.chunk(&mut state, &record).map_err(fail)?;
                    let from = usize::try_from(at - record.disk.start).unwrap_or(0);
                    part.copy_from_slice(&chunk[from..from + part_length]);
                }
                FrameKind::Zero | FrameKind::Hole | FrameKind::Excluded => part.fill(0),
            }
            filled += part_length;
        }
        Ok(())
    }

    fn write_at(&self, _data: &[u8], _offset: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: self.name.clone() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}
