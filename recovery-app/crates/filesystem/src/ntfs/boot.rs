//! The boot sector: sizes of the volume and where its file table starts.
//!
//! Format: `fs/ntfs3/ntfs.h`, `struct NTFS_BOOT`; limits as `ntfs_init_from_boot` in
//! `fs/ntfs3/super.c` takes them.

use block::{BlockDevice, BlockError, Extent};

use crate::MapError;
use crate::bytes::Bytes;

/// Largest cluster that Windows makes, in bytes.
const MOST_CLUSTER: u64 = 2 << 20;

/// Number of file records that `$MFT` starts with in one piece, and `$MFTMirr` repeats.
pub(super) const FIRST_RECORDS: u64 = 4;

/// What the boot sector says. Sizes are bytes unless a name says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boot {
    /// Bytes in a sector.
    pub sector: u64,
    /// Bytes in a cluster.
    pub cluster: u64,
    /// Sectors of the volume, without the backup boot sector behind them.
    pub sectors: u64,
    /// Whole clusters of the volume: what `$Bitmap` has bits for.
    pub clusters: u64,
    /// First cluster of `$MFT`.
    pub mft: u64,
    /// First cluster of `$MFTMirr`.
    pub mirror: u64,
    /// Bytes in a file record.
    pub record: usize,
    /// Serial number of the volume.
    pub serial: u64,
}

impl Boot {
    /// `None` when the sector is not that of an NTFS volume at all.
    pub(super) fn parse(sector: &[u8]) -> Option<Result<Self, MapError>> {
        (sector.get(3..11)? == b"NTFS    ").then(|| Self::fields(Bytes::new(sector, "boot sector")))
    }

    fn fields(bytes: Bytes<'_>) -> Result<Self, MapError> {
        let wrong = |what: &str| MapError::damaged(format!("NTFS boot sector: {what}"));
        let sector = u64::from(bytes.le16(0x0b)?);
        if !sector.is_power_of_two() || !(512..=4096).contains(&sector) {
            return Err(wrong("impossible sector size"));
        }
        let cluster = sector
            .checked_mul(sectors_per_cluster(bytes.u8(0x0d)?))
            .filter(|cluster| cluster.is_power_of_two() && *cluster <= MOST_CLUSTER)
            .ok_or_else(|| wrong("impossible cluster size"))?;
        let sectors = bytes.le64(0x28)?;
        let clusters = sectors / (cluster / sector);
        if clusters == 0 || sectors.checked_mul(sector).is_none_or(|size| size > 1 << 62) {
            return Err(wrong("impossible volume size"));
        }
        let record = record_size(bytes.u8(0x40)?, cluster)
            .ok_or_else(|| wrong("impossible file record size"))?;
        let (mft, mirror) = (bytes.le64(0x30)?, bytes.le64(0x38)?);
        let needed = (FIRST_RECORDS * record as u64).div_ceil(cluster);
        let last = clusters.saturating_sub(needed);
        if mft == 0 || mft > last || mirror == 0 || mirror > last {
            return Err(wrong("the file table lies outside the volume"));
        }
        let serial = bytes.le64(0x48)?;
        Ok(Self { sector, cluster, sectors, clusters, mft, mirror, record, serial })
    }

    /// Bytes from the start of the volume that the filesystem covers.
    pub(super) fn covered(&self) -> u64 {
        self.sectors * self.sector
    }

    /// The bytes of `count` clusters from cluster `lcn`, when they lie on the volume.
    pub(super) fn extent(&self, lcn: u64, count: u64) -> Option<Extent> {
        let end = lcn.checked_add(count)?;
        (end <= self.clusters).then(|| Extent::new(lcn * self.cluster, count * self.cluster))
    }
}

/// Up to 128 it is the number itself; above, the negative power of two (`fs/ntfs3/super.c`,
/// `true_sectors_per_clst`).
fn sectors_per_cluster(field: u8) -> u64 {
    match field {
        0..=128 => u64::from(field),
        _ => 1_u64.checked_shl(256 - u32::from(field)).unwrap_or(0),
    }
}

