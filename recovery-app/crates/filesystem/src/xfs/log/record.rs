//! Log records: a header of one or more blocks, then data (`xlog_rec_header`).

use super::ring::{BLOCK, Ring, is_header};
use super::strange;
use crate::MapError;
use crate::bytes::Bytes;
use crate::xfs::superblock::Superblock;

/// Largest data of a record in bytes.
const MOST_DATA: u32 = 256 << 10;
/// Data bytes whose first words one header block keeps.
const DATA_PER_HEADER: u32 = 32 << 10;
const WORDS_PER_HEADER: usize = 64;
/// Sizes over which 64-bit and 32-bit kernels take the checksum of the first block.
const CHECKED_LENGTHS: [usize; 2] = [328, 324];
const CRC_AT: usize = 32;
/// Bytes of an extended header that count.
const EXTENDED_LENGTH: usize = 260;
/// Written by a little-endian machine (`XLOG_FMT_LINUX_LE`).
const LITTLE_ENDIAN: u32 = 1;

/// The header of a record.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// Its place in the ring.
    pub(super) block: u32,
    pub(super) cycle: u32,
    /// Cycle in the high, block in the low 32 bits.
    pub(super) lsn: u64,
    /// Where replay must start if this is the last record.
    pub(super) tail_lsn: u64,
    pub(super) operations: u32,
    /// Data in bytes.
    pub(super) length: u32,
    pub(super) header_blocks: u32,
    /// Written by this filesystem on a machine of a known byte order.
    ours: bool,
}

impl Header {
    /// The header at `block`, or an error when there is none that makes sense.
    pub(super) fn read(ring: &Ring<'_>, sb: &Superblock, block: u32) -> Result<Self, MapError> {
        let bytes = ring.read(block, 1)?;
        let header = Bytes::new(&bytes, "XFS log record");
        let (version, length, size) = (header.be32(8)?, header.be32(12)?, header.be32(320)?);
        let sane = is_header(&bytes) && matches!(version, 1 | 2) && length <= MOST_DATA;
        if !sane || size > MOST_DATA {
            return Err(strange("a record header is damaged"));
        }
        let extended = version == 2 && sb.features.log_v2 && size > DATA_PER_HEADER;
        Ok(Self {
            block,
            cycle: header.be32(4)?,
            lsn: header.be64(16)?,
            tail_lsn: header.be64(24)?,
            operations: header.be32(40)?,
            length,
            header_blocks: if extended { size.div_ceil(DATA_PER_HEADER) } else { 1 },
            ours: header.be32(300)? == LITTLE_ENDIAN && header.slice(304, 16)? == sb.uuid,
        })
    }

    /// Blocks of header and data.
    pub(super) fn blocks(&self) -> u32 {
        self.header_blocks + self.length.div_ceil(512)
    }

    /// Refuses a record that is not of this place and this filesystem.
    pub(super) fn check_origin(&self) -> Result<(), MapError> {
        if !self.ours {
            return Err(strange("a record comes from another filesystem or machine"));
        }
        if self.lsn != (u64::from(self.cycle) << 32 | u64::from(self.block)) {
            return Err(strange("a record lies in the wrong place"));
        }
        Ok(())
    }
}

/// A record as a whole.
pub(super) struct Record {
    pub(super) header: Header,
    /// Header blocks and data, as on disk.
    bytes: Vec<u8>,
}

impl Record {
    /// Reads the record at `block`, which must end before or at `head`.
    pub(super) fn read(
        ring: &Ring<'_>,
        sb: &Superblock,
        block: u32,
        head: u32,
    ) -> Result<Self, MapError> {
        let header = Header::read(ring, sb, block)?;
        let blocks = header.blocks();
        if blocks > ring.distance(block, head) {
            return Err(strange("a record reaches over the end of what was written"));
        }
        let bytes = ring.read(block, blocks)?;
        Ok(Self { header, bytes })
    }

    /// True when nothing of it is torn; an error when it has no checksum to tell.
    pub(super) fn is_whole(&self) -> Result<bool, MapError> {
        if self.header.length == 0 || cfg!(fuzzing) {
            return Ok(true);
        }
        let stored = Bytes::new(&self.bytes, "XFS log record").le32(CRC_AT)?;
        for length in CHECKED_LENGTHS {
            if self.checksum(length)? == stored {
                return Ok(true);
            }
        }
        if stored == 0 {
            return Err(strange("a record has no checksum"));
        }
        Ok(false)
    }

    /// `xlog_cksum`: the header with its own field as zero, extended headers, data. Of the extended
    /// headers, of which there are as many as the log buffer could need, only those count whose
    /// data is there.
    fn checksum(&self, header_length: usize) -> Result<u32, MapError> {
        let bytes = Bytes::new(&self.bytes, "XFS log record");
        let headers = self.header.header_blocks as usize;
        let mut crc = crc32c::crc32c(bytes.slice(0, CRC_AT)?);
        crc = crc32c::crc32c_append(crc, &[0; 4]);
        let rest = header_length - CRC_AT - 4;
        crc = crc32c::crc32c_append(crc, bytes.slice(CRC_AT + 4, rest)?);
        let needed = self.header.length.div_ceil(DATA_PER_HEADER) as usize;
        for block in 1..headers.min(needed) {
            let extended = bytes.slice(block * BLOCK, EXTENDED_LENGTH)?;
            crc = crc32c::crc32c_append(crc, extended);
        }
        let data = bytes.slice(headers * BLOCK, self.header.length as usize)?;
        Ok(crc32c::crc32c_append(crc, data))
    }

    /// The data, with the first word of each block, which held the cycle, put back.
    pub(super) fn into_data(self) -> Result<Vec<u8>, MapError> {
        let headers = self.header.header_blocks as usize;
        let source = Bytes::new(&self.bytes, "XFS log record");
        let start = headers * BLOCK;
        let mut data = source.slice(start, self.bytes.len().saturating_sub(start))?.to_vec();
        for (index, block) in data.chunks_exact_mut(BLOCK).enumerate() {
            let (header, word) = (index / WORDS_PER_HEADER, index % WORDS_PER_HEADER);
            if header >= headers {
                return Err(strange("a record is longer than its headers can tell"));
            }
            let first = if header == 0 { 44 } else { header * BLOCK + 4 };
            block[..4].copy_from_slice(source.slice(first + word * 4, 4)?);
        }
        data.truncate(self.header.length as usize);
        Ok(data)
    }
}
