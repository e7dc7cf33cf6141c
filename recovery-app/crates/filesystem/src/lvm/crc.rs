/// LVM2 starts its CRC-32 with this value and does not invert the result.
const START: u32 = 0xf597_a6cf;

/// LVM2's checksum (`lib/misc/crc.c`): CRC-32 of IEEE 802.3, other start, no inversion.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(START, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 };
        }
        crc
    })
}
