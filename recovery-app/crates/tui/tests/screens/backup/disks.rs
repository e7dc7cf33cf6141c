//! Which disks, and which of their parts.

use hardware::Bus;
use tui::disks::PATIENCE;
use tui::input::Key;
use tui::job::{BackupRequest, Source};
use tui::{Command, Message};

use crate::backup_steps::{answer, asked, plain_request, says, says_not, stage, to, with};
use crate::computer::{backup_plan, disk, failing, fresh, notebook, usb_drive};
use crate::stage::{SCREEN, Stage, VGA};

const LEAVE_OUT: [Key; 1] = [Key::Char(' ')];

#[test]
fn several_disks_are_saved_in_the_order_of_the_computer() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), failing()]);
    stage.press(&to(1));
    stage.press(&[Key::End, Key::Char(' '), Key::Home, Key::Char(' ')]);
    says(&stage, "2 disks marked.");
    stage.press(&to(1));
    says(&stage, "disk 1 of 2");
    stage.press(&to(1));
    says(&stage, "disk 2 of 2");
    stage.press(&LEAVE_OUT);
    let commands = stage.press(&to(3));
    let request = asked(&commands);
    let sources = vec![
        Source { disk: notebook().0, partitions: None },
        Source { disk: failing().0, partitions: Some(vec![2]) },
    ];
    assert_eq!(request, BackupRequest { sources, ..plain_request() });
}

#[test]
fn a_mark_can_be_taken_back() {
    let mut stage = stage();
    stage.press(&to(1));
    stage.press(&[Key::End, Key::Char(' '), Key::Char(' '), Key::Home]);
    says_not(&stage, "marked.");
    assert_eq!(asked(&stage.press(&to(4))), plain_request());
}

#[test]
fn a_half_restored_disk_says_so() {
    let half = with(notebook(), |look| look.report.unfinished_restore = Some("b".to_owned()));
    let mut stage = Stage::new(VGA, SCREEN).with(&[half, usb_drive()]);
    stage.press(&to(1));
    says(&stage, "! A restore onto this disk was not finished: it holds a part of a backup only.");
}

#[test]
fn disks_that_cannot_be_saved_say_why() {
    let stick = with(usb_drive(), |look| look.is_boot_medium = true);
    let reader = (disk("sdh", "Card Reader", "7", Bus::Usb, 0), fresh().1);
    let mut stage = Stage::new(VGA, SCREEN).with(&[stick, reader]);
    stage.press(&to(1));
    says(&stage, "cannot be chosen: Remetal was started from it.");
    says(&stage, "cannot be chosen: there is no medium in it.");
    for key in [Key::Enter, Key::Char(' ')] {
        assert_eq!(stage.press(&[key]), []);
        says(&stage, "step 1 of 5");
        says(&stage, "! Elements 25A2 cannot be chosen: Remetal was started from it.");
    }
    stage.press(&[Key::Char('c'), Key::Enter]);
    says(&stage, "! Card Reader cannot be chosen");
}

#[test]
fn a_disk_that_does_not_answer_is_not_saved() {
    let mut stage = Stage::new(VGA, SCREEN);
    let commands = stage.tell(Message::Disks(Ok(vec![notebook().0].into())));
    let [Command::Look { ticket, .. }] = commands[..] else { panic!("{commands:?}") };
    assert_eq!(stage.press(&to(2)), []);
    says(&stage, "cannot be chosen: it is still being looked at.");
    stage.wait(PATIENCE.as_secs());
    assert_eq!(stage.press(&to(1)), []);
    says(&stage, "cannot be chosen: it does not answer.");
    stage.tell(Message::Looked { ticket, look: Box::new(notebook().1) });
    assert_eq!(stage.press(&to(1)), [Command::AskFacts]);
}

