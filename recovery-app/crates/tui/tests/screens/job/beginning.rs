//! Work that has moved no byte yet.

use tui::input::Key;
use tui::job::{AtTheEnd, News, Work};
use tui::{Command, Message, STALLED};

use super::{at_work, backup, format, restore, vga};
use crate::backup_steps::{says, says_not};

#[test]
fn work_that_gets_ready_tells_how_long_and_that_it_stands_still() {
    let mut stage = at_work(vga(), backup(AtTheEnd::Stay));
    says(&stage, "Getting ready ... Elapsed 0:00");
    stage.wait(STALLED.as_secs() - 1);
    says_not(&stage, "Nothing has moved");
    stage.wait(1);
    says(&stage, "Elapsed 1:00 ! Nothing has moved for 1:00. It waits for a disk or drive.");
    // With the next disk the silence begins anew.
    stage.tell(Message::News(News::Disk(0)));
    stage.wait(1);
    says_not(&stage, "Nothing has moved");
}

#[test]
fn a_stop_is_heard_before_anything_moves() {
    for (work, words) in [
        (backup(AtTheEnd::Stay), "! Stopping as soon as the disk has answered"),
        (restore(), "! Stopping as soon as the look at the disk has come to its end"),
        (format(), "! This comes to its end first"),
    ] {
        let is_backup = matches!(work, Work::BackUp(_));
        let mut stage = at_work(vga(), work);
        says(&stage, "Esc stop");
        if is_backup {
            stage.press(&[Key::Esc]);
            says(&stage, "it stays as it is. Nothing of it has been written yet.");
            stage.press(&[Key::Esc]);
        }
        assert_eq!(stage.press(&[Key::Esc, Key::Right, Key::Enter]), [Command::Stop]);
        says(&stage, words);
        says_not(&stage, "Esc stop");
    }
}
