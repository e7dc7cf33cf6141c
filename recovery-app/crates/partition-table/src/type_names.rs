//! Partition types in words (UEFI specification table 5.7, the Discoverable Partitions
//! Specification, and the types that fdisk lists).
//!
//! The crate gpt knows most GUIDs, but has no words for them.

use gpt::partition_types::{self as types, Type};
use uuid::{Uuid, uuid};

/// What the GPT type `kind` stands for.
pub(crate) fn gpt_type_name(kind: &Type) -> Option<&'static str> {
    GPT_TYPES.iter().find(|(known, _)| *known == kind.guid).map(|(_, name)| *name)
}

/// What the MBR type `kind` stands for.
pub(crate) fn mbr_type_name(kind: u8) -> Option<&'static str> {
    MBR_TYPES.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

/// The types of the partitions of Windows dynamic disks, as
/// [`Partition::type_id`](crate::Partition::type_id) spells them.
pub(crate) fn dynamic_types() -> [String; 3] {
    let [metadata, data] = [types::WINDOWS_METADATA, types::WINDOWS_DATA];
    ["0x42".to_owned(), format!("{:X}", metadata.guid), format!("{:X}", data.guid)]
}

const GPT_TYPES: [(Uuid, &str); 44] = [
    (types::EFI.guid, "EFI system"),
    (types::MBR.guid, "MBR partition scheme"),
    (types::BIOS.guid, "BIOS boot"),
    (types::FREEDESK_BOOT.guid, "Linux extended boot"),
    (types::MICROSOFT_RESERVED.guid, "Microsoft reserved"),
    (types::BASIC.guid, "Microsoft basic data"),
    (types::WINDOWS_METADATA.guid, "Windows dynamic disk metadata"),
    (types::WINDOWS_DATA.guid, "Windows dynamic disk data"),
    (types::WINDOWS_RECOVERY.guid, "Windows recovery"),
    (types::WINDOWS_STORAGESPACES.guid, "Windows Storage Spaces"),
    (uuid!("558D43C5-A1AC-43C0-AAC8-D1472B2923D1"), "Windows storage replica"),
    (types::LINUX_FS.guid, "Linux filesystem"),
    (types::LINUX_ROOT_X86.guid, "Linux root (x86)"),
    (types::LINUX_ROOT_X64.guid, "Linux root (x86-64)"),
    (types::LINUX_ROOT_ARM_32.guid, "Linux root (ARM)"),
    (types::LINUX_ROOT_ARM_64.guid, "Linux root (ARM-64)"),
    (uuid!("8484680C-9521-48C6-9C11-B0720656F69E"), "Linux /usr (x86-64)"),
    (uuid!("2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5"), "Linux root verity (x86-64)"),
    (types::LINUX_HOME.guid, "Linux home"),
    (types::LINUX_SRV.guid, "Linux server data"),
    (uuid!("4D21B016-B534-45C2-A9FB-5C16E091FD2D"), "Linux variable data"),
    (uuid!("7EC6F557-3BC5-4ACA-B293-16EF5DF639D1"), "Linux temporary data"),
    (types::LINUX_SWAP.guid, "Linux swap"),
    (types::LINUX_LVM.guid, "Linux LVM"),
    (types::LINUX_RAID.guid, "Linux RAID"),
    (types::LINUX_LUKS.guid, "LUKS"),
    (types::LINUX_DMCRYPT.guid, "plain dm-crypt"),
    (types::LINUX_RESERVED.guid, "Linux reserved"),
    (types::MACOS_HFSPLUS.guid, "Apple HFS+"),
    (types::MACOS_APFS.guid, "Apple APFS"),
    (types::MACOS_RECOVERY.guid, "Apple boot"),
    (uuid!("52637672-7900-11AA-AA11-00306543ECAC"), "Apple APFS recovery"),
    (types::MACOS_CORE.guid, "Apple Core Storage"),
    (types::MACOS_RAID.guid, "Apple RAID"),
    (types::FREEBSD_BOOT.guid, "FreeBSD boot"),
    (types::FREEBSD_UFS.guid, "FreeBSD UFS"),
    (types::FREEBSD_SWAP.guid, "FreeBSD swap"),
    (types::FREEBSD_ZFS.guid, "FreeBSD ZFS"),
    (types::MACOS_ZFS.guid, "ZFS"),
    (types::CHROME_KERNEL.guid, "ChromeOS kernel"),
    (types::CHROME_ROOTFS.guid, "ChromeOS root"),
    (types::VMWARE_VMFS.guid, "VMware VMFS"),
    (types::FLASH.guid, "Intel rapid start"),
    (types::LENOVO_BOOT.guid, "Lenovo boot"),
];

const MBR_TYPES: [(u8, &str); 48] = [
    (0x00, "Empty"),
    (0x01, "FAT12"),
    (0x04, "FAT16 below 32 MB"),
    (0x05, "Extended"),
    (0x06, "FAT16"),
    (0x07, "NTFS or exFAT"),
    (0x0b, "FAT32"),
    (0x0c, "FAT32 (LBA)"),
    (0x0e, "FAT16 (LBA)"),
    (0x0f, "Extended (LBA)"),
    (0x11, "Hidden FAT12"),
    (0x12, "Manufacturer's recovery"),
    (0x14, "Hidden FAT16 below 32 MB"),
    (0x16, "Hidden FAT16"),
    (0x17, "Hidden NTFS or exFAT"),
    (0x1b, "Hidden FAT32"),
    (0x1c, "Hidden FAT32 (LBA)"),
    (0x1e, "Hidden FAT16 (LBA)"),
    (0x27, "Windows recovery"),
    (0x39, "Plan 9"),
    (0x3c, "PartitionMagic recovery"),
    (0x42, "Windows dynamic disk"),
    (0x52, "CP/M"),
    (0x63, "Unix System V"),
    (0x64, "Novell NetWare"),
    (0x81, "Minix"),
    (0x82, "Linux swap or Solaris"),
    (0x83, "Linux filesystem"),
    (0x84, "Hibernation"),
    (0x85, "Linux extended"),
    (0x86, "NTFS volume set"),
    (0x87, "NTFS volume set"),
    (0x88, "Linux plain text"),
    (0x8e, "Linux LVM"),
    (0xa0, "Hibernation"),
    (0xa5, "FreeBSD"),
    (0xa6, "OpenBSD"),
    (0xa8, "Darwin UFS"),
    (0xa9, "NetBSD"),
    (0xaf, "Apple HFS+"),
    (0xbe, "Solaris boot"),
    (0xbf, "Solaris"),
    (0xda, "Data without filesystem"),
    (0xde, "Dell utility"),
    (0xeb, "BeOS"),
    (0xee, "GPT protection"),
    (0xef, "EFI system"),
    (0xfd, "Linux RAID"),
];
