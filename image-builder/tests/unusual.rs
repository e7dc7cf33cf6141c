//! What is told before a backup of a disk that is failing, asleep and encrypted, at a real screen.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::path::Path;

use serde_json::json;
use support::person::{Key, Person, Seat};
use support::{BOOT, DRIVE, SOON, computer};
use vm::assets::disk::{Loop, Partition, make_gpt};
use vm::assets::drive::{DriveKind, make_drive};
use vm::{Bus, Disk, Firmware, sh};

const WINDOWS: &str = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";
const LUKS: &str = "CA7D7CCB-63ED-4C53-861C-1742536059CC";

/// NVMe's critical warning that errors have made the disk unreliable.
const UNRELIABLE: u8 = 1 << 2;

/// A Windows volume whose system sleeps in `hiberfil.sys`, and an encrypted one.
fn make_disk(disk: &Path) {
    let made = make_gpt(disk, 128, &[(64, WINDOWS), (48, LUKS)]).unwrap();
    let [windows, encrypted] = <[Partition; 2]>::try_from(made).unwrap();
    let windows = Loop::attach(disk, windows).unwrap();
    sh(&format!(
        "mkntfs --quick --quiet --label System {0}\n\
         (printf hibr; head -c 4092 /dev/zero) > {1}\n\
         ntfscp --quiet {0} {1} hiberfil.sys",
        windows.node().display(),
        disk.with_extension("hiberfil").display()
    ))
    .unwrap();
    let encrypted = Loop::attach(disk, encrypted).unwrap();
    sh(&format!(
        "printf secret | cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 \
         --pbkdf-force-iterations 1000 {} -",
        encrypted.node().display()
    ))
    .unwrap();
}

#[test]
fn what_is_unusual_is_told_before_the_backup_begins() {
    let folder = vm::scratch().unwrap();
    let [disk, drive] = ["disk", "drive"].map(|name| folder.path().join(name));
    make_disk(&disk);
    make_drive(&drive, DriveKind::Exfat, DRIVE).unwrap();
    let builder = computer("computer", Firmware::Uefi)
        .disk(Disk::new(Bus::Nvme, &disk).serial("OLD-C0DE"))
        .disk(Disk::new(Bus::Usb, &drive).serial("DRIVE-1"));
    let mut machine = builder.start().unwrap();
    let warning = json!({
        "path": "/machine/peripheral/nvme0",
        "property": "smart_critical_warning",
        "value": UNRELIABLE,
    });
    machine.control("qom-set", warning).unwrap();

    let mut person = Person::sit_down(machine, Seat::Screen);
    person.sees("FAILING", SOON);
    person.takes_a_picture("unusual-1-home");
    person.presses(Key::Enter);
    person.sees("which disk", SOON);
    person.goes_on_from("C0DE", SOON);
    person.sees("what to keep", SOON);
    person.takes_a_picture("unusual-2-parts");
    person.presses(Key::Enter);
    person.goes_on_from("GB free", SOON);
    person.goes_on_from("Keyboard layout", SOON);
    person.goes_on_from("step 4 of 5", SOON);
    person.sees("Begin the backup", BOOT);
    person.takes_a_picture("unusual-3-ready");
    for words in
        ["says that it is failing", "only asleep", "is encrypted (LUKS)", "Little memory is free"]
    {
        person.sees(words, SOON);
    }
}
