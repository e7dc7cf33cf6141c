//! GRUB put on a disk file by hand. `grub-install` wants partition nodes in `/dev`, which a disk
//! in a file has not everywhere; what it would write is little and documented.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::disk::Partition;
use super::shell::sh;

/// Where `boot.img` holds the sector of the core image (GRUB manual, grub/i386/pc/boot.h:
/// `GRUB_BOOT_MACHINE_KERNEL_SECTOR`).
const KERNEL_SECTOR: usize = 0x5c;
/// A jump that `boot.img` takes on floppy disks; two NOPs in its place make it take the drive
/// that the firmware names (`GRUB_BOOT_MACHINE_DRIVE_CHECK`).
const DRIVE_CHECK: usize = 0x66;
/// Where the first sector of the core image says where its second one lies (the block list at the
/// end of `diskboot.img`).
const BLOCK_LIST: usize = 512 - 12;
/// The boot code of an MBR ends where the disk signature begins.
const BOOT_CODE: usize = 440;
/// Bytes of a sector.
const SECTOR: u64 = 512;

/// What both images need to find and read `/boot/grub/grub.cfg` and to start Linux.
const MODULES: &str = "part_gpt ext2 search search_fs_uuid normal linux test";

/// Builds a GRUB image with the tools inside `root`, which starts from the root filesystem with
/// that UUID. `format` is one of GRUB's, such as `x86_64-efi`.
pub fn make_image(root: &Path, format: &str, extra: &str, root_uuid: &str, output: &Path) {
    let root = root.display();
    let start = format!("search --set=root --fs-uuid {root_uuid}\nset prefix=($root)/boot/grub\n");
    fs::write(format!("{root}/tmp/start.cfg"), start).unwrap();
    sh(&format!(
        "chroot {root} grub-mkimage -O {format} -p /boot/grub -c /tmp/start.cfg \
         -o /tmp/grub.img {MODULES} {extra}\n\
         mv {root}/tmp/grub.img {}; rm {root}/tmp/start.cfg",
        output.display()
    ));
}

/// Writes the boot code of BIOS machines: `boot.img` into the MBR, the core image into the BIOS
/// boot partition.
pub fn install_bios(boot_image: &Path, core_image: &Path, disk: &Path, partition: Partition) {
    let mut boot = fs::read(boot_image).unwrap();
    let mut core = fs::read(core_image).unwrap();
    assert!((core.len() as u64) <= partition.size, "the core image does not fit");
    let first = partition.start / SECTOR;
    boot[KERNEL_SECTOR..KERNEL_SECTOR + 8].copy_from_slice(&first.to_le_bytes());
    boot[DRIVE_CHECK..DRIVE_CHECK + 2].copy_from_slice(&[0x90, 0x90]);
    core[BLOCK_LIST..BLOCK_LIST + 8].copy_from_slice(&(first + 1).to_le_bytes());
    let disk = OpenOptions::new().write(true).open(disk).unwrap();
    disk.write_all_at(&boot[..BOOT_CODE], 0).unwrap();
    disk.write_all_at(&core, partition.start).unwrap();
}
