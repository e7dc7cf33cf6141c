//! The list of disks, on a made-up machine with one of each kind.

use std::path::PathBuf;

use crate::machine::Machine;
use hardware::{Bus, Disk, HolderKind, disk_at, disks, same_disk};

const GIB: u64 = 1 << 30;
const VIRTUAL: &str = "virtual/block";

/// One of each kind, shown or not.
fn machine() -> Machine {
    let machine = Machine::new();
    shown(&machine);
    not_shown(&machine);
    machine
}

fn shown(machine: &Machine) {
    let disk = machine.disk("nvme0n1", "pci0000:00/0000:00:1d.0/nvme/nvme0", "259:0", 500 * GIB);
    disk.set("wwid", "eui.0025385B71B00A1C")
        .device("model", "Samsung SSD 980 PRO 500GB               \n")
        .device("serial", "S5GYNX0R123456      \n");
    disk.partition("nvme0n1p2", "259:2", 2, 513 << 20, 100 * GIB);
    disk.partition("nvme0n1p1", "259:1", 1, 1 << 20, 512 << 20);
    disk.partition("nvme0n1p10", "259:3", 10, 200 * GIB, GIB);

    let place = "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0";
    let disk = machine.disk("sda", place, "8:0", 4000 * GIB);
    disk.set("queue/logical_block_size", 4096)
        .set("queue/physical_block_size", 4096)
        .set("queue/rotational", 1)
        .device("type", "0\n")
        .device("vendor", "ATA     \n")
        .device("model", "HGST HUH728080AL\n")
        .device("wwid", "naa.5000cca260d1e2f3\n")
        .device("vpd_pg80", b"\0\x80\0\x14            VLKXPS1Z")
        .device("vpd_pg83", ata_identification())
        .above(2, "scsi_host/host0/proc_name", "ahci\n");

    let place = "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0";
    let disk = machine.disk("sdb", place, "8:16", 15 * GIB);
    disk.set("removable", 1)
        .set("ro", 1)
        .device("type", "0\n")
        .device("vendor", "SanDisk \n")
        .device("model", "Cruzer  Blade   \n")
        .device("vpd_pg80", b"\0\x80\0\x0400-0")
        .above(3, "bInterfaceClass", "08\n")
        .above(4, "idVendor", "0781\n")
        .above(4, "speed", "480\n")
        .above(4, "serial", "4C530001230101115393\n");

    let place = "pci0000:00/0000:00:02.0/virtio1";
    machine.disk("vda", place, "254:0", 20 * GIB).set("serial", "root-disk");

    let place = "platform/soc/fe340000.mmc/mmc_host/mmc0/mmc0:0001";
    machine
        .disk("mmcblk0", place, "179:0", 29 * GIB)
        .device("type", "MMC\n")
        .device("name", "BJTD4R\n")
        .device("serial", "0x4ce2a1b3\n");
    machine.disk("mmcblk0boot0", &format!("{place}/0"), "179:8", 4 << 20).set("ro", 1);
    machine.disk("mmcblk0rpmb", &format!("{place}/1"), "179:16", 4 << 20);

    machine.disk("loop0", VIRTUAL, "7:0", GIB).set("loop/backing_file", "/images/old disk.img");
    let array = machine.disk("md0", VIRTUAL, "9:0", 100 * GIB);
    array.set("md/level", "raid1").set("md/uuid", "12345678:9abc");
    let multipath = machine.disk("dm-1", VIRTUAL, "253:1", 100 * GIB);
    multipath.set("dm/uuid", "mpath-3600508b400105e21").set("dm/name", "mpatha");
    machine.disk("cciss!c0d0", "pci0000:00/0000:05:00.0/host9", "104:0", GIB);
}

fn not_shown(machine: &Machine) {
    let place = "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0";
    machine.disk("sr0", place, "11:0", GIB).device("type", "5\n");
    let place = "pci0000:00/0000:00:14.0/usb2/2-2/2-2:1.0/host7/target7:0:0/7:0:0:0";
    machine.disk("sdc", place, "8:32", 0).device("type", "0\n");
    for (name, number, size) in [
        ("loop1", "7:1", 0),
        ("ram0", "1:0", GIB),
        ("zram0", "252:0", GIB),
        ("fd0", "2:0", 1_474_560),
        ("mtdblock3", "31:3", GIB),
        ("md127", "9:127", 0),
    ] {
        machine.disk(name, VIRTUAL, number, size);
    }
    let system = machine.disk("loop2", VIRTUAL, "7:2", GIB);
    system.set("loop/backing_file", "/system.squashfs (deleted)");
    let volume = machine.disk("dm-0", VIRTUAL, "253:0", 10 * GIB);
    volume.set("dm/uuid", "LVM-abcdef").set("dm/name", "vg-root");
    machine.disk("nvme0c0n1", "pci0000:00/0000:00:1d.0/nvme/nvme0", "259:9", GIB).set("hidden", 1);
}

