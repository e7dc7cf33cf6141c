//! Volumes that are not simply partitions, opened by the tools in the toolbox: LUKS, LVM, RAID.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::path::{Path, PathBuf};

use support::{JOB, computer, run};
use vm::assets::disk::make_empty;
use vm::{Bus, Disk, Firmware};

/// Makes one of each, with a file on it. A key as large machines make it would need more memory
/// than this one has; nothing else differs.
const MAKE: &str = "\
set -e
mkdir -p /mnt/v
fill() { mkfs.ext4 -q $2; mount $2 /mnt/v; echo $1-content > /mnt/v/file; umount /mnt/v; }

printf secret > /tmp/key
cryptsetup luksFormat -q --type luks2 --pbkdf-memory 32768 --pbkdf-force-iterations 4 \
 --key-file /tmp/key /dev/vda
cryptsetup open --key-file /tmp/key /dev/vda safe
fill luks /dev/mapper/safe
cryptsetup close safe

vgcreate --quiet group /dev/vdb
lvcreate --quiet --yes --name volume --size 32m group
fill lvm /dev/group/volume
vgchange -an group

mdadm --create /dev/md/array --run --level 1 --raid-devices 2 --metadata 1.2 /dev/vdc /dev/vdd
fill raid /dev/md/array
mdadm --stop /dev/md/array
";

/// Opens them on a machine that has never seen them.
const OPEN: &str = "\
set -e
mkdir -p /mnt/v
show() { mount $1 /mnt/v; cat /mnt/v/file; umount /mnt/v; }

printf secret > /tmp/key
cryptsetup open --key-file /tmp/key /dev/vda safe
show /dev/mapper/safe
cryptsetup close safe

vgchange -ay
show /dev/group/volume
vgchange -an

mdadm --assemble --scan || mdadm --assemble /dev/md/array /dev/vdc /dev/vdd
grep active /proc/mdstat
show /dev/md/array
mdadm --stop --scan
pgrep -l init
echo without udev: $DM_DISABLE_UDEV$MDADM_NO_UDEV
";

fn machine(files: &[PathBuf]) -> vm::Builder {
    let computer = computer("computer", Firmware::Bios);
    files.iter().fold(computer, |builder, file| builder.disk(Disk::new(Bus::VirtioBlk, file)))
}

fn disks(folder: &Path) -> Vec<PathBuf> {
    let file = |name: &str| {
        let file = folder.join(name);
        make_empty(&file, 64).unwrap();
        file
    };
    ["luks", "lvm", "raid-1", "raid-2"].map(file).to_vec()
}

#[test]
fn long_encrypted_logical_and_raid_volumes_are_made_and_opened_by_the_toolbox() {
    let folder = vm::scratch().unwrap();
    let files = disks(folder.path());
    run(machine(&files), MAKE, JOB);
    let said = run(machine(&files), OPEN, JOB);
    for content in ["luks-content", "lvm-content", "raid-content"] {
        assert!(said.contains(content), "no {content} in {said}");
    }
    assert!(said.contains("1 init"), "{said}");
    assert!(said.contains("without udev: 11"), "{said}");
}
