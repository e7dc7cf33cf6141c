//! What technicians use.

use insta::assert_snapshot;
use tui::input::Key;
use tui::tool::{Facts, LAYOUTS, TextSize, Tool};
use tui::{Command, Message, Surroundings};

use crate::computer::{disk, failing, notebook, strange, usb_drive};
use crate::random::check_cells;
use crate::stage::{ASCII, FULL, SCREEN, SERIAL, Stage, UEFI, VGA};

fn facts() -> Facts {
    Facts {
        version: "1.2.3".to_owned(),
        computer: Some("LENOVO 20XW".to_owned()),
        firmware: Some("UEFI, Secure Boot on".to_owned()),
        clock: Some("2026-11-24 02:10 UTC".to_owned()),
        memory: Some(16_000_000_000),
        free_memory: Some(15_000_000_000),
        on_battery: Some(54),
        licences: vec!["busybox 1.37.0: GPL-2".to_owned()],
        ..Facts::default()
    }
}

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

/// Each screen, from a new start.
fn each_screen(mut stage: Stage, seen: &mut dyn FnMut(&Stage)) {
    stage.press(&[Key::Char('t'), Key::Enter]);
    seen(&stage);
    for tool in 0..6 {
        stage.press(&[Key::Home]);
        stage.press(&vec![Key::Down; tool]);
        for key in [Key::Enter, Key::F(1), Key::Esc, Key::End, Key::Home, Key::Enter] {
            stage.press(&[key]);
            seen(&stage);
        }
        stage.tell(Message::Facts(Box::new(facts())));
        seen(&stage);
        while !stage.text().contains("None of these changes") {
            stage.press(&[Key::Esc]);
            seen(&stage);
        }
    }
}

#[test]
fn every_screen_is_drawn_with_glyphs_that_there_are() {
    let disks = [notebook(), usb_drive(), failing(), strange()];
    for profile in [SCREEN, ASCII, FULL] {
        for surroundings in [Surroundings::Screen, Surroundings::Serial, Surroundings::Guest] {
            each_screen(Stage::within(surroundings, VGA, profile).with(&disks), &mut |stage| {
                for size in [VGA, SERIAL, UEFI, (40, 12), (20, 5), (5, 3), (1, 1)] {
                    let mut stage = Stage { state: stage.state.clone(), now: stage.now };
                    stage.tell(Message::Resized(size.0, size.1));
                    check_cells(&stage);
                }
            });
        }
    }
}

#[test]
fn nothing_of_our_own_is_replaced() {
    for surroundings in [Surroundings::Screen, Surroundings::Serial, Surroundings::Guest] {
        for profile in [SCREEN, FULL] {
            let disks = [notebook(), usb_drive(), failing()];
            let stage = Stage::within(surroundings, UEFI, profile).with(&disks);
            each_screen(stage, &mut Stage::assert_nothing_was_replaced);
        }
    }
}

#[test]
fn elsewhere() {
    for (place, surroundings, size, profile) in [
        ("on_uefi", Surroundings::Screen, UEFI, SCREEN),
        ("on_a_serial_line", Surroundings::Serial, SERIAL, ASCII),
    ] {
        let disks = [notebook(), usb_drive(), failing()];
        let mut stage = Stage::within(surroundings, size, profile).with(&disks);
        stage.press(&[Key::Char('t'), Key::Enter]);
        assert_snapshot!(format!("the_menu_{place}"), stage.text());
        stage.press(&[Key::Enter]);
        assert_snapshot!(format!("disks_{place}"), stage.text());
        stage.press(&[Key::Enter]);
        assert_snapshot!(format!("details_{place}"), stage.text());
        stage.press(&[Key::Esc, Key::Esc, Key::Char('l'), Key::Enter]);
        assert_snapshot!(format!("logs_{place}"), stage.text());
    }
}

#[test]
fn each_screen_is_explained() {
    let mut stage = menu();
    for tool in 0..6 {
        stage.press(&[Key::Home]);
        stage.press(&vec![Key::Down; tool]);
        stage.press(&[Key::Enter, Key::F(1)]);
        assert!(stage.text().starts_with(" Help "), "{}", stage.text());
        stage.press(&[Key::Esc, Key::Esc]);
        assert!(stage.text().starts_with(" Tools "), "{}", stage.text());
    }
}

#[test]
fn which_disk() {
    let mut stage = menu();
    stage.press(&[Key::Enter]);
    assert_snapshot!(stage.in_colour());
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
    stage.press(&[Key::Char('g')]);
    let once = [Command::Use(tool.clone())];
    assert_eq!(stage.press(&[Key::Enter; 70]), once, "a key that is held down");
    stage.tell(Message::Used(tool.clone(), Err("no such layout".to_owned())));
    stage.wait(60);
    assert!(stage.text().contains("This did not work: no such layout"), "{}", stage.text());
    assert_eq!(stage.press(&[Key::Enter]), once);
    stage.tell(Message::Used(tool, Ok("The keyboard is German now.".to_owned())));
    assert!(stage.text().contains("Logs and reports"), "back on the menu: {}", stage.text());
    assert_eq!(stage.state.shared.layout, Some(german));
    stage.press(&[Key::Enter]);
    assert_eq!(stage.press(&[Key::Enter]), once, "it is on the one that is loaded");
}

#[test]
fn the_size_of_letters() {
    let mut stage = menu();
    stage.press(&[Key::Char('s'), Key::Enter]);
    assert_snapshot!(stage.in_colour());
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
fn logs_are_copied_once_and_the_end_stays_until_a_key() {
    let mut stage = menu();
    let commands = stage.press(&[Key::Char('l'), Key::Enter, Key::Enter, Key::Enter, Key::Enter]);
    let [Command::Use(tool)] = &commands[..] else { panic!("{commands:?}") };
    assert!(stage.text().contains("Copying the logs ..."), "{}", stage.text());
    let words = "The logs are in the folder remetal-logs-20261124-021000 of \"Backups\". The drive \
                 can be taken out.";
    stage.tell(Message::Used(tool.clone(), Ok(words.to_owned())));
    stage.wait(600);
    assert!(stage.text().contains("can be taken out."), "{}", stage.text());
    stage.press(&[Key::Up]);
    assert!(!stage.text().contains("can be taken out."), "{}", stage.text());
    assert_eq!(stage.press(&[Key::Enter]), commands);
}

#[test]
fn a_disk_that_has_gone_is_not_taken_for_the_next_one() {
    for tool in ['d', 'l'] {
        let mut second = usb_drive();
        second.0 = disk("sde", "Ultra", "77AA", hardware::Bus::Usb, 2_000_398_934_016);
        second.1.places[0].device = "/dev/sde1".into();
        let mut stage = Stage::new(VGA, SCREEN).with(&[usb_drive(), second.clone()]);
        stage.press(&[Key::Char('t'), Key::Enter, Key::Char(tool), Key::Enter]);
        stage.attach(&[second]);
        assert_eq!(stage.press(&[Key::Enter]), []);
        assert!(stage.text().contains("has been taken out."), "{}", stage.text());
    }
}

#[test]
fn this_computer() {
    let mut stage = menu();
    stage.press(&[Key::Down; 4]);
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    assert!(stage.text().contains("Being looked up"), "{}", stage.text());
    stage.tell(Message::Facts(Box::new(facts())));
    assert_snapshot!(stage.text());
    stage.press(&[Key::Esc, Key::Down]);
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    assert!(stage.text().contains("busybox 1.37.0: GPL-2"), "{}", stage.text());
}
