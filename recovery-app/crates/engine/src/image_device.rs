use std::sync::{Arc, Mutex, PoisonError};

use block::{BlockDevice, BlockError, Geometry, Operation};
use image::{Decoder, FrameKind, ImageReader, Record};

use crate::EngineError;
use crate::damage::unless_gone;

/// Decoded chunks kept, in bytes: what directory walks and tables touch again and again.
const KEPT: usize = 32 << 20;

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
    /// Why the last read failed, if one did.
    failure: Option<EngineError>,
}

impl<'a> ImageDevice<'a> {
    /// The disk in `image`.
    #[must_use]
    pub fn new(image: &'a ImageReader) -> Self {
        let name = image.path().display().to_string();
        Self { image, name, state: Mutex::default() }
    }

    /// What is wrong with the image where `error` comes from a read that failed because of it.
    pub(crate) fn reason_for(&self, error: impl Into<EngineError>) -> EngineError {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failure.take().unwrap_or_else(|| error.into())
    }

    fn record_at(&self, state: &mut State, offset: u64) -> Result<Record, EngineError> {
        let number = self.image.segment_of(offset);
        let records = match &state.segment {
            Some((kept, records)) if *kept == number => Arc::clone(records),
            _ => {
                let records = Arc::new(self.image.segment(number)?);
                state.segment = Some((number, Arc::clone(&records)));
                records
            }
        };
        let index = records.partition_point(|record| record.disk.end() <= offset);
        let missing = || EngineError::refused("the index does not cover the disk", "");
        records.get(index).copied().ok_or_else(missing)
    }

    fn chunk(&self, state: &mut State, record: &Record) -> Result<Arc<Vec<u8>>, EngineError> {
        let start = record.disk.start;
        if let Some(kept) = state.chunks.iter().position(|(at, _)| *at == start) {
            let chunk = state.chunks.remove(kept);
            state.chunks.push(chunk.clone());
            return Ok(chunk.1);
        }
        let mut frame = Vec::new();
        let mut raw = vec![0; usize::try_from(record.disk.length).unwrap_or(0)];
        let mut decoder = Decoder::new().map_err(EngineError::Compression)?;
        self.image
            .read_frame(record, &mut frame)
            .and_then(|()| decoder.decode(record, &frame, &mut raw))
            .or_else(|damage| {
                Err(EngineError::DamagedImage(unless_gone(self.image, damage)?.into()))
            })?;
        let chunk = Arc::new(raw);
        state.chunks.push((start, Arc::clone(&chunk)));
        if state.chunks.len() > KEPT / self.image.header().chunk_size as usize {
            state.chunks.remove(0);
        }
        Ok(chunk)
    }

    fn fill(&self, state: &mut State, buffer: &mut [u8], offset: u64) -> Result<(), EngineError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset + filled as u64;
            let record = self.record_at(state, at)?;
            let left = usize::try_from(record.disk.end() - at).unwrap_or(usize::MAX);
            let part_length = left.min(buffer.len() - filled);
            let part = &mut buffer[filled..filled + part_length];
            match record.kind {
                FrameKind::Data | FrameKind::Unreadable => {
                    let chunk = self.chunk(state, &record)?;
                    let from = usize::try_from(at - record.disk.start).unwrap_or(0);
                    part.copy_from_slice(&chunk[from..from + part_length]);
                }
                FrameKind::Zero | FrameKind::Hole | FrameKind::Excluded => part.fill(0),
            }
            filled += part_length;
        }
        Ok(())
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
        self.fill(&mut state, buffer, offset).map_err(|error| {
            let source = std::io::Error::other(error.to_string());
            state.failure = Some(error);
            BlockError::io(&self.name, Operation::Read, offset, length, source)
        })
    }

    fn write_at(&self, _data: &[u8], _offset: u64) -> Result<(), BlockError> {
        Err(BlockError::ReadOnly { device: self.name.clone() })
    }

    fn flush(&self) -> Result<(), BlockError> {
        Ok(())
    }
}
