//! On which disks a file lies.

use std::fs;
use std::path::PathBuf;

use hardware::{Location, location_of};

use crate::machine::Machine;

const GIB: u64 = 1 << 30;
const VIRTUAL: &str = "virtual/block";

fn nodes(machine: &Machine, names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| machine.node(name)).collect()
}

/// Where the file `name` in the machine's folder lies, with the nodes in order.
fn locate(machine: &Machine, name: &str) -> Location {
    let mut location = location_of(&machine.roots(), &machine.path(name)).unwrap();
    location.disks.sort();
    location
}

/// `sda` with partitions 1 and 2, and `sdb`.
fn two_disks(machine: &Machine) -> [crate::machine::Device<'_>; 2] {
    let first = machine.disk("sda", "pci0000:00/host0/target0:0:0/0:0:0:0", "8:0", 100 * GIB);
    first.partition("sda1", "8:1", 1, 1 << 20, GIB);
    first.partition("sda2", "8:2", 2, 2 * GIB, 50 * GIB);
    [first, machine.disk("sdb", "pci0000:00/host1/target1:0:0/1:0:0:0", "8:16", 100 * GIB)]
}

#[test]
fn a_file_on_encrypted_lvm_on_an_array_lies_on_all_of_them() {
    let machine = Machine::new();
    let [sda, sdb] = two_disks(&machine);
    let array = machine.disk("md0", VIRTUAL, "9:0", 40 * GIB);
    let crypt = machine.disk("dm-0", VIRTUAL, "253:0", 40 * GIB);
    let volume = machine.disk("dm-1", VIRTUAL, &machine.real_number(), 40 * GIB);
    sda.held_by(Some("sda2"), &array);
    sdb.held_by(None, &array);
    array.held_by(None, &crypt);
    crypt.held_by(None, &volume);

    let location = locate(&machine, "a/file/not/made/yet");
    assert_eq!(location.disks, nodes(&machine, &["dm-0", "dm-1", "md0", "sda", "sdb"]));
    assert!(location.is_on(&machine.node("sdb")) && !location.is_on(&machine.node("sda2")));
    assert!(!location.incomplete && location.backing_files.is_empty());
}

#[test]
fn a_loop_device_that_holds_its_own_file_does_not_loop() {
    let machine = Machine::new();
    let disk = machine.disk("loop0", VIRTUAL, &machine.real_number(), GIB);
    machine.write("images/disk.img", "");
    let image = fs::canonicalize(machine.path("images/disk.img")).unwrap();
    disk.set_raw("loop/backing_file", format!("{}\n", image.display()));
    let location = locate(&machine, "images");
    assert_eq!(location.disks, nodes(&machine, &["loop0"]));
    assert_eq!(location.backing_files, [image]);
    assert!(!location.incomplete);

    disk.set("loop/backing_file", "/gone.img (deleted)");
    assert!(locate(&machine, "images").incomplete);
}

#[test]
fn btrfs_lies_on_all_its_devices() {
    let machine = Machine::new();
    two_disks(&machine);
    machine.mount("0:41", "/".as_ref(), "btrfs", "/dev/sda2");
    assert_eq!(locate(&machine, "x").disks, nodes(&machine, &["sda"]));
    machine.write("sys/fs/btrfs/1234-56/devices/sda2", "");
    machine.write("sys/fs/btrfs/1234-56/devices/sdb", "");
    machine.write("sys/fs/btrfs/features/x", "");
    assert_eq!(locate(&machine, "x").disks, nodes(&machine, &["sda", "sdb"]));
}

#[test]
fn btrfs_with_an_unknown_source_may_lie_on_any_btrfs_device() {
    let machine = Machine::new();
    two_disks(&machine);
    machine.write("sys/fs/btrfs/1234-56/devices/sdb", "");
    machine.mount("0:41", "/".as_ref(), "btrfs", "/dev/root");
    assert_eq!(locate(&machine, "x").disks, nodes(&machine, &["sdb"]));
}

#[test]
fn an_overlay_lies_where_its_layers_lie() {
    let machine = Machine::new();
    two_disks(&machine);
    machine.write("up per/x", "");
    machine.write("over/x", "");
    machine.mount("0:41", "/".as_ref(), "btrfs", "/dev/sda2");
    let folder = machine.path("");
    let line = format!(
        "77 1 0:42 / {0}over rw - overlay overlay rw,lowerdir={0}gone:{0}over,upperdir={0}up\\040per\n",
        fs::canonicalize(&folder).unwrap().join("").display()
    );
    let mountinfo = machine.path("proc/self/mountinfo");
    let lines = fs::read_to_string(&mountinfo).unwrap() + &line;
    fs::write(&mountinfo, lines).unwrap();
    let location = locate(&machine, "over/x");
    assert_eq!(location.disks, nodes(&machine, &["sda"]));
    assert!(location.incomplete, "one layer is missing");
    assert!(location.backing_files.is_empty());
}

#[test]
fn memory_and_network_lie_on_no_disk() {
    for (kind, source) in [("tmpfs", "tmpfs"), ("nfs4", "server:/backups"), ("cifs", "//nas/b")] {
        let machine = Machine::new();
        two_disks(&machine);
        machine.mount("0:41", "/".as_ref(), kind, source);
        assert_eq!(locate(&machine, "x"), Location::default(), "{kind}");
    }
}

#[test]
fn what_cannot_be_traced_is_said() {
    for (kind, source) in [("zfs", "tank/backups"), ("bcachefs", "sda:sdb")] {
        let machine = Machine::new();
        two_disks(&machine);
        machine.mount("0:41", "/".as_ref(), kind, source);
        assert!(locate(&machine, "x").incomplete, "{kind}");
    }
    let machine = Machine::new();
    assert!(locate(&machine, "x").incomplete, "no mount is known");
}
