//! The harness on a system of one sector: fast, and its every answer is known.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use vm::{Access, Bus, Disk, End, Error, Firmware, Machine, Writes, sh};

const SOON: Duration = Duration::from_secs(60);
/// For what must not come.
const BRIEF: Duration = Duration::from_secs(2);

/// A disk of 1 MiB that boots, and what keeps it.
fn guest() -> (TempDir, PathBuf) {
    let folder = vm::scratch().unwrap();
    let [object, disk] = ["guest.o", "guest.img"].map(|name| folder.path().join(name));
    sh(&format!(
        "as --32 -o {0} {1}/tests/guest.s\n\
         ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o {2} {0}\n\
         truncate -s 1M {2}",
        object.display(),
        env!("CARGO_MANIFEST_DIR"),
        disk.display()
    ))
    .unwrap();
    (folder, disk)
}

fn start(disk: Disk) -> Machine {
    let mut machine = Machine::builder("guest").memory(64).disk(disk).start().unwrap();
    machine.wait_for("GUEST-READY", SOON).unwrap();
    machine
}

#[test]
fn keys_and_the_serial_line_reach_the_guest_and_its_answers_come_back() {
    let (_folder, disk) = guest();
    let mut machine = start(Disk::new(Bus::VirtioBlk, disk));
    machine.wait_for("READ-OK", SOON).unwrap();

    machine.send("x").unwrap();
    machine.wait_for("SER:x", SOON).unwrap();
    machine.type_keys("G-").unwrap();
    assert_eq!(machine.wait_for_line("KEY:", SOON).unwrap(), "KEY:G");
    machine.wait_for("KEY:-", SOON).unwrap();
    machine.wait_for_screen("KEY:-", SOON).unwrap();
    assert!(machine.moment_of("GUEST").unwrap() < machine.moment_of("SER:x").unwrap());

    machine.press("o").unwrap();
    assert_eq!(machine.wait_off(SOON).unwrap(), End::Off);
}

#[test]
fn every_bus_that_the_bios_knows_boots_and_a_reset_is_told_from_power_off() {
    let (_folder, disk) = guest();
    for bus in [Bus::Ahci, Bus::Usb, Bus::VirtioScsi, Bus::Nvme, Bus::Sd] {
        let mut machine = start(Disk::new(bus, &disk).writes(Writes::Dropped));
        machine.send("r").unwrap();
        assert_eq!(machine.wait_off(SOON).unwrap(), End::Reset, "{bus:?}");
    }
}

#[test]
fn a_bad_sector_cannot_be_read() {
    let (_folder, disk) = guest();
    for (access, said) in [(Access::Read, "READ-BAD"), (Access::Write, "READ-OK")] {
        let mut machine = start(Disk::new(Bus::Ahci, &disk).fault(access, 100));
        machine.wait_for(said, SOON).unwrap();
    }
}

#[test]
fn what_does_not_come_is_told_with_what_was_seen_and_kept() {
    let (_folder, disk) = guest();
    let mut machine = start(Disk::new(Bus::VirtioBlk, disk));
    let error = machine.wait_for("NEVER", BRIEF).unwrap_err();
    let Error::Deadline { seen, kept, .. } = error else { panic!("{error}") };
    assert!(seen.contains("READ-OK"), "{seen}");
    for piece in ["serial.log", "serial-screen.txt", "screen.png", "qemu.log", "command-line.txt"] {
        assert!(kept.join(piece).exists(), "no {piece} in {}", kept.display());
    }
    assert!(std::fs::read(kept.join("screen.png")).unwrap().starts_with(b"\x89PNG"));

    machine.send("o").unwrap();
    let error = machine.wait_for("NEVER", SOON).unwrap_err();
    assert!(matches!(error, Error::WentOff { .. }), "{error}");
}

#[test]
fn traces_are_kept_when_a_test_panics() {
    let (_folder, disk) = guest();
    let kept = vm::target_directory().join("vm-failures/a_test.that_fails/guest");
    std::fs::remove_dir_all(&kept).ok();
    let test = std::thread::Builder::new().name("a_test::that_fails".to_owned());
    let failed = test.spawn(move || {
        let machine = start(Disk::new(Bus::VirtioBlk, disk));
        assert!(machine.serial_log().contains("NEVER"), "as it should");
    });
    assert!(failed.unwrap().join().is_err());
    assert!(std::fs::read_to_string(kept.join("serial.log")).unwrap().contains("GUEST-READY"));
}

#[test]
fn no_qemu_stays_behind() {
    let (folder, disk) = guest();
    let running = || {
        let disk = folder.path().join("guest.im[g]");
        sh(&format!("pgrep --full --count -- '{}' || true", disk.display())).unwrap()
    };
    let machine = start(Disk::new(Bus::VirtioBlk, disk));
    assert_eq!(running().trim(), "1");
    drop(machine);
    assert_eq!(running().trim(), "0");
}

#[test]
fn disks_are_plugged_in_and_pulled_out() {
    let (folder, disk) = guest();
    let stick = folder.path().join("stick");
    std::fs::write(&stick, vec![0; 1 << 20]).unwrap();
    let mut machine = start(Disk::new(Bus::VirtioBlk, disk));
    let stick = Disk::new(Bus::Usb, stick);
    for _ in 0..2 {
        machine.plug("stick", &stick).unwrap();
        let again = machine.plug("stick", &stick).unwrap_err();
        assert!(matches!(again, Error::Refused { .. }), "{again}");
        machine.unplug("stick").unwrap();
    }
    assert!(machine.is_on());
}

#[test]
fn what_qemu_cannot_do_is_told_in_its_words() {
    let missing = Disk::new(Bus::VirtioBlk, Path::new("/nowhere/disk"));
    let error = Machine::builder("guest").disk(missing).start().err().unwrap();
    assert!(matches!(error, Error::NotStarted { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/disk"), "{error}");
}

#[test]
fn uefi_starts_without_and_with_secure_boot() {
    for firmware in [Firmware::Uefi, Firmware::SecureBoot] {
        let mut machine = Machine::builder("empty").firmware(firmware).memory(256).start().unwrap();
        // Nothing to boot from: OVMF says so on both its consoles.
        machine.wait_for("BdsDxe: ", Duration::from_secs(120)).unwrap();
    }
}
