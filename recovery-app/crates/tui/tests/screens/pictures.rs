//! What is seen. The expected pictures lie in `snapshots/`; `cargo insta review` shows and takes
//! new ones.

use insta::assert_snapshot;
use tui::Surroundings;
use tui::input::Key;

use crate::computer::{failing, fresh, many, notebook, usb_drive};
use crate::stage::{ASCII, SCREEN, SERIAL, Stage, UEFI, VGA};

#[test]
fn home_on_vga() {
    let stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive()]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn home_in_ascii_on_a_serial_line() {
    let stage = Stage::within(Surroundings::Serial, SERIAL, ASCII).with(&[notebook(), usb_drive()]);
    assert_snapshot!(stage.text());
}

#[test]
fn home_on_uefi() {
    let stage = Stage::new(UEFI, SCREEN).with(&[notebook(), usb_drive(), fresh(), failing()]);
    assert_snapshot!(stage.text());
}

#[test]
fn home_with_four_disks_on_vga() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), fresh(), failing()]);
    stage.press(&[Key::Down]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn home_of_a_server() {
    let mut stage = Stage::new(VGA, SCREEN).with(&many());
    stage.press(&[Key::PageDown, Key::PageDown]);
    assert_snapshot!(stage.text());
}

#[test]
fn home_without_disks_after_a_crash() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[]);
    stage.wait(30);
    stage.state.shared.notice =
        Some("The screens had stopped and were started again. Your disks are untouched.".into());
    assert_snapshot!(stage.text());
}

#[test]
fn home_on_another_system() {
    let stage = Stage::within(Surroundings::Guest, (60, 18), SCREEN).with(&[notebook()]);
    assert_snapshot!(stage.text());
}

#[test]
fn home_on_a_tiny_screen() {
    let stage = Stage::new((30, 10), SCREEN).with(&[notebook(), usb_drive()]);
    assert_snapshot!(stage.text());
}

#[test]
fn home_on_a_narrow_screen() {
    let stage = Stage::new((40, 25), SCREEN).with(&[notebook(), usb_drive()]);
    assert_snapshot!(stage.text());
}

#[test]
fn where_the_shell_is() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[]);
    stage.press(&[Key::Char('s'), Key::Enter]);
    assert_snapshot!(stage.text());
}

#[test]
fn a_question_before_the_end() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook()]);
    stage.press(&[Key::Left, Key::Enter]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn a_question_before_the_end_of_unfinished_work() {
    let (disk, mut look) = fresh();
    look.report.unfinished_restore = Some("notebook".to_owned());
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), (disk, look)]);
    stage.press(&[Key::Char('r'), Key::Char('r'), Key::Enter]);
    assert_snapshot!(stage.text());
}

#[test]
fn help() {
    let mut stage = Stage::new(VGA, ASCII).with(&[notebook()]);
    stage.press(&[Key::F(1)]);
    assert_snapshot!(stage.text());
}

#[test]
fn drivers_are_waited_for_before_no_disk_is_told() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[]);
    stage.wait(29);
    assert!(stage.text().contains("Looking for disks ..."), "{}", stage.text());
    stage.wait(1);
    assert!(stage.text().contains("No disk was found."), "{}", stage.text());
    let guest = Stage::within(Surroundings::Guest, VGA, SCREEN).with(&[]);
    assert!(guest.text().contains("No disk was found."), "{}", guest.text());
}
