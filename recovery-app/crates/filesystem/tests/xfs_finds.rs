//! Damaged volumes on which a reader once went wrong. Needs no root and no tools.
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "xfs_support/patched.rs"]
mod patched;

use filesystem::xfs;
use patched::Patched;

#[test]
fn untouched_volumes_are_mapped() {
    let sources =
        ["XFS free-space trees", "XFS free-space trees, log replayed", "XFS free-space trees"];
    for (number, source) in (0..).zip(sources) {
        let map = xfs::allocation(&Patched::new(&[number])).unwrap();
        assert_eq!(map.source, source);
        Patched::new(&[number]).read_in_every_way();
    }
}

/// Every single byte that is not zero, changed on its own: an error or a map, but never a panic.
#[test]
fn changed_bytes_do_no_harm() {
    for image in 0..3 {
        for unit in (0..2000_u16).step_by(7) {
            let [a, b] = unit.to_le_bytes();
            let [c, d] = (unit.wrapping_mul(31) % 512).to_le_bytes();
            for byte in [0, 0x7f, 0xff] {
                Patched::new(&[image, a, b, c, d, 0, byte]).read_in_every_way();
            }
        }
    }
}

/// Inputs on which the fuzzer made a reader panic.
#[test]
fn what_the_fuzzer_found() {
    let finds: [&[u8]; 1] = [
        // Blocks of zero bytes.
        &[0, 0, 0, 5, 122, 58, 0, 0, 0, 239, 0, 0, 239, 0, 82, 51],
    ];
    for find in finds {
        Patched::new(find).read_in_every_way();
    }
}
