//! Backups of several disks.

use engine::{Bottleneck, Phase};
use tui::Message;
use tui::input::Key;
use tui::job::{AtTheEnd, News, Source, Work};

use super::{at_work, backup, busy, vga};
use crate::backup_steps::{says, says_not};
use crate::computer::fresh;

#[test]
fn the_question_before_a_stop_is_about_the_disk_that_is_being_saved() {
    let Work::BackUp(mut request) = backup(AtTheEnd::Stay) else { panic!("no backup") };
    request.sources.push(Source { disk: fresh().0, partitions: None });
    let stage = at_work(vga(), Work::BackUp(request));
    says(&stage, "(1 of 2) as 'notebook-1'");
    let mut stage = busy(stage, Phase::Capture, Bottleneck::Source);
    stage.press(&[Key::Esc]);
    says(&stage, "'notebook-1.partial' and can be deleted.");
    says_not(&stage, "before it");
    stage.press(&[Key::Esc]);
    stage.tell(Message::News(News::Disk(1)));
    stage.press(&[Key::Esc]);
    says(&stage, "Nothing of it has been written yet. The disk before it is saved.");
    stage.press(&[Key::Esc]);
    let mut stage = busy(stage, Phase::Capture, Bottleneck::Source);
    says(&stage, "(2 of 2) as 'notebook-2'");
    stage.press(&[Key::Esc]);
    says(&stage, "'notebook-2.partial' and can be deleted. The disk before it is saved.");
}
