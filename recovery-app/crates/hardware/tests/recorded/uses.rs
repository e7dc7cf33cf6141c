//! Why a disk must not be written to.

use std::fs;

use hardware::{Roots, UseReason, usage};

use crate::machine::Machine;

const GIB: u64 = 1 << 30;
const VIRTUAL: &str = "virtual/block";

/// The reasons as sentences, without the machine's folder.
fn reasons(machine: &Machine, name: &str) -> Vec<String> {
    let usage = usage(&machine.roots(), &machine.node(name)).unwrap();
    assert_eq!(usage.is_free(), usage.reasons.is_empty());
    let folder = machine.path("").display().to_string();
    usage.reasons.iter().map(|reason| reason.to_string().replace(&folder, "/")).collect()
}

fn disk<'a>(machine: &'a Machine, name: &str, number: &str) -> crate::machine::Device<'a> {
    let place = format!("pci0000:00/host{number}/target/{number}");
    machine.disk(name, &place, number, 100 * GIB)
}

#[test]
fn a_disk_that_nothing_uses_is_free() {
    let machine = Machine::new();
    disk(&machine, "sda", "8:0").partition("sda1", "8:1", 1, 1 << 20, GIB);
    disk(&machine, "sdb", "8:16").partition("sdb1", "8:17", 1, 1 << 20, GIB);
    machine.mount("8:17", "/".as_ref(), "ext4", "/dev/sdb1");
    assert!(reasons(&machine, "sda").is_empty());
    assert_eq!(reasons(&machine, "sdb"), ["/dev/sdb1 is mounted on /"]);
}

#[test]
fn whatever_is_built_on_a_disk_counts() {
    let machine = Machine::new();
    let sda = disk(&machine, "sda", "8:0");
    sda.partition("sda1", "8:1", 1, 1 << 20, GIB);
    sda.partition("sda2", "8:2", 2, 2 * GIB, GIB);
    let crypt = machine.disk("dm-0", VIRTUAL, "253:0", GIB);
    crypt.set("dm/uuid", "CRYPT-LUKS2-1").set("dm/name", "secret");
    let root = machine.disk("dm-1", VIRTUAL, "253:1", GIB);
    root.set("dm/uuid", "LVM-1").set("dm/name", "vg-root");
    let swap = machine.disk("dm-2", VIRTUAL, "253:2", GIB);
    swap.set("dm/uuid", "LVM-2").set("dm/name", "vg-swap");
    sda.held_by(Some("sda2"), &crypt);
    crypt.held_by(None, &root).held_by(None, &swap);
    machine.mount("253:1", "/mnt".as_ref(), "xfs", "/dev/mapper/vg-root");
    machine.write("proc/swaps", "Filename\tType\n/dev/dm-2\tpartition\t1\t0\t-2\n");

    let expected = [
        "/dev/dm-0 is part of vg-root",
        "/dev/dm-0 is part of vg-swap",
        "/dev/dm-1 is mounted on /mnt",
        "/dev/dm-2 is swapped to",
        "/dev/sda2 is part of secret",
    ];
    assert_eq!(reasons(&machine, "sda"), expected);
    assert_eq!(reasons(&machine, "sda2"), expected);
    assert!(reasons(&machine, "sda1").is_empty());
}

#[test]
fn every_device_of_a_mounted_btrfs_is_in_use() {
    let machine = Machine::new();
    disk(&machine, "sda", "8:0");
    disk(&machine, "sdb", "8:16");
    machine.write("sys/fs/btrfs/1234-56/devices/sda", "");
    machine.write("sys/fs/btrfs/1234-56/devices/sdb", "");
    machine.mount("0:41", "/data".as_ref(), "btrfs", "/dev/sda");
    assert_eq!(reasons(&machine, "sda"), ["/dev/sda is mounted on /data"]);
    assert_eq!(reasons(&machine, "sdb"), ["/dev/sdb is mounted on /data"]);
}

#[test]
fn a_file_in_use_as_a_disk_counts_for_the_disk_it_lies_on() {
    let machine = Machine::new();
    let number = machine.real_number();
    machine.disk("sda", "pci0000:00/host0/target0:0:0/0:0:0:0", &number, GIB);
    machine.write("images/disk.img", "");
    let image = fs::canonicalize(machine.path("images/disk.img")).unwrap();
    let shown = machine.disk("loop0", VIRTUAL, "7:0", GIB);
    shown.set_raw("loop/backing_file", format!("{}\n", image.display()));

    let found = usage(&machine.roots(), &machine.node("sda")).unwrap().reasons;
    let expected = UseReason::LoopFile { file: image.clone(), device: machine.node("loop0") };
    assert_eq!(found, std::slice::from_ref(&expected));
    assert!(reasons(&machine, "loop0").is_empty());
    assert_eq!(usage(&machine.roots(), &image).unwrap().reasons, [expected]);
}

#[test]
fn a_file_that_is_mounted_without_a_device_or_swapped_to_is_in_use() {
    let machine = Machine::new();
    machine.write("images/disk.img", "");
    let image = fs::canonicalize(machine.path("images/disk.img")).unwrap();
    let link = image.with_file_name("link.img");
    fs::hard_link(&image, &link).unwrap();
    assert!(usage(&machine.roots(), &link).unwrap().is_free());
    let source = image.display().to_string();
    machine.mount("0:41", "/mnt".as_ref(), "fuse", &source);
    machine.write("proc/swaps", format!("Filename\tType\n{source}\tfile\t1\t0\t-2\n"));
    let uses = |device: &std::path::Path| {
        let mount_point = "/mnt".into();
        let device = device.to_owned();
        [UseReason::Mounted { device: device.clone(), mount_point }, UseReason::Swap { device }]
    };
    assert_eq!(usage(&machine.roots(), &link).unwrap().reasons, uses(&link));
    let shown = machine.disk("loop0", VIRTUAL, "7:0", GIB);
    shown.set_raw("loop/backing_file", format!("{}\n", link.display()));
    let node = machine.node("loop0");
    assert_eq!(usage(&machine.roots(), &node).unwrap().reasons, uses(&node));
}

#[test]
fn a_read_only_disk_is_said_to_be() {
    let machine = Machine::new();
    let sda = disk(&machine, "sda", "8:0");
    sda.partition("sda1", "8:1", 1, 1 << 20, GIB);
    sda.set("ro", 1);
    assert_eq!(reasons(&machine, "sda"), ["/dev/sda is read-only"]);
}

#[test]
fn without_a_list_of_mounts_nothing_is_declared_free() {
    let machine = Machine::new();
    disk(&machine, "sda", "8:0");
    let roots = Roots { proc: machine.path("nothing"), ..machine.roots() };
    assert!(usage(&roots, &machine.node("sda")).is_err());
}
