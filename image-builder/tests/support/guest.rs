//! What runs inside: shell text for the scripts that tests give to the booted ISO.

use vm::assets::drive::DriveKind;

/// Mounts the first partition of the only USB drive, which is `sda` where there is no SATA disk.
pub fn mount_drive(kind: DriveKind) -> String {
    format!("set -e\nmkdir -p /mnt/drive\nmount -t {} /dev/sda1 /mnt/drive\n", kind.driver())
}

/// Captures a disk onto the drive and takes the drive off.
pub fn capture(kind: DriveKind, source: &str) -> String {
    mount_drive(kind)
        + &format!(
            "remetal capture {source} /mnt/drive --name backup\n\
             umount /mnt/drive\n"
        )
}

/// Restores what is on the drive, with the word that belongs to the target.
pub fn restore(kind: DriveKind, target: &str, word: &str) -> String {
    mount_drive(kind)
        + &format!(
            "remetal restore /mnt/drive/backup {target} --confirm {word}\n\
             umount /mnt/drive\n"
        )
}