/// Page 83h of an ATA disk: the T10 designator with the whole model, and the NAA name.
fn ata_identification() -> Vec<u8> {
    let mut page = b"\0\x83\0\x54\x02\x01\0\x44".to_vec();
    page.extend(b"ATA     HGST HUH728080ALN600                                VLKXPS1Z");
    page.extend([1, 3, 0, 8, 0x50, 0, 0xcc, 0xa2, 0x60, 0xd1, 0xe2, 0xf3]);
    page
}

fn find(machine: &Machine, name: &str) -> Disk {
    disk_at(&machine.roots(), &machine.node(name)).unwrap()
}

#[test]
fn all_disks_are_shown_and_nothing_else() {
    let machine = machine();
    let names: Vec<String> =
        disks(&machine.roots()).unwrap().into_iter().map(|disk| disk.name).collect();
    let expected =
        ["cciss!c0d0", "dm-1", "loop0", "md0", "mmcblk0", "nvme0n1", "sda", "sdb", "vda"];
    assert_eq!(names, expected);
}

#[test]
fn the_next_disk_in_a_dock_is_another_one() {
    let machine = machine();
    let place = "pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0/host8/target8:0:0/8:0:0:0";
    let dock = machine.disk("sdd", place, "8:48", GIB);
    dock.above(3, "bInterfaceClass", "08\n").above(4, "idVendor", "152d\n").above(
        4,
        "serial",
        "DOCK12345678\n",
    );
    let unnumbered = find(&machine, "sdd");
    assert_eq!(unnumbered.arrival, None, "before Linux 5.15");
    assert!(unnumbered.is_still(&unnumbered));
    dock.set("diskseq", 41);
    let first = find(&machine, "sdd");
    assert_eq!((first.arrival, first.confirmation_word().as_str()), (Some(41), "5678"));
    dock.set("diskseq", 42);
    let second = find(&machine, "sdd");
    assert!(same_disk(&first.identity(), &second.identity()));
    assert!(first.is_still(&first) && !second.is_still(&first) && !first.is_still(&second));
    dock.above(4, "serial", "DOCK12340000\n");
    assert!(!find(&machine, "sdd").is_still(&second));
}

#[test]
fn an_nvme_disk_has_its_controllers_names_and_its_partitions_in_order() {
    let machine = machine();
    let disk = find(&machine, "nvme0n1");
    assert_eq!(disk.model.as_deref(), Some("Samsung SSD 980 PRO 500GB"));
    assert_eq!(disk.serial.as_deref(), Some("S5GYNX0R123456"));
    assert_eq!(disk.wwn.as_deref(), Some("eui.0025385b71b00a1c"));
    assert_eq!(disk.bus, Bus::Nvme);
    assert_eq!(disk.identity().to_string(), "Samsung SSD 980 PRO 500GB, 536 GB, NVMe, ...3456");
    assert_eq!(disk.confirmation_word(), "3456");
    let numbers: Vec<u32> = disk.partitions.iter().map(|partition| partition.number).collect();
    assert_eq!(numbers, [1, 2, 10]);
    assert_eq!(disk.partitions[0].extent, block::Extent::new(1 << 20, 512 << 20));
    let nodes: Vec<PathBuf> =
        ["nvme0n1", "nvme0n1p1", "nvme0n1p2", "nvme0n1p10"].map(|name| machine.node(name)).to_vec();
    assert_eq!(disk.nodes(), nodes);
}

#[test]
fn an_ata_disk_has_its_whole_model_and_4096_byte_sectors() {
    let machine = machine();
    let disk = find(&machine, "sda");
    assert_eq!(disk.model.as_deref(), Some("HGST HUH728080ALN600"));
    assert_eq!(disk.vendor, None);
    assert_eq!(disk.serial.as_deref(), Some("VLKXPS1Z"));
    assert_eq!(disk.wwn.as_deref(), Some("naa.5000cca260d1e2f3"));
    assert_eq!(disk.bus, Bus::Sata);
    assert_eq!(disk.size, 4000 * GIB, "sysfs counts 512-byte sectors on every disk");
    assert_eq!((disk.logical_sector, disk.physical_sector), (4096, 4096));
    assert!(disk.rotational && !disk.read_only && !disk.removable);
}

