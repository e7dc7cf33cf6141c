//! What this program was started from: it is not to be overwritten.

use std::path::Path;

use block::{Access, BlockDevice, Caching, FileDevice, Window};
use partition_table::Partition;

/// What the recovery environment's first process keeps its log in; nothing else has it.
const LOG_OF_INIT: &str = "/run/remetal/log";

/// Why such a disk is refused.
pub const IN_WORDS: &str = "the medium that Remetal was started from";

/// What the volume is called that Ventoy keeps itself in.
pub const VENTOY_LABEL: &str = "VTOYEFI";

/// The kinds of medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootMedium {
    /// The ISO file, written to a stick as it is. Nothing else is on it.
    Iso,
    /// A stick of Ventoy, with the ISO file beside other files.
    Ventoy,
}

/// True in the recovery environment, as opposed to a running system.
pub fn is_environment() -> bool {
    Path::new(LOG_OF_INIT).exists()
}

/// What the disk at `path` is started from, if it may be the one.
pub fn at(path: &Path) -> Option<BootMedium> {
    of(&FileDevice::open(path, Access::Read, Caching::Cached).ok()?)
}

/// What `disk` is started from, if it may be the one. On a running system no disk is.
///
/// `disk` must take reads of any alignment.
pub fn of(disk: &dyn BlockDevice) -> Option<BootMedium> {
    if is_environment() { kind_of(disk) } else { None }
}

fn kind_of(disk: &dyn BlockDevice) -> Option<BootMedium> {
    if has_our_label(disk) {
        Some(BootMedium::Iso)
    } else {
        has_ventoy(disk).then_some(BootMedium::Ventoy)
    }
}

/// The primary volume descriptor (ECMA-119, 8.4): in sector 16 of 2048 bytes, its identifier at
/// byte 1, that of the volume in 32 bytes at byte 40.
fn has_our_label(disk: &dyn BlockDevice) -> bool {
    const SECTOR_16: u64 = 16 * 2048;
    let Ok(descriptor) = disk.read_vec(SECTOR_16, 72) else { return false };
    descriptor[1..6] == *b"CD001" && descriptor[40..].trim_ascii_end() == b"REMETAL"
}

/// Ventoy keeps itself in a small FAT volume behind the one for files.
fn has_ventoy(disk: &dyn BlockDevice) -> bool {
    const LARGEST: u64 = 64 << 20;
    let label = |partition: &Partition| {
        filesystem::identify(&Window::new(disk, partition.extent)).ok()?.label
    };
    let Ok(layout) = partition_table::read(disk) else { return false };
    layout
        .volumes()
        .filter(|partition| partition.extent.length <= LARGEST)
        .any(|partition| label(partition).as_deref() == Some(VENTOY_LABEL))
}

#[cfg(test)]
mod tests {
    use block::MemoryDevice;

    use super::*;

    fn iso(label: &[u8]) -> MemoryDevice {
        let mut bytes = vec![0; 64 << 10];
        bytes[32768..][..6].copy_from_slice(b"\x01CD001");
        bytes[32768 + 40..][..32].fill(b' ');
        bytes[32768 + 40..][..label.len()].copy_from_slice(label);
        MemoryDevice::from(bytes)
    }

    #[test]
    fn our_own_iso_is_known_by_its_label() {
        assert_eq!(kind_of(&iso(b"REMETAL")), Some(BootMedium::Iso));
        assert_eq!(kind_of(&iso(b"REMETAL2")), None);
        assert_eq!(kind_of(&iso(b"Debian 12")), None);
        assert_eq!(kind_of(&MemoryDevice::from(vec![0; 64 << 10])), None);
        assert_eq!(kind_of(&MemoryDevice::from(vec![0; 512])), None);
    }

    #[test]
    fn a_ventoy_stick_is_known_by_its_second_partition() {
        let folder = tempfile::tempdir().unwrap();
        let make = |label: &str| {
            let disk = folder.path().join("disk");
            vm::sh(&format!(
                "cd {}; rm -f disk fat; truncate -s 80M disk; truncate -s 32M fat
                 printf 'start=2048, size=65536, type=7\\nstart=67584, size=65536, type=ef\\n' |
                     sfdisk -q -X dos disk
                 mkfs.vfat -n {label} fat >/dev/null
                 dd if=fat of=disk bs=1M seek=33 conv=notrunc status=none",
                folder.path().display()
            ))
            .unwrap();
            kind_of(&FileDevice::open(&disk, Access::Read, Caching::Cached).unwrap())
        };
        assert_eq!(make("VTOYEFI"), Some(BootMedium::Ventoy));
        assert_eq!(make("STICK"), None);
    }
}
