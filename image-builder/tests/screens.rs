//! The main job by the screens, as people do it: a computer is saved to a USB drive with the
//! keyboard alone, the drive is carried to another computer, and that one is brought back.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::path::Path;
use std::time::Duration;

use support::person::{Key, Person, Seat};
use support::{BACK_UP, BOOT, JOB, SOON, computer};
use vm::assets::debian::{boot, debian};
use vm::assets::disk::make_empty;
use vm::assets::drive::{DriveKind, make_drive};
use vm::assets::hash;
use vm::{Builder, Bus, Disk, End, Firmware, Writes, sh};

/// The drive and the replacement disk, in MiB. The captured disk has 1300.
const DRIVE: u64 = 2048;
const REPLACEMENT: u64 = 1500;

/// A result takes no key in its first second: it is to be read.
const A_GLANCE: Duration = Duration::from_secs(3);

/// Until rates were measured, so that the picture has something to show.
const A_WHILE: Duration = Duration::from_secs(7);

/// What a page takes that looks at disks first.
const LOOK: Duration = BOOT;

/// Saves the only disk to the only drive. The pictures' names begin with `name`.
fn backs_up(person: &mut Person, name: &str) {
    person.takes_a_picture(&format!("{name}-home"));
    person.presses(Key::Enter);
    person.sees("which disk", SOON);
    person.sees("Debian GNU/Linux 12", SOON);
    person.takes_a_picture(&format!("{name}-backup-1-disk"));
    person.presses(Key::Enter);
    person.sees("what to keep", SOON);
    person.takes_a_picture(&format!("{name}-backup-2-parts"));
    person.presses(Key::Enter);
    person.sees("GB free", SOON);
    person.takes_a_picture(&format!("{name}-backup-3-drive"));
    person.presses(Key::Enter);
    chooses_a_keyboard(person, name);
    person.sees("step 4 of 5", SOON);
    person.takes_a_picture(&format!("{name}-backup-4-how"));
    person.presses(Key::Enter);
    person.sees("Begin the backup", LOOK);
    person.takes_a_picture(&format!("{name}-backup-5-ready"));
    person.presses(Key::Enter);
    person.sees("Time left", LOOK);
    std::thread::sleep(A_WHILE);
    person.takes_a_picture(&format!("{name}-backup-6-working"));
    person.sees("The backup is good.", JOB);
    person.takes_a_picture(&format!("{name}-backup-7-result"));
}

/// Brings the only backup back onto the only empty disk.
fn restores(person: &mut Person, name: &str, word: &str) {
    person.types("r");
    person.presses(Key::Enter);
    person.sees("which backup", SOON);
    person.sees("of content, takes", SOON);
    person.takes_a_picture(&format!("{name}-restore-1-backup"));
    person.presses(Key::Enter);
    person.sees("onto which disk", SOON);
    person.sees("empty, or nothing", SOON);
    person.takes_a_picture(&format!("{name}-restore-2-disk"));
    person.presses(Key::Enter);
    person.sees("Go on", LOOK);
    person.takes_a_picture(&format!("{name}-restore-3-plan"));
    person.presses(Key::Right);
    person.presses(Key::Enter);
    chooses_a_keyboard(person, name);
    person.sees("the last question", SOON);
    person.types(word);
    person.sees("Enter begins", SOON);
    person.takes_a_picture(&format!("{name}-restore-4-word"));
    person.presses(Key::Enter);
    person.sees("Time left", LOOK);
    std::thread::sleep(A_WHILE);
    person.takes_a_picture(&format!("{name}-restore-5-working"));
    person.sees("The disk is restored and proven.", JOB);
    person.takes_a_picture(&format!("{name}-restore-6-result"));
}

/// On the computer's own screen, the layout is asked before anything is typed.
fn chooses_a_keyboard(person: &mut Person, name: &str) {
    if person.seat == Seat::Screen {
        person.sees("Keyboard layout", SOON);
        person.takes_a_picture(&format!("{name}-keyboard"));
        person.presses(Key::Enter);
    }
}

/// Shuts the computer down from the result.
fn shuts_down(mut person: Person) {
    std::thread::sleep(A_GLANCE);
    person.types("s");
    person.sees("Shut down this computer?", SOON);
    person.presses(Key::Right);
    person.presses(Key::Enter);
    assert_eq!(person.machine.wait_off(BOOT).unwrap(), End::Off);
}

fn by_the_screens(firmware: Firmware, seat: Seat, kind: DriveKind) {
    let name = format!("{firmware:?}-{seat:?}").to_lowercase();
    let debian = debian().unwrap();
    let folder = vm::scratch().unwrap();
    let [source, drive, replacement] =
        ["source", "drive", "replacement"].map(|name| folder.path().join(name));
    sh(&format!("cp --sparse=always {} {}", debian.disk.display(), source.display())).unwrap();
    make_drive(&drive, kind, DRIVE).unwrap();
    make_empty(&replacement, REPLACEMENT).unwrap();
    let before = hash(&source).unwrap();

    let old = seen_as(computer("old", firmware), firmware)
        .disk(Disk::new(Bus::Nvme, &source).serial("OLD-C0DE"))
        .disk(Disk::new(Bus::Usb, &drive).serial("DRIVE-1"));
    let mut person = Person::sit_down(old.start().unwrap(), seat);
    backs_up(&mut person, &name);
    shuts_down(person);
    assert_eq!(before, hash(&source).unwrap(), "the backup changed its source");

    let new = seen_as(computer("new", firmware), firmware)
        .disk(Disk::new(Bus::Ahci, &replacement).serial("NEW-7F3A"))
        .disk(Disk::new(Bus::Usb, &drive).serial("DRIVE-1"));
    let mut person = Person::sit_down(new.start().unwrap(), seat);
    restores(&mut person, &name, "7f3a");
    shuts_down(person);

    assert_eq!(start(&replacement, firmware), debian.marker);
}

