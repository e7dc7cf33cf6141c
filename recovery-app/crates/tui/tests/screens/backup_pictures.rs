//! What is seen of a backup before it begins.

use insta::assert_snapshot;
use tui::input::Key;
use tui::job::Severity;
use tui::{Message, Surroundings};

use crate::backup_steps::{at_the_end, facts, remark, stage, to, with};
use crate::computer::{GB, failing, fresh, notebook, usb_drive};
use crate::stage::{ASCII, SCREEN, SERIAL, Stage, UEFI, VGA};

fn on_uefi() -> Stage {
    Stage::new(UEFI, SCREEN).with(&[notebook(), usb_drive(), fresh(), failing()])
}

fn on_a_serial_line() -> Stage {
    Stage::within(Surroundings::Serial, SERIAL, ASCII).with(&[notebook(), usb_drive(), fresh()])
}

#[test]
fn sources_on_vga() {
    let stick = with(fresh(), |look| look.is_boot_medium = true);
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), failing(), stick]);
    stage.press(&to(1));
    assert_snapshot!(stage.in_colour());
}

#[test]
fn sources_marked() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive()]);
    stage.press(&to(1));
    stage.press(&[Key::Char(' '), Key::Down, Key::Char(' ')]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn sources_elsewhere() {
    let mut stage = on_uefi();
    stage.press(&to(1));
    assert_snapshot!("sources_on_uefi", stage.text());
    let mut stage = on_a_serial_line();
    stage.press(&to(1));
    assert_snapshot!("sources_on_a_serial_line", stage.text());
}

#[test]
fn parts_on_vga() {
    let mut stage = stage();
    stage.press(&to(2));
    assert_snapshot!("parts_all_kept", stage.in_colour());
    stage.press(&[Key::Char('w'), Key::Char(' '), Key::Down]);
    assert_snapshot!("parts_with_windows_left_out", stage.in_colour());
}

#[test]
fn parts_elsewhere() {
    let mut stage = on_uefi();
    stage.press(&to(2));
    assert_snapshot!("parts_on_uefi", stage.text());
    let mut stage = on_a_serial_line();
    stage.press(&to(2));
    stage.press(&[Key::Char(' ')]);
    assert_snapshot!("parts_on_a_serial_line", stage.text());
}

#[test]
fn destinations_on_vga() {
    let mut stage = stage();
    stage.press(&to(3));
    assert_snapshot!(stage.in_colour());
}

#[test]
fn destinations_refused() {
    let small = with(usb_drive(), |look| look.places[0].free = 20 * GB);
    let stick = with(fresh(), |look| look.is_boot_medium = true);
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), small, stick]);
    stage.press(&to(3));
    stage.press(&[Key::Down, Key::Enter]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn destinations_with_nothing_attached() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook()]);
    stage.press(&to(3));
    assert_snapshot!(stage.text());
}

#[test]
fn destinations_elsewhere() {
    let mut stage = on_uefi();
    stage.press(&to(3));
    assert_snapshot!("destinations_on_uefi", stage.text());
    let mut stage = on_a_serial_line();
    stage.press(&to(3));
    assert_snapshot!("destinations_on_a_serial_line", stage.text());
}

#[test]
fn new_drive_on_vga() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive()]);
    stage.press(&to(3));
    stage.press(&[Key::End, Key::Enter]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn new_drive_elsewhere() {
    let mut stage = on_uefi();
    stage.press(&to(3));
    stage.press(&[Key::End, Key::Enter]);
    assert_snapshot!("new_drive_on_uefi", stage.text());
    let mut stage = on_a_serial_line();
    stage.press(&to(3));
    stage.press(&[Key::End, Key::Enter]);
    assert_snapshot!("new_drive_on_a_serial_line", stage.text());
}

#[test]
fn options_on_vga() {
    let mut stage = stage();
    stage.press(&to(4));
    assert_snapshot!("options", stage.in_colour());
    stage.press(&[Key::Char('/'), Key::Down, Key::Right, Key::Down, Key::Right]);
    assert_snapshot!("options_with_warnings", stage.in_colour());
}

#[test]
fn options_elsewhere() {
    let mut stage = on_uefi();
    stage.press(&to(4));
    assert_snapshot!("options_on_uefi", stage.text());
    let mut stage = on_a_serial_line();
    stage.press(&to(4));
    assert_snapshot!("options_on_a_serial_line", stage.text());
}

#[test]
fn preflight_waiting() {
    let mut stage = stage();
    stage.press(&to(5));
    stage.wait(20);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn preflight_on_vga() {
    let mut stage = stage();
    at_the_end(&mut stage, |_| {});
    assert_snapshot!(stage.in_colour());
}

#[test]
fn preflight_with_danger() {
    let drive = usb_drive();
    let slow = hardware::Disk { usb_megabits: Some(480), ..drive.0 };
    let mut stage = Stage::new(VGA, SCREEN).with(&[failing(), (slow, drive.1)]);
    stage.tell(Message::Facts(Box::new(facts())));
    let hint = "The disk's size does not end on a whole sector of 4096 bytes.";
    at_the_end(&mut stage, |plan| plan.remarks = vec![remark(Severity::Hint, hint)]);
    assert_snapshot!("preflight_with_danger", stage.in_colour());
    stage.press(&[Key::End]);
    assert_snapshot!("preflight_with_danger_read_on", stage.text());
}

#[test]
fn preflight_refused() {
    let mut stage = stage();
    let words = "The drive has too little room: 20.0 GB are free, and the backup takes 98.0 GB.";
    at_the_end(&mut stage, |plan| plan.remarks = vec![remark(Severity::Refusal, words)]);
    stage.attach(&[notebook()]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn preflight_elsewhere() {
    let mut stage = on_uefi();
    at_the_end(&mut stage, |_| {});
    assert_snapshot!("preflight_on_uefi", stage.text());
    let mut stage = on_a_serial_line();
    at_the_end(&mut stage, |_| {});
    assert_snapshot!("preflight_on_a_serial_line", stage.text());
}
