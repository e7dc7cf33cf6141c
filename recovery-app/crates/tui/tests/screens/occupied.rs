//! Disks that a job on another screen has to itself.

use hardware::Disk;
use tui::disks::PATIENCE;
use tui::input::Key;
use tui::{Command, DiskList, Look, Message, Occupation};

use crate::backup_steps::{says, says_not, to};
use crate::computer::{fresh, notebook, usb_drive};
use crate::stage::{SCREEN, Stage, UEFI};

type Disks = [(Disk, Look)];

fn computer() -> Vec<(Disk, Look)> {
    vec![notebook(), usb_drive(), fresh()]
}

/// A backup of the notebook begins on another screen: its disk is protected from writing.
fn another_screen_saves(disks: &Disks) -> Message {
    let mut seen: Vec<Disk> = disks.iter().map(|(disk, _)| disk.clone()).collect();
    seen[0].read_only = true;
    let [source, drive] = [0, 1].map(|place| seen[place].name.clone());
    let occupied = [(source, Occupation::Saved), (drive, Occupation::Written)].into();
    Message::Disks(Ok(DiskList { disks: seen, touched: Vec::new(), occupied }))
}

fn occupied() -> Stage {
    let mut stage = Stage::new(UEFI, SCREEN).with(&computer());
    assert_eq!(stage.tell(another_screen_saves(&computer())), [], "they are not looked at");
    stage.wait(2 * PATIENCE.as_secs());
    stage
}

#[test]
fn its_card_says_so_and_keeps_what_is_known() {
    let stage = occupied();
    says(&stage, "! It is being saved on another screen.");
    says(&stage, "Windows 11 Pro");
    says(&stage, "! It is being written to on another screen.");
    says(&stage, "backups: 3");
    says_not(&stage, "ot answering");
}

#[test]
fn one_that_was_never_looked_at_says_so_as_well() {
    for size in [UEFI, (80, 12)] {
        let mut stage = Stage::new(size, SCREEN);
        let commands = stage.tell(another_screen_saves(&computer()));
        assert!(matches!(commands[..], [Command::Look { .. }]), "only the third one is free");
        stage.wait(PATIENCE.as_secs());
        says(&stage, "is being saved on another screen");
    }
}

#[test]
fn a_look_that_the_job_came_in_the_way_of_is_made_again_afterwards() {
    let (disk, look) = usb_drive();
    let mut stage = Stage::new(UEFI, SCREEN).with(&[(disk.clone(), look)]);
    let touched = || vec![disk.name.clone()];
    let list = DiskList { disks: vec![disk.clone()], touched: touched(), ..DiskList::default() };
    let commands = stage.tell(Message::Disks(Ok(list.clone())));
    let [Command::Look { ticket, .. }] = commands[..] else { panic!("{commands:?}") };
    let occupied = [(disk.name.clone(), Occupation::Written)].into();
    stage.tell(Message::Disks(Ok(DiskList { occupied, ..list })));
    let answer = Message::Looked { ticket, look: Box::default() };
    assert_eq!(stage.tell(answer), [], "not as long as the job goes on");
    says(&stage, "backups: 3");
    let commands = stage.tell(Message::Disks(Ok(vec![disk].into())));
    assert!(matches!(commands[..], [Command::Look { .. }]), "{commands:?}");
}

#[test]
fn it_can_neither_be_saved_nor_take_a_backup() {
    let mut stage = occupied();
    stage.press(&to(1));
    says(&stage, "cannot be chosen: it is being saved on another screen.");
    says(&stage, "cannot be chosen: it is being written to on another screen.");
    says_not(&stage, "failing");
    let mut stage = Stage::new(UEFI, SCREEN).with(&computer());
    stage.press(&to(3));
    says(&stage, "Erase this drive");
    stage.tell(another_screen_saves(&computer()));
    says_not(&stage, "Erase this drive");
    says(&stage, "cannot be chosen: it is being written to on another screen.");
    says(
        &stage,
        "is being saved on another screen. Wait until that has ended, or go back with Esc.",
    );
    stage.press(&[Key::Enter]);
    says(&stage, "step 3 of 5");
}

#[test]
fn it_can_neither_be_restored_from_nor_be_overwritten() {
    let mut stage = occupied();
    stage.press(&[Key::Char('r'), Key::Enter]);
    says(&stage, "cannot be chosen: its drive is being written to on another screen");
    let mut stage = Stage::new(UEFI, SCREEN).with(&computer());
    stage.press(&[Key::Char('r'), Key::Enter, Key::Enter]);
    stage.tell(another_screen_saves(&computer()));
    says(&stage, "cannot be chosen: it is being saved on another screen");
    says_not(&stage, "write-protected");
}

#[test]
fn the_last_question_is_not_answered_any_more() {
    let mut stage = Stage::new(UEFI, SCREEN).with(&computer());
    stage.press(&to(3));
    let drive = usb_drive().0;
    let erase = [Key::End, Key::Enter, Key::Enter];
    stage.press(&erase);
    says(&stage, "Everything on this disk is about to be overwritten");
    let word: Vec<Key> = drive.confirmation_word().chars().map(Key::Char).collect();
    stage.press(&word);
    says(&stage, "Enter begins.");
    stage.tell(another_screen_saves(&computer()));
    says(&stage, "The disk is being written to on another screen.");
    assert_eq!(stage.press(&[Key::Enter]), []);
}