#[test]
fn a_stick_has_its_usb_serial_when_its_own_is_no_number() {
    let machine = machine();
    let disk = find(&machine, "sdb");
    assert_eq!(disk.vendor.as_deref(), Some("SanDisk"));
    assert_eq!(disk.model.as_deref(), Some("Cruzer Blade"));
    assert_eq!(disk.serial.as_deref(), Some("4C530001230101115393"));
    assert_eq!(disk.bus, Bus::Usb);
    assert_eq!(disk.usb_megabits, Some(480));
    assert!(disk.removable && disk.read_only && !disk.rotational);
}

#[test]
fn disks_with_the_serial_number_of_their_dock_have_words_of_their_own() {
    let machine = machine();
    for (unit, (name, number)) in [("sde", "8:64"), ("sdf", "8:80")].into_iter().enumerate() {
        let place = "pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0/host8/target8:0:0";
        machine
            .disk(name, &format!("{place}/8:0:0:{unit}"), number, GIB)
            .device("type", "0\n")
            .device("model", "HARDDISK\n")
            .above(3, "bInterfaceClass", "08\n")
            .above(4, "idVendor", "0781\n")
            .above(4, "serial", "00012345678\n");
    }
    for (name, word) in [("sde", "5678-sde"), ("sdf", "5678-sdf")] {
        let disk = find(&machine, name);
        assert_eq!((disk.has_double, disk.confirmation_word().as_str()), (true, word));
    }
    assert!(!find(&machine, "sda").has_double);
    let listed = disks(&machine.roots()).unwrap();
    let mut words: Vec<String> = listed.iter().map(Disk::confirmation_word).collect();
    words.sort();
    words.dedup();
    assert_eq!(words.len(), listed.len(), "{words:?}");
}

#[test]
fn disks_that_differ_in_more_than_their_number_are_no_doubles() {
    let machine = machine();
    for (name, number, size, serial) in [
        ("vdb", "254:16", GIB, "A-5678"),
        ("vdc", "254:32", 2 * GIB, "B-5678"),
        ("vdd", "254:48", GIB, "C-5678"),
    ] {
        let place = format!("pci0000:00/0000:00:02.0/virtio{number}");
        machine.disk(name, &place, number, size).set("serial", serial);
    }
    let word = |name: &str| find(&machine, name).confirmation_word();
    assert_eq!(["vdb", "vdc", "vdd"].map(word), ["5678-vdb", "5678", "5678-vdd"]);
}

#[test]
fn a_disk_without_a_serial_number_is_confirmed_by_its_name() {
    let machine = machine();
    let place = "pci0000:00/0000:00:02.0/virtio2";
    machine.disk("vdb", place, "254:16", GIB);
    // Its number is the name of another disk.
    machine.disk("vdc", place, "254:32", GIB).set("serial", "VDB");
    let word = |name: &str| find(&machine, name).confirmation_word();
    assert_eq!((word("vdb"), word("vdc")), ("vdb".to_owned(), "vdb-vdc".to_owned()));
    assert_eq!(word("loop0"), "loop0");
}

#[test]
fn the_other_kinds_are_told_apart() {
    let machine = machine();
    let disk = find(&machine, "vda");
    assert_eq!((disk.bus, disk.serial.as_deref()), (Bus::Virtio, Some("root-disk")));
    let disk = find(&machine, "mmcblk0");
    assert_eq!((disk.bus, disk.model.as_deref()), (Bus::Mmc, Some("BJTD4R")));
    assert_eq!(disk.serial.as_deref(), Some("4ce2a1b3"));
    let disk = find(&machine, "loop0");
    assert_eq!((disk.bus, disk.model.as_deref()), (Bus::Loop, Some("old disk.img")));
    assert_eq!(disk.backing_file, Some("/images/old disk.img".into()));
    let disk = find(&machine, "md0");
    assert_eq!((disk.bus, disk.model.as_deref()), (Bus::Raid, Some("RAID array (raid1)")));
    let disk = find(&machine, "dm-1");
    assert_eq!((disk.bus, disk.model.as_deref()), (Bus::Multipath, Some("mpatha")));
    let disk = find(&machine, "cciss/c0d0");
    assert_eq!(disk.path, machine.node("cciss/c0d0"));
    assert_eq!(disk.bus, Bus::Scsi);
}

