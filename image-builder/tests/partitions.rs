//! What the kernel knows of partitions: which it must not let be written, and which are new.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::path::Path;

use support::{JOB, computer, guest, run};
use vm::assets::disk::{Loop, make_gpt, make_mbr};
use vm::assets::drive::{DriveKind, make_drive};
use vm::{Bus, Disk, Firmware, sh};

/// Types of Linux partitions in a GPT and in an MBR.
const GPT_LINUX: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";
const MBR_LINUX: &str = "83";

const BACKUP: &str = "/mnt/drive/backup";
const TARGET: &str = "/dev/nvme0n1";
const WORD: &str = "7f3a";

/// Makes an ext4 on each partition that lies there.
fn fill(disk: &Path, partitions: &[vm::assets::disk::Partition], label: &str) {
    for (number, partition) in (1..).zip(partitions) {
        let node = Loop::attach(disk, *partition).unwrap();
        sh(&format!("mke2fs -q -t ext4 -L {label}{number} {}", node.node().display())).unwrap();
    }
}

/// Two partitions to capture; a target that had three others; and a drive.
fn machine(folder: &Path) -> vm::Builder {
    let [source, target, drive] = ["source", "target", "drive"].map(|name| folder.join(name));
    let places = make_gpt(&source, 96, &[(32, GPT_LINUX), (48, GPT_LINUX)]).unwrap();
    fill(&source, &places, "new");
    let old = [(20, MBR_LINUX), (20, MBR_LINUX), (30, MBR_LINUX)];
    let places = make_mbr(&target, 128, &old).unwrap();
    fill(&target, &places, "old");
    make_drive(&drive, DriveKind::Exfat, 256).unwrap();
    computer("computer", Firmware::Bios)
        .disk(Disk::new(Bus::VirtioBlk, source).serial("SOURCE-C0DE"))
        .disk(Disk::new(Bus::Usb, drive))
        .disk(Disk::new(Bus::Nvme, target).serial("TARGET-7F3A"))
}

/// What was said from the line `begin` up to the line `end`.
fn part<'a>(said: &'a str, begin: &str, end: &str) -> &'a str {
    let from = said.find(begin).unwrap_or_else(|| panic!("no {begin} in {said}"));
    let length = said[from..].find(end).unwrap_or_else(|| panic!("no {end} in {said}"));
    &said[from..from + length]
}

/// Plans and tries a restore onto `target`; both must be refused.
fn refused(name: &str, target: &str) -> String {
    let mut script = format!("echo begin {name}\n");
    for command in [
        format!("remetal plan {BACKUP} {target}"),
        format!("remetal restore {BACKUP} {target} --confirm {WORD}"),
    ] {
        script += &format!("code=0\n{command} || code=$?\necho code $code\n");
    }
    script + &format!("echo end {name}\n")
}

#[test]
fn a_source_is_protected_with_all_its_partitions() {
    let folder = vm::scratch().unwrap();
    let script = "grep . /sys/class/block/vda*/ro\n".to_owned()
        + &guest::capture(DriveKind::Exfat, "/dev/vda")
        + "echo after\ngrep . /sys/class/block/vda*/ro\n\
           for node in vda vda1 vda2; do\n\
           echo x | dd of=/dev/$node conv=notrunc 2>&1 | grep -c 'not permitted'\ndone\n";

    let said = run(machine(folder.path()), &script, JOB);

    let before = said.split("Source ").next().unwrap();
    assert!(before.contains("vda1/ro:0"), "they were to be protected by the capture: {said}");
    let told = "set read-only in the kernel, and stays so: /dev/vda, /dev/vda1, /dev/vda2";
    assert!(said.contains(told), "{said}");
    let after = said.split("\nafter\n").nth(1).unwrap();
    for node in ["vda", "vda/vda1", "vda/vda2"] {
        let name = node.rsplit('/').next().unwrap();
        assert!(after.contains(&format!("/{name}/ro:1")), "{name} can be written: {after}");
    }
    assert_eq!(after.matches("\n1").count(), 3, "a write was not refused: {after}");
}

#[test]
fn partitions_and_mounted_disks_are_refused_and_new_partitions_are_seen_at_once() {
    let folder = vm::scratch().unwrap();
    let sum = |name: &str| format!("echo {name} $(sha256sum < {TARGET})\n");
    let script = guest::mount_drive(DriveKind::Exfat)
        + "remetal capture /dev/vda /mnt/drive --name backup\nmkdir -p /mnt/target\n"
        + &sum("sum-before")
        + &refused("partition", &format!("{TARGET}p1"))
        + &format!("mount -o ro {TARGET}p2 /mnt/target\n")
        + &refused("mounted", TARGET)
        + "umount /mnt/target\n"
        + &sum("sum-afterwards")
        + "cat /proc/partitions\n"
        + &format!("remetal restore {BACKUP} {TARGET} --confirm {WORD}\necho begin new\n")
        + "cat /proc/partitions\n"
        + &format!("for n in 1 2; do mount {TARGET}p$n /mnt/target && umount /mnt/target; done\n")
        + &format!("blkid -o export {TARGET}p2\necho end new\numount /mnt/drive\n");

    let said = run(machine(folder.path()), &script, JOB);

    let partition = part(&said, "begin partition", "end partition");
    assert_eq!(partition.matches("code 3").count(), 2, "{partition}");
    assert!(partition.contains("is a partition; a backup is of a whole disk"), "{partition}");
    let mounted = part(&said, "begin mounted", "end mounted");
    assert_eq!(mounted.matches("code 3").count(), 2, "{mounted}");
    assert!(mounted.contains("/dev/nvme0n1p2 is mounted on /mnt/target"), "{mounted}");
    let sum_of = |name: &str| {
        let mut lines = said.lines().map(str::trim);
        lines.find_map(|line| line.strip_prefix(name)).unwrap().trim_matches([' ', '-']).to_owned()
    };
    assert_eq!(sum_of("sum-before "), sum_of("sum-afterwards "), "a refused restore wrote");

    let new = part(&said, "begin new", "end new");
    let sizes: Vec<&str> = new
        .lines()
        .filter(|line| line.contains("nvme0n1p"))
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    assert_eq!(sizes, ["32768", "49152"], "KiB of each partition: {new}");
    assert!(new.contains("LABEL=new2"), "{new}");
    assert!(!said.contains("did not read the new partition table"), "{said}");
}