/// A BIOS computer shows text of 80x25, as those do whose graphics Linux does not know.
fn seen_as(computer: Builder, firmware: Firmware) -> Builder {
    if firmware == Firmware::Bios { computer.boot_options("nomodeset") } else { computer }
}

/// The line that the system on the disk prints when it starts.
fn start(disk: &Path, firmware: Firmware) -> String {
    let firmware = if firmware == Firmware::Bios { Firmware::Bios } else { Firmware::Uefi };
    boot(Disk::new(Bus::VirtioBlk, disk).writes(Writes::Dropped), firmware).unwrap()
}

/// A drive fresh from the shop is made ready, a backup is stopped half-way, made again, and checked.
#[test]
fn long_a_person_makes_a_drive_ready_stops_a_backup_makes_another_and_checks_it() {
    let debian = debian().unwrap();
    let folder = vm::scratch().unwrap();
    let drive = folder.path().join("drive");
    make_empty(&drive, DRIVE).unwrap();
    let computer = seen_as(computer("computer", Firmware::Bios), Firmware::Bios)
        .disk(Disk::new(Bus::Ahci, &debian.disk).writes(Writes::Dropped).serial("OLD-C0DE"))
        .disk(Disk::new(Bus::Usb, &drive).serial("DRIVE-1"));
    let mut person = Person::sit_down(computer.start().unwrap(), Seat::Screen);

    comes_to_where_to(&mut person);
    person.sees("Make this drive ready for backups", SOON);
    person.takes_a_picture("drive-1-offered");
    person.presses(Key::Enter);
    person.sees("exFAT", SOON);
    person.takes_a_picture("drive-2-how");
    person.presses(Key::Enter);
    chooses_a_keyboard(&mut person, "drive");
    person.sees("the last question", SOON);
    person.types("ive1");
    person.sees("Enter begins", SOON);
    person.takes_a_picture("drive-3-word");
    person.presses(Key::Enter);
    person.sees("The drive is ready for backups.", LOOK);
    goes_home(&mut person);

    comes_to_where_to(&mut person);
    begins(&mut person);
    person.sees("Time left", LOOK);
    person.presses(Key::Esc);
    person.sees("Stop now?", SOON);
    person.takes_a_picture("stop-1-question");
    person.presses(Key::Right);
    person.presses(Key::Enter);
    person.sees("Stopped, as you asked.", LOOK);
    person.takes_a_picture("stop-2-stopped");
    goes_home(&mut person);

    comes_to_where_to(&mut person);
    begins(&mut person);
    person.sees("The backup is good.", JOB);
    goes_home(&mut person);
    person.types("c");
    person.presses(Key::Enter);
    person.sees("Check a backup  ", SOON);
    person.sees("OLD-C0DE".split_at(4).1, SOON);
    person.presses(Key::Enter);
    person.sees("What was proven", JOB);
    person.takes_a_picture("check-result");
    shuts_down(person);
}

/// From the first screen to the drives, with what each page has chosen already.
fn comes_to_where_to(person: &mut Person) {
    person.presses(Key::Enter);
    person.sees("which disk", SOON);
    person.sees("Debian GNU/Linux 12", SOON);
    person.presses(Key::Enter);
    person.sees("what to keep", SOON);
    person.presses(Key::Enter);
    person.sees("where to", SOON);
}

/// From the drives to work.
fn begins(person: &mut Person) {
    person.sees("GB free", SOON);
    person.presses(Key::Enter);
    person.sees("step 4 of 5", SOON);
    person.presses(Key::Enter);
    person.sees("Begin the backup", LOOK);
    person.presses(Key::Enter);
}

fn goes_home(person: &mut Person) {
    std::thread::sleep(A_GLANCE);
    person.presses(Key::Enter);
    person.sees(BACK_UP, SOON);
}

#[test]
fn a_person_saves_a_computer_and_brings_it_back_at_a_bios_screen() {
    by_the_screens(Firmware::Bios, Seat::Screen, DriveKind::Exfat);
}

#[test]
fn long_a_person_saves_a_computer_and_brings_it_back_at_a_uefi_screen() {
    by_the_screens(Firmware::Uefi, Seat::Screen, DriveKind::Ntfs);
}

#[test]
fn long_a_person_saves_a_computer_and_brings_it_back_over_a_serial_line() {
    by_the_screens(Firmware::SecureBoot, Seat::Serial, DriveKind::Ext4);
}
