//! What is seen of work on every kind of screen.

use engine::{Bottleneck, Phase};
use insta::assert_snapshot;
use tui::console::Profile;
use tui::input::Key;
use tui::job::{AtTheEnd, Done, FormatDone, NewFilesystem, News, Work};
use tui::{Message, STALLED, Surroundings};

use super::{
    at_work, backed_up, backup, busy, damaged, format, pulled_drive, restore, restored, with_losses,
};
use crate::computer::{failing, fresh, notebook, strange, usb_drive};
use crate::random::check_cells;
use crate::stage::{ASCII, FULL, SCREEN, SERIAL, Stage, UEFI, VGA};

fn on(size: (u16, u16), profile: Profile) -> Stage {
    let disks = [notebook(), usb_drive(), fresh(), failing()];
    Stage::within(Surroundings::Serial, size, profile).with(&disks)
}

/// Each screen while a job goes on, until it is stopped.
fn each_screen_of(work: Work, stage: Stage, seen: &mut dyn FnMut(&Stage)) {
    let mut stage = at_work(stage, work);
    seen(&stage);
    for phase in [Phase::Check, Phase::Capture, Phase::Verify, Phase::Restore, Phase::Compare] {
        stage = busy(stage, phase, Bottleneck::Source);
        seen(&stage);
    }
    stage.tell(Message::News(News::Note("The old table was saved.".to_owned())));
    seen(&stage);
    stage.wait(STALLED.as_secs());
    seen(&stage);
    for key in [Key::F(1), Key::Esc, Key::Esc, Key::F(1), Key::Esc, Key::Right, Key::Enter] {
        stage.press(&[key]);
        seen(&stage);
    }
}

/// Each screen of how a job can end.
fn each_end(on: impl Fn() -> Stage, seen: &mut dyn FnMut(&Stage)) {
    let ready = FormatDone { disk: fresh().0, filesystem: NewFilesystem::Ext4 };
    for end in [
        Ok(Done::BackUp(vec![backed_up()])),
        Ok(Done::BackUp(vec![backed_up(), with_losses()])),
        Ok(Done::Restore(restored())),
        Ok(damaged()),
        Ok(Done::Format(ready)),
        Err(pulled_drive()),
    ] {
        let mut stage = at_work(on(), backup(AtTheEnd::Stay));
        stage.tell(Message::Ended(Box::new(end)));
        seen(&stage);
        stage.wait(2);
        for key in [Key::Char('d'), Key::PageDown, Key::F(1), Key::Esc, Key::Char('s'), Key::Esc] {
            stage.press(&[key]);
            seen(&stage);
        }
    }
}

#[test]
fn every_screen_is_drawn_with_glyphs_that_there_are() {
    for profile in [SCREEN, ASCII, FULL] {
        for size in [VGA, SERIAL, UEFI, (40, 12), (20, 5), (5, 3), (1, 1)] {
            for work in [backup(AtTheEnd::PowerOff), restore(), format()] {
                each_screen_of(work, on(size, profile), &mut check_cells);
            }
            each_end(|| on(size, profile), &mut check_cells);
        }
    }
}

#[test]
fn nothing_of_our_own_is_replaced() {
    for profile in [SCREEN, FULL] {
        for work in [backup(AtTheEnd::PowerOff), restore(), format()] {
            each_screen_of(work, on(UEFI, profile), &mut Stage::assert_nothing_was_replaced);
        }
        each_end(|| on(UEFI, profile), &mut Stage::assert_nothing_was_replaced);
    }
}

#[test]
fn a_name_that_cannot_be_drawn_is_drawn_all_the_same() {
    let stick = FormatDone { disk: strange().0, filesystem: NewFilesystem::ExFat };
    let mut stage = at_work(on(VGA, SCREEN), format());
    stage.tell(Message::News(News::Note("The label '\u{3a9}mega \u{65e5}' stays.".to_owned())));
    check_cells(&stage);
    assert!(stage.text().contains("mega"), "{}", stage.text());
    stage.tell(Message::Ended(Box::new(Ok(Done::Format(stick)))));
    check_cells(&stage);
    assert!(stage.text().contains("Flash"), "{}", stage.text());
}

#[test]
fn a_backup_goes_on_elsewhere() {
    for (name, size, profile) in [
        ("a_backup_goes_on_on_uefi", UEFI, SCREEN),
        ("a_backup_goes_on_over_a_serial_line", SERIAL, ASCII),
    ] {
        let stage = at_work(on(size, profile), backup(AtTheEnd::Stay));
        assert_snapshot!(name, busy(stage, Phase::Verify, Bottleneck::Destination).text());
    }
}

#[test]
fn a_restore_goes_on_on_vga() {
    let stage = at_work(Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive()]), restore());
    assert_snapshot!(busy(stage, Phase::Restore, Bottleneck::Backup).in_colour());
}

#[test]
fn ends_elsewhere() {
    for (name, end) in [
        ("a_good_backup", Ok(Done::BackUp(vec![backed_up()]))),
        ("a_disk_that_was_restored", Ok(Done::Restore(restored()))),
        ("a_damaged_backup", Ok(damaged())),
        ("trouble", Err(pulled_drive())),
    ] {
        for (place, size, profile) in
            [("on_uefi", UEFI, SCREEN), ("over_a_serial_line", SERIAL, ASCII)]
        {
            let mut stage = at_work(on(size, profile), backup(AtTheEnd::Stay));
            stage.tell(Message::Ended(Box::new(end.clone())));
            assert_snapshot!(format!("{name}_{place}"), stage.text());
        }
    }
}

#[test]
fn a_drive_that_is_ready_on_vga() {
    let mut stage = at_work(on(VGA, SCREEN), format());
    let done = FormatDone { disk: fresh().0, filesystem: NewFilesystem::ExFat };
    stage.tell(Message::Ended(Box::new(Ok(Done::Format(done)))));
    assert_snapshot!(stage.in_colour());
}
