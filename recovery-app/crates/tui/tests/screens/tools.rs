//! What technicians use.

use insta::assert_snapshot;
use tui::input::Key;
use tui::tool::{Facts, LAYOUTS, TextSize, Tool};
use tui::{Command, Message, Surroundings};

use crate::computer::{failing, notebook, usb_drive};
use crate::stage::{ASCII, SCREEN, SERIAL, Stage, VGA};

/// On the menu of tools.
fn menu() -> Stage {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), failing()]);
    stage.press(&[Key::Char('t'), Key::Enter]);
    stage
}

#[test]
fn the_menu() {
    assert_snapshot!(menu().in_colour());
}

#[test]
fn a_serial_terminal_has_its_own_keyboard_and_letters() {
    let mut stage = Stage::within(Surroundings::Serial, SERIAL, ASCII).with(&[notebook()]);
    stage.press(&[Key::Char('t'), Key::Enter, Key::Char('k')]);
    assert_eq!(stage.press(&[Key::Enter]), []);
    assert_snapshot!(stage.text());
}

#[test]
fn details_of_a_disk() {
    let mut stage = menu();
    stage.press(&[Key::Enter, Key::Down, Key::Down, Key::Enter]);
    assert_snapshot!(stage.text());
    stage.press(&[Key::Esc, Key::Esc, Key::Esc]);
    assert!(stage.text().contains("Back up this computer"));
}

#[test]
fn the_keyboard_layout() {
    let mut stage = menu();
    stage.press(&[Key::Char('k'), Key::Enter]);
    assert_snapshot!(stage.text());
    let german = LAYOUTS.into_iter().find(|layout| layout.words.starts_with("German")).unwrap();
    let tool = Tool::Keyboard(german);
    assert_eq!(stage.press(&[Key::Char('g'), Key::Enter]), [Command::Use(tool.clone())]);
    stage.tell(Message::Used(tool.clone(), Err("no such layout".to_owned())));
    assert!(stage.text().contains("This did not work: no such layout"), "{}", stage.text());
    stage.tell(Message::Used(tool, Ok("The keyboard is German now.".to_owned())));
    assert!(stage.text().contains("Logs and reports"), "back on the menu: {}", stage.text());
    assert_eq!(stage.state.shared.layout, Some(german));
}

#[test]
fn the_size_of_letters() {
    let mut stage = menu();
    stage.press(&[Key::Char('s'), Key::Enter]);
    let large = Command::Use(Tool::Text(TextSize::Large));
    assert_eq!(stage.press(&[Key::Down, Key::Enter]), [large]);
}

#[test]
fn logs_go_to_a_drive_that_can_take_them() {
    let mut stage = menu();
    stage.press(&[Key::Char('l'), Key::Enter]);
    assert_snapshot!(stage.text());
    let commands = stage.press(&[Key::Enter]);
    let [Command::Use(Tool::CopyLogs { device, .. })] = &commands[..] else {
        panic!("{commands:?}")
    };
    assert_eq!(device.to_str(), Some("/dev/sda1"));
}

#[test]
fn this_computer() {
    let mut stage = menu();
    stage.press(&[Key::Down; 4]);
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    assert!(stage.text().contains("Being looked up"), "{}", stage.text());
    let facts = Facts {
        version: "1.2.3".to_owned(),
        computer: Some("LENOVO 20XW".to_owned()),
        firmware: Some("UEFI, Secure Boot on".to_owned()),
        clock: Some("2026-11-24 02:10 UTC".to_owned()),
        memory: Some(16_000_000_000),
        free_memory: Some(15_000_000_000),
        on_battery: Some(54),
        licences: vec!["busybox 1.37.0: GPL-2".to_owned()],
        ..Facts::default()
    };
    stage.tell(Message::Facts(Box::new(facts)));
    assert_snapshot!(stage.text());
    stage.press(&[Key::Esc, Key::Down]);
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    assert!(stage.text().contains("busybox 1.37.0: GPL-2"), "{}", stage.text());
}
