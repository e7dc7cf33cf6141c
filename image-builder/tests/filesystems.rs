//! The filesystems of Windows, of sticks and of Linux, captured and restored inside the machine,
//! and their files read back by the kernel's own drivers.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::fmt::Write;

use support::{JOB, computer, guest, run};
use vm::assets::disk::make_empty;
use vm::assets::drive::{DriveKind, make_drive};
use vm::assets::filesystems::{KINDS, filesystems};
use vm::{Bus, Disk, Firmware, Writes};

#[test]
fn long_the_kernels_drivers_find_all_files_of_all_filesystems_after_a_restore() {
    let known = filesystems().unwrap();
    let folder = vm::scratch().unwrap();
    let [drive, target] = ["drive", "target"].map(|name| folder.path().join(name));
    make_drive(&drive, DriveKind::Exfat, 2048).unwrap();
    make_empty(&target, known.size >> 20).unwrap();
    let builder = computer("computer", Firmware::Uefi)
        .disk(Disk::new(Bus::VirtioBlk, &known.disk).serial("FULL-C0DE").writes(Writes::Dropped))
        .disk(Disk::new(Bus::Usb, &drive))
        .disk(Disk::new(Bus::Nvme, &target).serial("EMPTY-7F3A"));
    let script = guest::capture(DriveKind::Exfat, "/dev/vda")
        + &guest::restore(DriveKind::Exfat, "/dev/nvme0n1", "7f3a")
        + &hashes();

    let said = run(builder, &script, JOB);

    for kind in &KINDS {
        let expected = format!("{} {}", kind.name, known.tree_hash());
        assert!(said.contains(&expected), "no line {expected} in {said}");
    }
}

/// Prints the name of each filesystem and one hash over all of its files.
fn hashes() -> String {
    let mut script = String::new();
    for (number, kind) in (1..).zip(&KINDS) {
        write!(
            script,
            "mkdir -p /mnt/{number}\nmount -t {0} -o ro /dev/nvme0n1p{number} /mnt/{number}\n\
             cd /mnt/{number}\necho {1} $(find . -type f | LC_ALL=C sort | tr '\\n' '\\0' \
             | xargs -0 sha256sum | sha256sum)\ncd /\numount /mnt/{number}\n",
            kind.driver, kind.name
        )
        .unwrap();
    }
    script
}
