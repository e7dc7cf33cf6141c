use std::fs;

use rustix::mount::{MountFlags, UnmountFlags, mount_remount, unmount};

use crate::log;

/// Unmounts everything that lies on a disk or a network, the last one mounted first. What is
/// still in use is made read-only, which writes it as well.
pub(super) fn unmount_disks() {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    for place in disks_in(&table).iter().rev() {
        let flags = UnmountFlags::NOFOLLOW;
        if let Err(error) = unmount(place.as_str(), flags) {
            log::warning(format_args!("unmounting {place}: {error}"));
            let _ = mount_remount(place.as_str(), MountFlags::RDONLY, "");
            let _ = unmount(place.as_str(), flags | UnmountFlags::DETACH);
        }
    }
}

/// The mount points, in the order of `/proc/self/mountinfo`, that are neither the system's root
/// nor filesystems of the kernel.
fn disks_in(table: &str) -> Vec<String> {
    const MEMORY: [&str; 12] = [
        "rootfs",
        "proc",
        "sysfs",
        "devtmpfs",
        "devpts",
        "tmpfs",
        "ramfs",
        "securityfs",
        "debugfs",
        "tracefs",
        "configfs",
        "overlay",
    ];
    let mount_points = table.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let kind = after.split(' ').next()?;
        let place = before.split(' ').nth(4)?;
        (place != "/" && !MEMORY.contains(&kind)).then(|| unescaped(place))
    });
    mount_points.collect()
}

/// The kernel writes blanks and backslashes as octal numbers.
fn unescaped(place: &str) -> String {
    let pairs = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    pairs.iter().fold(place.to_owned(), |text, (code, letter)| text.replace(code, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_and_shares_are_found_and_the_system_is_not() {
        let table = "\
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
22 1 0:21 / / rw,relatime - overlay system rw,lowerdir=/layers/image
23 22 0:5 / /dev rw,nosuid - devtmpfs devtmpfs rw
24 22 0:22 / /proc rw,nosuid - proc proc rw
30 22 8:17 / /media/my\\040stick rw shared:1 - exfat /dev/sdb1 rw
31 30 8:33 / /media/my\\040stick/inner ro - ext4 /dev/sdc1 ro
32 22 0:44 / /mnt/share rw - cifs //server/share rw
33 22 0:45 / /sys/firmware/efi/efivars rw - efivarfs efivarfs rw
junk
";
        let expected =
            ["/media/my stick", "/media/my stick/inner", "/mnt/share", "/sys/firmware/efi/efivars"];
        assert_eq!(disks_in(table), expected);
    }
}
