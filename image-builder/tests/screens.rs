//! The main job by the screens, as people do it: a computer is saved to a USB drive with the
//! keyboard alone, the drive is carried to another computer, and that one is brought back.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::time::Duration;

use support::person::{Key, Person, Seat};
use support::{BACK_UP, BOOT, DRIVE, JOB, Move, REPLACEMENT, SOON, computer, guest, run};
use vm::assets::debian::debian;
use vm::assets::disk::make_empty;
use vm::assets::drive::{DriveKind, make_drive};
use vm::{Builder, Bus, Disk, End, Firmware, Writes};

/// A result, or the plan of a backup, takes no key in its first second: it is to be read.
const A_GLANCE: Duration = Duration::from_secs(3);

/// Until rates were measured, so that the picture has something to show.
const A_WHILE: Duration = Duration::from_secs(7);

/// What a page takes that looks at disks first.
const LOOK: Duration = BOOT;

/// Saves the only disk to the only drive. The pictures' names begin with `name`.
fn backs_up(person: &mut Person, name: &str) {
    // A disk that does not answer for long is not proposed.
    person.sees("Debian GNU/Linux 12", LOOK);
    person.sees("BACKUPS", LOOK);
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
    std::thread::sleep(A_GLANCE);
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
    person.sees("empty, only zeros", SOON);
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
fn shuts_down(person: Person) {
    std::thread::sleep(A_GLANCE);
    shuts_down_by(person, "s");
}

/// Shuts the computer down by the letters that lead to it: on the first screen, 'Shell' is before
/// it.
fn shuts_down_by(mut person: Person, letters: &str) {
    person.types(letters);
    if letters.len() > 1 {
        person.presses(Key::Enter);
    }
    person.sees("Shut down this computer?", SOON);
    person.presses(Key::Right);
    person.presses(Key::Enter);
    assert_eq!(person.machine.wait_off(BOOT).unwrap(), End::Off);
}

fn by_the_screens(firmware: Firmware, seat: Seat, kind: DriveKind) {
    let name = format!("{firmware:?}-{seat:?}").to_lowercase();
    let disks = Move::of_a_debian(kind);

    let old = seen_as(computer("old", firmware), firmware)
        .disk(Disk::new(Bus::Nvme, &disks.source).serial("OLD-C0DE"))
        .disk(Disk::new(Bus::Usb, &disks.drive).serial("DRIVE-1"));
    let mut person = Person::sit_down(old.start().unwrap(), seat);
    backs_up(&mut person, &name);
    shuts_down(person);
    disks.assert_source_as_it_was();

    let new = seen_as(computer("new", firmware), firmware)
        .disk(Disk::new(Bus::Ahci, &disks.replacement).serial("NEW-7F3A"))
        .disk(Disk::new(Bus::Usb, &disks.drive).serial("DRIVE-1"));
    let mut person = Person::sit_down(new.start().unwrap(), seat);
    restores(&mut person, &name, "7f3a");
    shuts_down(person);

    // The Debian was made to start without Secure Boot.
    let firmware = if firmware == Firmware::Bios { Firmware::Bios } else { Firmware::Uefi };
    disks.assert_replacement_starts(firmware);
}

/// A BIOS computer shows text of 80x25, as those do whose graphics Linux does not know.
fn seen_as(computer: Builder, firmware: Firmware) -> Builder {
    if firmware == Firmware::Bios { computer.boot_options("nomodeset") } else { computer }
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
    stops(&mut person);
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
    goes_home(&mut person);

    let replacement = folder.path().join("replacement");
    make_empty(&replacement, REPLACEMENT).unwrap();
    person.machine.plug("new", &Disk::new(Bus::Usb, &replacement).serial("NEW-7F3A")).unwrap();
    person.sees("7F3A", SOON);
    comes_to_the_word(&mut person, "7f3a");
    person.presses(Key::Enter);
    person.sees("/s, writing", LOOK);
    stops(&mut person);
    person.takes_a_picture("stop-3-restore");
    goes_home(&mut person);
    person.sees("was not finished: it does not start", SOON);
    person.takes_a_picture("stop-4-home");
    shuts_down_by(person, "ss");
}

/// From the first screen to the typed word, with the only backup and the empty disk.
fn comes_to_the_word(person: &mut Person, word: &str) {
    // The first R from the left: the arrow may be beyond it.
    person.types("br");
    person.presses(Key::Enter);
    person.goes_on_from("of content, takes", SOON);
    person.goes_on_from("empty, only zeros", SOON);
    person.sees("Go on", LOOK);
    person.presses(Key::Right);
    person.presses(Key::Enter);
    person.sees("the last question", SOON);
    person.types(word);
    person.sees("Enter begins", SOON);
}

/// Stops the work that goes on.
fn stops(person: &mut Person) {
    person.presses(Key::Esc);
    person.sees("Stop now?", SOON);
    person.presses(Key::Right);
    person.presses(Key::Enter);
    person.sees("Stopped, as you asked.", LOOK);
}

/// Two disks are saved one after the other, and the computer goes off by itself.
#[test]
fn long_a_person_saves_two_disks_at_once_and_the_computer_goes_off() {
    let disks = Move::of_a_debian(DriveKind::Exfat);
    let second = disks.source.with_file_name("second");
    make_drive(&second, DriveKind::Ext4, 300).unwrap();
    let machine = || {
        computer("computer", Firmware::Uefi)
            .disk(Disk::new(Bus::Nvme, &disks.source).serial("OLD-C0DE"))
            .disk(Disk::new(Bus::Usb, &disks.drive).serial("DRIVE-1"))
            .disk(Disk::new(Bus::VirtioBlk, &second).serial("SECOND-2"))
    };
    let mut person = Person::sit_down(machine().start().unwrap(), Seat::Screen);
    looks_at_the_tools(&mut person);
    person.types("b");
    person.presses(Key::Enter);
    person.sees("Debian GNU/Linux 12", SOON);
    person.presses(Key::Space);
    for key in [Key::Down, Key::Down, Key::Space] {
        person.presses(key);
    }
    person.sees("2 disks marked", SOON);
    person.takes_a_picture("two-1-disks");
    person.presses(Key::Enter);
    person.goes_on_from("what to keep", SOON);
    person.goes_on_from("GB free", SOON);
    person.sees("step 4 of 5", SOON);
    // Where a German keyboard has its Z, others have their Y.
    person.types("yyy");
    person.sees("zzz", SOON);
    for key in [Key::Down, Key::Down, Key::Down, Key::Right] {
        person.presses(key);
    }
    person.takes_a_picture("two-2-how");
    person.presses(Key::Enter);
    person.sees("Begin the backup", LOOK);
    person.takes_a_picture("two-3-ready");
    std::thread::sleep(A_GLANCE);
    person.presses(Key::Enter);
    assert_eq!(person.machine.wait_off(JOB).unwrap(), End::Off);
    disks.assert_source_as_it_was();

    let script = guest::mount_drive(DriveKind::Exfat)
        + "cd /mnt/drive\nfor backup in *zzz-1 *zzz-2; do remetal verify $backup; done\n\
           ls -d remetal-logs-*\n";
    let said = run(machine(), &script, JOB);
    assert_eq!(said.matches("verified: ").count(), 2, "{said}");
    assert!(said.contains("remetal-logs-2"), "{said}");
}

/// Reads a disk's details, copies the logs to the drive, makes letters large and small again, and
/// takes a German keyboard.
fn looks_at_the_tools(person: &mut Person) {
    person.types("t");
    person.presses(Key::Enter);
    person.goes_on_from("Disk details", SOON);
    person.sees("QEMU NVMe Ctrl, 1.36 GB, NVMe, ...C0DE", SOON);
    std::thread::sleep(A_GLANCE);
    person.takes_a_picture("tools-disks");
    person.presses(Key::Enter);
    person.sees("SMART: good", SOON);
    person.takes_a_picture("tools-details");
    for _ in 0..2 {
        person.presses(Key::Esc);
    }
    person.types("l");
    person.presses(Key::Enter);
    person.sees("Which drive takes the logs?", SOON);
    person.presses(Key::Down);
    person.presses(Key::Enter);
    person.sees("remetal-logs-", LOOK);
    person.takes_a_picture("tools-logs");
    person.presses(Key::Esc);
    person.types("s");
    person.presses(Key::Enter);
    person.sees("How large should letters be?", SOON);
    person.presses(Key::Down);
    person.presses(Key::Enter);
    person.sees_letters(25, 80);
    std::thread::sleep(A_GLANCE);
    person.takes_a_picture("tools-large");
    person.presses(Key::Up);
    person.presses(Key::Enter);
    person.sees_letters(50, 160);
    person.presses(Key::Esc);
    person.types("k");
    person.presses(Key::Enter);
    person.sees("German", SOON);
    person.types("g");
    person.presses(Key::Enter);
    person.sees("The keyboard is now: German", SOON);
    person.presses(Key::Esc);
    person.sees(BACK_UP, SOON);
}

/// From the first screen to the drives, with what each page has chosen already.
fn comes_to_where_to(person: &mut Person) {
    person.presses(Key::Enter);
    person.sees("which disk", SOON);
    person.goes_on_from("Debian GNU/Linux 12", SOON);
    person.goes_on_from("what to keep", SOON);
    person.sees("where to", SOON);
}

/// From the drives to work.
fn begins(person: &mut Person) {
    person.goes_on_from("GB free", SOON);
    person.goes_on_from("step 4 of 5", SOON);
    person.sees("Begin the backup", LOOK);
    std::thread::sleep(A_GLANCE);
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