#[test]
fn what_a_disk_carries_is_shown() {
    let machine = Machine::new();
    let disk = machine.disk("vda", "pci0000:00/virtio1", "254:0", 20 * GIB);
    disk.partition("vda1", "254:1", 1, 1 << 20, GIB);
    disk.partition("vda2", "254:2", 2, 2 * GIB, GIB);
    disk.partition("vda3", "254:3", 3, 4 * GIB, GIB);
    let system = machine.disk("loop2", VIRTUAL, "7:2", GIB);
    system.set("loop/backing_file", "/system.squashfs (deleted)");
    let volume = machine.disk("dm-0", VIRTUAL, "253:0", GIB);
    volume.set("dm/uuid", "CRYPT-LUKS2-1234").set("dm/name", "secret");
    disk.held_by(Some("vda3"), &volume);
    machine.mount("254:1", "/mnt/a\\040b".as_ref(), "ext4", "/dev/vda1");
    machine.write("proc/swaps", "Filename Type Size Used Priority\n/dev/vda2 partition 1 0 -2\n");

    let disk = disk_at(&machine.roots(), &machine.node("vda2")).unwrap();
    assert_eq!(disk.name, "vda");
    assert!(disk.mounted_at.is_empty() && !disk.swap && disk.holders.is_empty());
    let [first, second, third] = &disk.partitions[..] else { panic!("{disk:?}") };
    assert_eq!(first.mounted_at, [PathBuf::from("/mnt/a b")]);
    assert!(second.swap && !first.swap);
    assert_eq!(third.holders.len(), 1);
    assert_eq!(third.holders[0].name, "secret");
    assert_eq!(third.holders[0].kind, HolderKind::Crypt);
    assert_eq!(third.holders[0].path, machine.node("dm-0"));
}

#[test]
fn a_link_by_id_is_the_disk_and_other_paths_are_not() {
    let machine = machine();
    std::fs::create_dir_all(machine.path("dev/disk/by-id")).unwrap();
    let link = machine.path("dev/disk/by-id/usb-SanDisk");
    std::os::unix::fs::symlink("../../sdb", &link).unwrap();
    let disk = disk_at(&machine.roots(), &link).unwrap();
    assert!(same_disk(&disk.identity(), &find(&machine, "sdb").identity()));
    assert_eq!(disk_at(&machine.roots(), "/dev/sdb".as_ref()).unwrap(), disk);
    for other in ["dev/none", "proc/self/mountinfo"] {
        assert!(disk_at(&machine.roots(), &machine.path(other)).is_err(), "{other}");
    }
}

#[test]
fn a_disk_survives_json_whatever_bytes_its_mount_point_has() {
    use std::os::unix::ffi::OsStringExt;
    let machine = Machine::new();
    machine.disk("vda", "pci0000:00/virtio1", "254:0", GIB);
    let point = PathBuf::from(std::ffi::OsString::from_vec(b"/mnt/\xff".to_vec()));
    let line = b"25 1 254:0 / /mnt/\xff rw - ext4 /dev/vda rw\n";
    machine.write("proc/self/mountinfo", line);
    let mut disk = find(&machine, "vda");
    assert_eq!(disk.mounted_at, [point]);
    let json = serde_json::to_string(&disk).unwrap();
    disk.mounted_at = vec!["/mnt/\u{fffd}".into()];
    assert_eq!(serde_json::from_str::<Disk>(&json).unwrap(), disk);
}

#[test]
fn attributes_that_are_missing_or_nonsense_do_no_harm() {
    let machine = Machine::new();
    let disk = machine.disk("sda", "pci0000:00/host0/target0:0:0/0:0:0:0", "8:0", GIB);
    disk.set_raw("queue/logical_block_size", b"\xff\xfe")
        .set("queue/physical_block_size", "-1")
        .device("model", b"\0\0\x07 \n")
        .device("vpd_pg83", b"\0\x83\xff\xff\x01\x03\0\xff")
        .device("vpd_pg80", b"\0\x80\xff");
    machine.disk("sdb", "pci0000:00/host1/target1:0:0/1:0:0:0", "eight", GIB);
    std::os::unix::fs::symlink("/gone", machine.path("sys/block/sdz")).unwrap();
    let found = disks(&machine.roots()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].logical_sector, found[0].physical_sector), (512, 512));
    assert_eq!((&found[0].model, &found[0].serial, &found[0].wwn), (&None, &None, &None));
}

#[test]
fn without_sysfs_it_is_an_error_with_guidance() {
    let machine = Machine::new();
    std::fs::remove_dir(machine.path("sys/block")).unwrap();
    let error = disks(&machine.roots()).unwrap_err();
    assert!(!error.guidance().is_empty());
    assert!(error.to_string().contains("sys/block"));
}