#[test]
fn the_built_in_disk_with_a_system_is_meant_first() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[usb_drive(), fresh(), notebook()]);
    stage.press(&to(1));
    assert!(stage.text().contains("► [ ] Samsung"), "{}", stage.text());
    let mut stage = Stage::new(VGA, SCREEN).with(&[usb_drive(), fresh()]);
    stage.press(&to(1));
    assert!(stage.text().contains("► [ ] CT1000"), "{}", stage.text());
    let mut stage = Stage::new(VGA, SCREEN).with(&[]);
    assert_eq!(stage.press(&to(3)), []);
    says(&stage, "Looking for disks ...");
    stage.wait(30);
    says(&stage, "No disk was found");
}

#[test]
fn the_arrow_stays_on_its_disk_while_others_come_and_go() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), failing()]);
    stage.press(&to(1));
    stage.press(&[Key::Down]);
    stage.attach(&[fresh(), notebook(), usb_drive(), failing()]);
    assert!(stage.text().contains("► [ ] TOSHIBA"), "{}", stage.text());
    stage.attach(&[fresh(), notebook()]);
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "A disk that was chosen has been taken out.");
    says(&stage, "step 1 of 5");
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    says(&stage, "Samsung SSD 970");
}

#[test]
fn a_marked_disk_that_is_taken_out_is_told_of() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), failing()]);
    stage.press(&to(1));
    stage.press(&[Key::Char(' '), Key::Down, Key::Char(' '), Key::Up]);
    stage.attach(&[notebook()]);
    says(&stage, "1 disk marked.");
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "has been taken out");
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    says(&stage, "step 2 of 5");
}

#[test]
fn parts_can_be_left_out_and_the_consequence_is_told() {
    let mut stage = stage();
    stage.press(&to(2));
    says_not(&stage, "Left out");
    stage.press(&[Key::Char('w'), Key::Char(' ')]);
    says(&stage, "Without it the computer does not start from a restored disk.");
    says(&stage, "stays as it is there (or is empty on a new disk).");
    stage.press(&[Key::End, Key::Char(' ')]);
    let request = asked(&stage.press(&to(3)));
    assert_eq!(request.sources[0].partitions, Some(vec![1, 2, 4]));
    answer(&mut stage, &request, Ok(backup_plan(&request)));
    says(&stage, "! Left out: Windows 11 Pro, 212 GB used. Without it the computer does not start");
    stage.press(&[Key::Esc; 3]);
    stage.press(&[Key::Char(' '), Key::Char('w'), Key::Char(' ')]);
    assert_eq!(asked(&stage.press(&to(3))), plain_request());
}

#[test]
fn what_was_left_out_stays_so_until_the_disk_was_looked_at_again() {
    let mut stage = stage();
    stage.press(&to(2));
    stage.press(&[Key::End, Key::Char(' ')]);
    stage.attach(&[usb_drive()]);
    let back = vec![notebook().0, usb_drive().0];
    let commands = stage.tell(Message::Disks(Ok(back.into())));
    let [Command::Look { ticket, .. }] = commands[..] else { panic!("{commands:?}") };
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "The disk is still being looked at. Wait a moment, then press Enter.");
    says(&stage, "step 2 of 5");
    stage.tell(Message::Looked { ticket, look: Box::new(notebook().1) });
    let request = asked(&stage.press(&to(3)));
    assert_eq!(request.sources[0].partitions, Some(vec![1, 2, 3, 4]));
}

#[test]
fn nothing_cannot_be_saved() {
    let mut stage = stage();
    stage.press(&to(2));
    for _ in 0..5 {
        stage.press(&[Key::Char(' '), Key::Down]);
    }
    assert_eq!(stage.press(&to(1)), []);
    says(&stage, "Nothing is left to be saved.");
    says(&stage, "step 2 of 5");
}

#[test]
fn a_disk_without_parts_is_saved_whole() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[fresh(), usb_drive()]);
    stage.press(&to(2));
    says(&stage, "step 3 of 5");
}
