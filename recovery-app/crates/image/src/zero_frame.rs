//! Zstandard frames that hold nothing but zeros, made by hand: the library would read a GiB of
//! zeros to make one, and would choose a window that `zstd -d` refuses.

/// Most zeros in one frame, in bytes: what the seekable format allows a frame to hold.
pub const LARGEST_ZERO_FRAME: u64 = 1 << 30;

/// Most bytes in one block of a frame (RFC 8878, section 3.1.1.2.4).
const BLOCK_MAXIMUM: u64 = 128 << 10;

/// A frame that decompresses to `length` zeros, at most [`LARGEST_ZERO_FRAME`].
///
/// Format: RFC 8878, section 3.1.1. Descriptor `0x80`: content size in 4 bytes, no checksum, a
/// window descriptor follows. Window descriptor `0x38`: 2^(10+7) = 128 KiB, which every decoder
/// accepts. Then one RLE block for each 128 KiB.
#[must_use]
pub fn zero_frame(length: u64) -> Vec<u8> {
    let length = length.min(LARGEST_ZERO_FRAME);
    let blocks = length.div_ceil(BLOCK_MAXIMUM).max(1);
    let mut frame = Vec::with_capacity(usize::try_from(10 + 4 * blocks).unwrap_or(0));
    frame.extend(0xFD2F_B528_u32.to_le_bytes());
    frame.extend([0x80, 0x38]);
    frame.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    for block in 0..blocks {
        let size = (length - block * BLOCK_MAXIMUM).min(BLOCK_MAXIMUM);
        let last = u64::from(block + 1 == blocks);
        let rle = 1;
        let header = (size << 3) | (rle << 1) | last;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_reads_it_as_zeros() {
        for length in [1, 4096, 131_072, 131_073, 4 << 20, (5 << 20) + 7] {
            let decoded = zstd::bulk::decompress(&zero_frame(length), 8 << 20).unwrap();
            assert_eq!(decoded.len() as u64, length);
            assert!(decoded.iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn a_gibibyte_of_zeros_costs_32_kib() {
        assert_eq!(zero_frame(LARGEST_ZERO_FRAME).len(), 10 + 4 * 8192);
    }
}
