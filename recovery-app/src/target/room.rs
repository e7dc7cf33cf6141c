//! How much room a file takes that a disk is restored into: what the filesystem makes of its holes.

use image::manifest::TotalsRecord;

/// Filesystems that may compress: there a file may take less room than it holds.
const MAY_COMPRESS: [&str; 4] = ["btrfs", "zfs", "bcachefs", "f2fs"];

/// Filesystems where a file takes all of its size from the start.
const HAVE_NO_HOLES: [&str; 7] =
    ["vfat", "msdos", "fuse.fusefat", "exfat", "ntfs3", "hfs", "hfsplus"];

/// Filesystems that keep the holes of a file but make none into it, so that zeros which are written
/// take room: `ntfs` as `ntfs-3g` writes it, NFS before version 4.2.
const MAKE_NO_HOLES: [&str; 2] = ["ntfs", "nfs"];

/// Bytes that a file of `size` bytes takes on a filesystem of this kind at least, when a backup with
/// such totals is restored into it.
pub(super) fn needed(kind: &str, size: u64, totals: &TotalsRecord) -> u64 {
    if MAY_COMPRESS.contains(&kind) {
        return 0;
    }
    if HAVE_NO_HOLES.contains(&kind) {
        return size;
    }
    if MAKE_NO_HOLES.contains(&kind) || kind.starts_with("fuse") {
        return totals.data.saturating_add(totals.zero);
    }
    totals.data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_cost_room_where_there_are_none() {
        let totals = TotalsRecord { data: 10, zero: 5, ..TotalsRecord::default() };
        let cases = [("ext4", 10), ("tmpfs", 10), ("btrfs", 0), ("exfat", 40), ("vfat", 40)];
        for (kind, expected) in cases.into_iter().chain([("ntfs", 15), ("fuseblk", 15)]) {
            assert_eq!(needed(kind, 40, &totals), expected, "{kind}");
        }
    }
}
