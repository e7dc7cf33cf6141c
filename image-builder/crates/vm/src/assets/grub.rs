//! GRUB put on a disk file by hand. `grub-install` wants partition nodes in `/dev`, which a disk
//! in a file has not everywhere; what it would write is little and documented.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::disk::Partition;
use crate::command::sh;
use crate::error::Error;

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
pub(super) fn make_image(
    root: &Path,
    format: &str,
    extra: &str,
    root_uuid: &str,
    output: &Path,
) -> Result<(), Error> {
    let start = format!("search --set=root --fs-uuid {root_uuid}\nset prefix=($root)/boot/grub\n");
    let script = root.join("tmp/start.cfg");
    fs::write(&script, start).map_err(Error::file("write", &script))?;
    let root = root.display();
    sh(&format!(
        "chroot {root} grub-mkimage -O {format} -p /boot/grub -c /tmp/start.cfg \
         -o /tmp/grub.img {MODULES} {extra}\n\
         mv {root}/tmp/grub.img {}; rm {root}/tmp/start.cfg",
        output.display()
    ))?;
    Ok(())
}

/// Writes the boot code of BIOS machines: `boot.img` into the MBR, the core image into the BIOS
/// boot partition.
pub(super) fn install_bios(
    boot_image: &Path,
    core_image: &Path,
    disk: &Path,
    partition: Partition,
) -> Result<(), Error> {
    let mut boot = fs::read(boot_image).map_err(Error::file("read", boot_image))?;
    let mut core = fs::read(core_image).map_err(Error::file("read", core_image))?;
    if core.len() as u64 > partition.size || boot.len() < 512 || core.len() < 512 {
        let reason = format!("GRUB has {} and {} bytes", boot.len(), core.len());
        return Err(Error::Asset { asset: "debian", reason });
    }
    let first = partition.start / SECTOR;
    boot[KERNEL_SECTOR..KERNEL_SECTOR + 8].copy_from_slice(&first.to_le_bytes());
    boot[DRIVE_CHECK..DRIVE_CHECK + 2].copy_from_slice(&[0x90, 0x90]);
    core[BLOCK_LIST..BLOCK_LIST + 8].copy_from_slice(&(first + 1).to_le_bytes());
    let file = OpenOptions::new().write(true).open(disk).map_err(Error::file("open", disk))?;
    file.write_all_at(&boot[..BOOT_CODE], 0)
        .and_then(|()| file.write_all_at(&core, partition.start))
        .map_err(Error::file("write", disk))
}
