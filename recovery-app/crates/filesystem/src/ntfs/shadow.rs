//! Shadow copies, which Windows calls restore points and previous versions.
//!
//! Format: the documentation of libvshadow, "Volume Shadow Snapshot (VSS) format". The differences
//! to the volume as it is now lie in files, which the map has. What did not change since is read
//! from the volume itself, also from clusters that are free by now.

use block::BlockDevice;

/// Where the header is, in the clusters of `$Boot`.
const HEADER: u64 = 0x1e00;
/// What it starts with: the GUID 3808876b-c176-4e48-b7ae-04046e6cc752.
const IDENTIFIER: [u8; 16] = *b"\x6b\x87\x08\x38\x76\xc1\x48\x4e\xb7\xae\x04\x04\x6e\x6c\xc7\x52";
/// Where it has the place of the catalog of shadow copies, which is 0 when there are none.
const CATALOG: usize = 48;

/// True when the volume has a catalog of shadow copies.
pub(super) fn exist(volume: &dyn BlockDevice) -> bool {
    let header = volume.read_vec(HEADER, CATALOG + 8).unwrap_or_default();
    header.starts_with(&IDENTIFIER) && header[CATALOG..].iter().any(|byte| *byte != 0)
}
