use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use crate::record::{Record, Sha256Hash};
use crate::zero_frame::zero_frame;
use crate::{Damage, FrameKind};

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Sha256Hash {
    Sha256::digest(bytes).into()
}

/// XXH3-128 of a frame as stored.
#[must_use]
pub fn stored_checksum(frame: &[u8]) -> u128 {
    xxh3_128(frame)
}

/// Makes data frames. One for each thread: it keeps its working memory.
pub struct Encoder {
    compressor: zstd::bulk::Compressor<'static>,
    level: i32,
}

impl Encoder {
    /// An encoder at Zstandard `level`.
    pub fn new(level: i32) -> std::io::Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(level)?;
        compressor.include_checksum(true)?;
        compressor.include_contentsize(true)?;
        Ok(Self { compressor, level })
    }

    /// The level in use.
    #[must_use]
    pub fn level(&self) -> i32 {
        self.level
    }

    /// Changes the level for the frames to come.
    pub fn set_level(&mut self, level: i32) -> std::io::Result<()> {
        if level != self.level {
            self.compressor.set_compression_level(level)?;
            self.level = level;
        }
        Ok(())
    }

    /// Upper bound of the working memory, in bytes, that an encoder takes at Zstandard `level` for
    /// chunks of up to 4 MiB. Most of it is the tables of `lib/compress/clevels.h`: hash and chain,
    /// 4 bytes an entry.
    #[must_use]
    pub fn memory(level: i32) -> usize {
        let mebibytes = match level {
            ..=3 => 2,
            4..=6 => 3,
            7 | 8 => 6,
            9 => 11,
            10 | 11 => 21,
            12 => 41,
            13 | 16 => 33,
            15 => 65,
            _ => 50,
        };
        mebibytes << 20
    }

    /// Replaces the content of `frame` by one frame that holds `raw`, with its size and checksum.
    pub fn encode(&mut self, raw: &[u8], frame: &mut Vec<u8>) -> std::io::Result<()> {
        frame.clear();
        frame.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        self.compressor.compress_to_buffer(raw, frame)?;
        Ok(())
    }
}

/// Opens data frames. One for each thread: it keeps its working memory.
pub struct Decoder {
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl Decoder {
    /// A decoder.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { decompressor: zstd::bulk::Decompressor::new()? })
    }

    /// Decompresses `frame` into `raw`, which has the record's length, and checks its hash.
    ///
    /// The stored checksum is not checked again: see [`check_stored`].
    pub fn decode(&mut self, record: &Record, frame: &[u8], raw: &mut [u8]) -> Result<(), Damage> {
        let damage = |reason: &str| damage(record, reason);
        match self.decompressor.decompress_to_buffer(frame, raw) {
            Ok(length) if length == raw.len() => {}
            Ok(_) => return Err(damage("it decompresses to another length")),
            Err(error) => return Err(damage(&format!("it does not decompress: {error}"))),
        }
        if record.kind.is_content() && sha256(raw) != record.sha256 {
            return Err(damage("its content does not have the recorded SHA-256"));
        }
        Ok(())
    }
}

/// Checks a frame as stored against its record, without decompressing it. Frames of zeros are
/// compared byte for byte with the only form they can have.
pub(crate) fn check_stored(record: &Record, frame: &[u8]) -> Result<(), Damage> {
    let sound = match record.kind {
        FrameKind::Data | FrameKind::Unreadable => stored_checksum(frame) == record.stored_checksum,
        FrameKind::Zero | FrameKind::Hole | FrameKind::Excluded => {
            frame == zero_frame(record.disk.length)
        }
    };
    sound.then_some(()).ok_or_else(|| damage(record, "its bytes have changed since it was written"))
}

pub(crate) fn damage(record: &Record, reason: &str) -> Damage {
    let Record { kind, disk, stored, .. } = *record;
    Damage { kind, disk, stored, reason: reason.to_owned(), is_unread: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_takes_no_more_memory_than_is_said() {
        let (raw, mut frame) = (vec![0; 4 << 20], Vec::new());
        for level in 1..=19 {
            let mut encoder = Encoder::new(level).unwrap();
            encoder.encode(&raw, &mut frame).unwrap();
            let (taken, said) = (encoder.compressor.context_mut().sizeof(), Encoder::memory(level));
            assert!((taken..taken + (2 << 20)).contains(&said), "level {level}: {taken} bytes");
        }
    }
}
