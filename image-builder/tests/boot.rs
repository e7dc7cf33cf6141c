//! The ISO starts by every firmware from every medium, and the screens are there.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use support::{BOOT, SOON, assert_home, computer, medium};
use vm::{After, Bus, End, Firmware, Machine};

/// Starts the ISO, asks the kernel how it was started, and waits for the home screen.
fn boots(firmware: Firmware, bus: Bus) {
    let builder = Machine::builder("computer").firmware(firmware).disk(medium(bus));
    let ask = "cat /sys/kernel/security/lockdown; test -d /sys/firmware/efi && echo by UEFI; true";
    let mut machine = builder.unattended(ask, After::Stay).start().unwrap();
    let said = machine.outcome(BOOT).unwrap().output;
    assert_eq!(said.contains("by UEFI"), firmware != Firmware::Bios, "{said}");
    let locked = if firmware == Firmware::SecureBoot { "[integrity]" } else { "[none]" };
    assert!(said.contains(locked), "not {locked}: {said}");
    assert_home(&mut machine);
    let picture = vm::target_directory().join(format!("vm-pictures/{firmware:?}-{bus:?}.png"));
    std::fs::create_dir_all(picture.parent().unwrap()).unwrap();
    machine.screenshot(&picture).unwrap();
}

#[test]
fn bios_starts_it_from_a_usb_stick() {
    boots(Firmware::Bios, Bus::Usb);
}

#[test]
fn uefi_starts_it_from_a_disc() {
    boots(Firmware::Uefi, Bus::Cd);
}

#[test]
fn secure_boot_starts_it_from_a_usb_stick_and_the_kernel_is_locked_down() {
    boots(Firmware::SecureBoot, Bus::Usb);
}

#[test]
fn long_bios_starts_it_from_a_disc() {
    boots(Firmware::Bios, Bus::Cd);
}

#[test]
fn long_uefi_starts_it_from_a_usb_stick() {
    boots(Firmware::Uefi, Bus::Usb);
}

#[test]
fn long_secure_boot_starts_it_from_a_disc_and_the_kernel_is_locked_down() {
    boots(Firmware::SecureBoot, Bus::Cd);
}

#[test]
fn the_app_comes_back_when_it_is_killed_and_the_power_button_works() {
    let kill = "(while ! killall -9 remetal; do sleep 1; done) > /dev/null 2>&1 & echo armed";
    let builder = computer("computer", Firmware::Bios).unattended(kill, After::Stay);
    let mut machine = builder.start().unwrap();
    assert_eq!(machine.outcome(BOOT).unwrap().exit_code, 0);
    machine.wait_for_screen("started again", BOOT).unwrap();
    assert_home(&mut machine);

    machine.press_power().unwrap();
    assert_eq!(machine.wait_off(SOON).unwrap(), End::Off);
}