/// Positive is clusters, negative the power of two of bytes.
fn record_size(field: u8, cluster: u64) -> Option<usize> {
    let size = match i8::from_le_bytes([field]) {
        clusters @ 1.. => cluster.checked_mul(u64::try_from(clusters).ok()?)?,
        power => 1_u64.checked_shl(u32::from(power.unsigned_abs()))?,
    };
    let size = usize::try_from(size).ok()?;
    (size.is_power_of_two() && (512..=4096).contains(&size)).then_some(size)
}

/// The first 512 bytes of the volume; `None` when it is shorter.
pub(super) fn primary(volume: &dyn BlockDevice) -> Result<Option<Vec<u8>>, BlockError> {
    if volume.size() < 512 {
        return Ok(None);
    }
    volume.read_vec(0, 512).map(Some)
}

/// The bytes of the volume that ends with `sector`, a copy of a boot sector found at byte `at`;
/// `None` when it is no boot sector of NTFS, or makes no sense there.
#[must_use]
pub fn volume_before_copy(sector: &[u8], at: u64) -> Option<Extent> {
    let boot = Boot::parse(sector)?.ok()?;
    let start = at.checked_sub(boot.covered())?;
    Some(Extent::between(start, at.saturating_add(boot.sector)))
}

/// The boot sector's copy in the last sector of the volume (of 512 to 4096 bytes). A sector that
/// cannot be read holds none.
pub(super) fn backup(volume: &dyn BlockDevice) -> Option<Boot> {
    for sector in [512_u64, 1024, 2048, 4096] {
        let at = volume.size().checked_sub(sector)?;
        let found = volume.read_vec(at, 512).ok().and_then(|bytes| Boot::parse(&bytes)?.ok());
        if let Some(boot) = found.filter(|boot| boot.sector == sector && boot.covered() == at) {
            return Some(boot);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[3..11].copy_from_slice(b"NTFS    ");
        bytes[0x0b..0x0d].copy_from_slice(&512_u16.to_le_bytes());
        bytes[0x0d] = 8;
        bytes[0x28..0x30].copy_from_slice(&80_001_u64.to_le_bytes());
        bytes[0x30] = 4;
        bytes[0x38] = 9;
        bytes[0x40] = 0xf6;
        bytes
    }

    #[test]
    fn reads_sizes() {
        let boot = Boot::parse(&sector()).unwrap().unwrap();
        assert_eq!((boot.cluster, boot.clusters, boot.record), (4096, 10_000, 1024));
        assert_eq!(boot.covered(), 80_001 * 512);
    }

    #[test]
    fn a_copy_tells_where_its_volume_lies() {
        let before = 80_001 * 512;
        let place = volume_before_copy(&sector(), before + 1024);
        assert_eq!(place, Some(Extent::new(1024, before + 512)));
        assert_eq!(volume_before_copy(&sector(), before - 512), None);
        assert_eq!(volume_before_copy(&[0; 512], before), None);
    }

    #[test]
    fn large_clusters_are_negative_powers() {
        let mut bytes = sector();
        bytes[0x0d] = 0xf4;
        assert_eq!(Boot::parse(&bytes).unwrap().unwrap().cluster, 2 << 20);
        bytes[0x0d] = 0xf3;
        assert!(Boot::parse(&bytes).unwrap().is_err());
    }

    #[test]
    fn refuses_what_cannot_be() {
        for (at, value) in [(0x0b, 1), (0x0d, 0), (0x0d, 3), (0x30, 0), (0x33, 1), (0x40, 0)] {
            let mut bytes = sector();
            bytes[at] = value;
            assert!(Boot::parse(&bytes).unwrap().is_err(), "byte {at} = {value}");
        }
        assert!(Boot::parse(&[0; 512]).is_none());
        // Room for the first file records must be left behind the start of the table.
        let mut bytes = sector();
        bytes[0x0d] = 1;
        bytes[0x30..0x34].copy_from_slice(&79_993_u32.to_le_bytes());
        assert!(Boot::parse(&bytes).unwrap().is_ok());
        bytes[0x30] += 1;
        assert!(Boot::parse(&bytes).unwrap().is_err());
    }
}
