//! What keys do.

use tui::console::Glyphs;
use tui::input::Key;
use tui::{Command, End, Message, Surroundings};

use crate::computer::{notebook, usb_drive};
use crate::stage::{ASCII, SCREEN, Stage, VGA};

fn stage() -> Stage {
    Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive()])
}

/// The line that the marked choice stands in.
fn marked(stage: &Stage) -> String {
    let text = stage.text();
    let line = text.lines().find(|line| line.contains("► ") && !line.contains("backups")).unwrap();
    let from = line.split("► ").nth(1).unwrap();
    from.split("  ").next().unwrap().trim().to_owned()
}

#[test]
fn all_keys_of_all_terminals_move() {
    let ways: [(&[u8], &str); 12] = [
        (b"", "Back up this computer"),
        (b"\x1b[C", "Restore this computer"),
        (b"\x1bOC", "Restore this computer"),
        (b"\t", "Restore this computer"),
        (b"\x1b[B", "Check a backup"),
        (b"\x1b[C\x1b[B", "Shut down"),
        (b"\x1b[C\x1b[B\x1b[A", "Restore this computer"),
        (b"\x1b[D", "Shut down"),
        (b"\x1b[Z", "Shut down"),
        (b"r", "Restore this computer"),
        (b"rR", "Restart"),
        (b"sb", "Back up this computer"),
    ];
    for (bytes, expected) in ways {
        let mut stage = stage();
        assert_eq!(stage.type_bytes(bytes), [], "{bytes:?}");
        assert_eq!(marked(&stage), expected, "{bytes:?}");
    }
}

#[test]
fn every_choice_leads_somewhere_and_back() {
    for (keys, title) in [
        (&[Key::Enter][..], "Back up"),
        (&[Key::Right, Key::Enter], "Restore"),
        (&[Key::Char('t'), Key::Enter], "Tools"),
        (&[Key::Char('s'), Key::Enter], "Shell"),
        (&[Key::Left, Key::Left, Key::Enter], "Restart"),
        (&[Key::Left, Key::Enter], "Shut down"),
        (&[Key::F(1)], "Help"),
    ] {
        let mut stage = stage();
        let home = stage.text();
        assert_eq!(stage.press(keys), []);
        let text = stage.text();
        assert!(text.trim_start().starts_with(title), "{text}");
        assert_ne!(text, home);
        stage.press(&[Key::Esc]);
        assert!(stage.text().starts_with(home.lines().next().unwrap()), "{}", stage.text());
    }
}

#[test]
fn the_computer_is_ended_only_on_purpose() {
    let shut_down = [Key::Left, Key::Enter];
    for keys in
        [&[Key::Enter][..], &[Key::Esc], &[Key::Right, Key::Left, Key::Enter], &[Key::Char('y')]]
    {
        let mut stage = stage();
        stage.press(&shut_down);
        assert_eq!(stage.press(keys), [], "{keys:?}");
    }
    let mut stage = stage();
    stage.press(&shut_down);
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), [Command::End(End::PowerOff, Vec::new())]);
    assert!(stage.text().contains("Shutting down ..."));
    stage.tell(Message::EndFailed(End::PowerOff, "no such program".to_owned()));
    assert!(stage.text().contains("This did not work: no such program"));
    stage.press(&[Key::Left, Key::Enter]);
    assert_eq!(
        stage.press(&[Key::Char('r'), Key::Enter]),
        [Command::End(End::Restart, Vec::new())]
    );
}

#[test]
fn work_on_another_screen_is_named_before_the_computer_is_ended() {
    let at_work = vec!["A backup is at work on another screen; it would be stopped.".to_owned()];
    let mut stage = stage();
    stage.press(&[Key::Left, Key::Enter, Key::Right]);
    assert_eq!(stage.press(&[Key::Enter]), [Command::End(End::PowerOff, Vec::new())]);
    stage.tell(Message::AtWorkElsewhere(End::PowerOff, at_work.clone()));
    let text = stage.text();
    assert!(text.contains("! A backup is at work on another screen"), "{text}");
    assert!(text.contains("► Go back") && !text.contains("Shutting down"), "{text}");
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), [], "nobody has read it yet");
    stage.wait(2);
    let mut other = Stage { state: stage.state.clone(), now: stage.now };
    assert_eq!(other.press(&[Key::Enter]), []);
    assert!(other.text().contains("Back up this computer"), "{}", other.text());
    let ended = stage.press(&[Key::Right, Key::Enter]);
    assert_eq!(ended, [Command::End(End::PowerOff, at_work)]);
}

#[test]
fn a_guest_neither_ends_nor_restarts_the_computer() {
    let mut stage = Stage::within(Surroundings::Guest, VGA, SCREEN).with(&[notebook()]);
    let text = stage.text();
    assert!(!text.contains("Shut down") && !text.contains("Restart ") && !text.contains("Shell"));
    assert_eq!(stage.press(&[Key::Left, Key::Enter]), [Command::Quit]);
    assert_eq!(stage.press(&[Key::Ctrl('c')]), [Command::Quit]);
    assert_eq!(self::stage().press(&[Key::Ctrl('c')]), [], "never in the recovery environment");
}

#[test]
fn on_a_serial_line_the_shell_opens_in_place() {
    let mut stage = Stage::within(Surroundings::Serial, VGA, ASCII).with(&[]);
    assert_eq!(stage.press(&[Key::Char('s'), Key::Enter]), [Command::Shell]);
}

#[test]
fn a_page_scrolls_no_further_than_its_end() {
    let mut stage = Stage::new((40, 12), SCREEN).with(&[notebook(), usb_drive()]);
    stage.press(&[Key::F(1)]);
    let top = stage.text();
    stage.press(&[Key::End]);
    let end = stage.text();
    assert!(end.contains("Ctrl+L draws"), "{end}");
    stage.press(&[Key::PageDown, Key::Down, Key::Char(' ')]);
    assert_eq!(stage.text(), end);
    stage.press(&[Key::PageUp; 40]);
    assert_eq!(stage.text(), top);
}

#[test]
fn the_terminal_may_turn_out_to_know_more() {
    let mut stage = Stage::new(VGA, ASCII).with(&[notebook()]);
    assert!(stage.text().is_ascii());
    stage.tell(Message::Glyphs(Glyphs::Drawn));
    stage.tell(Message::Resized(132, 43));
    assert!(stage.text().contains('█'));
    assert_eq!(stage.press(&[Key::Ctrl('l')]), [Command::Redraw]);
}
