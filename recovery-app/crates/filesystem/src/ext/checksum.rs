//! The checksums of ext4 and of its journal (Linux `fs/ext4/super.c`, `fs/jbd2/recovery.c`).
//!
//! The kernel keeps the running value of CRC-32C without the final inversion; the crate inverts
//! before and after, hence the complements here.

use crc::{CRC_16_MODBUS, CRC_32_MPEG_2, Crc};

/// CRC-16 with polynomial 0x8005 reflected, as `uninit_bg` uses it.
static CRC16: Crc<u16> = Crc::<u16>::new(&CRC_16_MODBUS);
/// CRC-32, most significant bit first, as version 1 journal checksums use it.
static CRC32_BE: Crc<u32> = Crc::<u32>::new(&CRC_32_MPEG_2);

/// CRC-32C of `bytes`, continuing from `seed` (`!0` at the start).
pub(super) fn crc32c(seed: u32, bytes: &[u8]) -> u32 {
    !crc32c::crc32c_append(!seed, bytes)
}

/// CRC-16 over several pieces, starting from `!0`.
pub(super) fn crc16(pieces: &[&[u8]]) -> u16 {
    let mut digest = CRC16.digest();
    pieces.iter().for_each(|piece| digest.update(piece));
    digest.finalize()
}

/// The running checksum of a transaction in a version 1 journal, starting from `!0`.
#[derive(Clone)]
pub(super) struct TransactionSum(crc::Digest<'static, u32>);

impl TransactionSum {
    pub(super) fn new() -> Self {
        Self(CRC32_BE.digest())
    }

    pub(super) fn update(&mut self, block: &[u8]) {
        self.0.update(block);
    }

    pub(super) fn value(&self) -> u32 {
        self.0.clone().finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_published_check_string() {
        assert_eq!(!crc32c(!0, b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(crc32c(!0, b"1234"), b"56789"), crc32c(!0, b"123456789"));
        assert_eq!(crc16(&[b"1234", b"56789"]), 0x4b37);
        let mut sum = TransactionSum::new();
        sum.update(b"123456789");
        assert_eq!(sum.value(), 0x0376_e6e7);
    }
}
