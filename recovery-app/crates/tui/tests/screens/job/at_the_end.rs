//! What follows a backup: the computer is shut down, or stays on.

use tui::input::Key;
use tui::job::{AtTheEnd, BackupDone, Done, Trouble};
use tui::{Command, End, Message, Surroundings};

use super::{at_work, backed_up, backup, ended, vga, with_losses};
use crate::computer::notebook;
use crate::stage::{SCREEN, Stage, UEFI, VGA};

#[test]
fn the_computer_is_switched_off_after_a_good_backup_only() {
    let good = || Box::new(Ok(Done::BackUp(vec![backed_up()])));
    let off = [Command::End(End::PowerOff, Vec::new())];
    let mut stage = at_work(vga(), backup(AtTheEnd::PowerOff));
    assert!(stage.tell(Message::Ended(good())).ends_with(&off));
    // Work on another screen is not cut off unasked.
    let others = vec!["On another screen a restore is at work.".to_owned()];
    assert_eq!(stage.tell(Message::AtWorkElsewhere(End::PowerOff, others)), []);
    assert!(stage.text().contains("! On another screen a restore is at work."));
    let mut stage = at_work(vga(), backup(AtTheEnd::PowerOff));
    let failed = stage.tell(Message::Ended(Box::new(Err(Trouble::defect("no")))));
    assert!(!failed.ends_with(&off));
    let drive_trouble = Some("The drive could not be closed in order.".to_owned());
    for half in [
        with_losses(),
        BackupDone { verified: false, ..backed_up() },
        BackupDone { drive_trouble, ..backed_up() },
    ] {
        let mut stage = at_work(vga(), backup(AtTheEnd::PowerOff));
        let done = Done::BackUp(vec![backed_up(), half]);
        assert!(!stage.tell(Message::Ended(Box::new(Ok(done)))).ends_with(&off));
        stage.wait(2);
        stage.press(&[Key::End]);
        assert!(stage.text().contains("The computer stays on"), "{}", stage.text());
    }
    let guest = Stage::within(Surroundings::Guest, VGA, SCREEN).with(&[notebook()]);
    let mut stage = at_work(guest, backup(AtTheEnd::PowerOff));
    assert!(!stage.tell(Message::Ended(good())).ends_with(&off));
}

#[test]
fn a_good_end_is_the_end_of_the_notice_of_an_earlier_one() {
    let notice = Some("Remetal was started again.".to_owned());
    let mut stage = at_work(vga(), backup(AtTheEnd::Stay));
    stage.state.shared.notice.clone_from(&notice);
    stage.tell(Message::Ended(Box::new(Err(Trouble::defect("no")))));
    assert_eq!(stage.state.shared.notice, notice);
    let mut stage = at_work(stage, backup(AtTheEnd::Stay));
    stage.tell(Message::Ended(Box::new(Ok(Done::BackUp(vec![backed_up()])))));
    assert_eq!(stage.state.shared.notice, None);
}

#[test]
fn a_drive_that_could_not_be_closed_is_told_of() {
    let words = "The drive could not be closed in order: shut down before it is unplugged.";
    let done = BackupDone { drive_trouble: Some(words.to_owned()), ..backed_up() };
    let (mut stage, _) = ended(Ok(Done::BackUp(vec![done.clone(), done])));
    stage.state.shared.size = UEFI;
    assert_eq!(stage.text().matches(words).count(), 1, "{}", stage.text());
}
