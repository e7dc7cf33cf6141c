//! How.

use tui::input::Key;
use tui::job::{AtTheEnd, BackupRequest, Compression, Work};
use tui::tool::Tool;
use tui::{Command, Message, Surroundings};

use crate::backup_steps::{answer, asked, plain_request, says, says_not, stage, to, typed, with};
use crate::computer::{backup_plan, notebook, usb_drive};
use crate::stage::{SCREEN, Stage, VGA};

#[test]
fn the_keyboard_layout_is_asked_before_the_name() {
    let mut stage = stage();
    stage.state.shared.layout = None;
    stage.press(&to(4));
    says(&stage, "Keyboard");
    let commands = stage.press(&to(1));
    let [Command::Use(Tool::Keyboard(layout))] = commands[..] else { panic!("{commands:?}") };
    stage.tell(Message::Used(Tool::Keyboard(layout), Ok("Set.".to_owned())));
    says(&stage, "step 4 of 5");
}

#[test]
fn options_are_changed_by_arrows_and_letters() {
    let mut stage = stage();
    stage.press(&to(4));
    stage.press(&[Key::Ctrl('u')]);
    stage.press(&typed("before the exam"));
    stage.press(&[Key::Down, Key::Left, Key::Down, Key::Char(' ')]);
    says(&stage, "! Then nobody knows whether the drive kept what was written to it.");
    stage.press(&[Key::Char('a'), Key::Right]);
    let expected = BackupRequest {
        name: "before the exam".to_owned(),
        compression: Compression::Small,
        verify: false,
        at_the_end: AtTheEnd::PowerOff,
        ..plain_request()
    };
    assert_eq!(asked(&stage.press(&to(1))), expected);
    answer(&mut stage, &expected, Ok(backup_plan(&expected)));
    says(&stage, "The backup is not read back at the end");
    let begun = Command::Begin(Work::BackUp(Box::new(expected)));
    assert_eq!(stage.press(&to(1)), [begun]);
    assert!(stage.state.shared.running.as_ref().unwrap().powers_off());
}

#[test]
fn names_that_cannot_be_are_refused_at_once() {
    let mut stage = stage();
    stage.press(&to(4));
    for (name, words) in [
        ("", "The backup needs a name."),
        ("a/b", "A name cannot have / in it."),
        (".a", "A name cannot begin with a dot."),
        ("a.partial", "Names that end in .partial"),
        ("Notebook-3", "There is a backup of this name on the drive already."),
    ] {
        stage.press(&[Key::Char('n'), Key::Ctrl('u')]);
        stage.press(&typed(name));
        says(&stage, &format!("! {words}"));
        stage.press(&[Key::Down]);
        assert_eq!(stage.press(&[Key::Enter]), [], "{name}");
        says(&stage, "step 4 of 5");
    }
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let taken = with(usb_drive(), |look| {
        look.places[0].backups[0].name = "samsung-ssd-970-evo-plus-500gb".to_owned();
    });
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), taken]);
    let request = asked(&stage.press(&to(5)));
    assert_eq!(request.name, "Samsung-SSD-970-EVO-Plus-500GB-2");
}

#[test]
fn a_guest_does_not_end_the_computer() {
    let mut stage =
        Stage::within(Surroundings::Guest, VGA, SCREEN).with(&[notebook(), usb_drive()]);
    stage.press(&to(4));
    says_not(&stage, "( ) Shut down");
    stage.press(&[Key::BackTab, Key::Right]);
    let request = asked(&stage.press(&to(1)));
    assert_eq!(request, BackupRequest { verify: false, ..plain_request() });
}

#[test]
fn a_narrow_screen_has_the_whole_field_and_the_way_back() {
    let mut stage = Stage::new((40, 25), SCREEN).with(&[notebook(), usb_drive()]);
    stage.press(&to(4));
    says(&stage, "_]");
    says(&stage, "Esc back F1 help");
    let request = asked(&stage.press(&to(1)));
    answer(&mut stage, &request, Ok(backup_plan(&request)));
    says(&stage, "Esc back F1 help");
}
