//! What is seen on the way.

use insta::assert_snapshot;
use tui::console::Profile;
use tui::input::Key;
use tui::job::RestorePlan;
use tui::{Command, Message, Surroundings};

use super::{
    Disks, TO_BACKUPS, TO_TARGETS, at_proposal, disks, letters, on_stage, propose, with, without,
};
use crate::computer::{notebook, restore_plan, strange, usb_drive};
use crate::random::check_cells;
use crate::stage::{ASCII, FULL, SCREEN, SERIAL, Stage, UEFI, VGA};

/// Each screen of the flow, from a new start.
fn each_screen(size: (u16, u16), profile: Profile, disks: &Disks, seen: &mut dyn FnMut(&Stage)) {
    let mut stage = Stage::within(Surroundings::Serial, size, profile).with(disks);
    stage.press(&TO_BACKUPS);
    seen(&stage);
    stage.press(&[Key::F(1)]);
    seen(&stage);
    stage.press(&[Key::Esc, Key::Enter]);
    seen(&stage);
    stage.press(&[Key::F(1)]);
    seen(&stage);
    stage.press(&[Key::Esc, Key::Char('t')]);
    seen(&stage);
    let commands = stage.press(&[Key::Enter]);
    seen(&stage);
    let [Command::PlanRestore(request)] = &commands[..] else { panic!("{commands:?}") };
    let plan = RestorePlan {
        warnings: vec!["Windows was hibernated when the backup was made.".to_owned()],
        ..restore_plan(request, disks)
    };
    stage.tell(Message::RestorePlanned(request.clone(), Box::new(Ok(plan))));
    seen(&stage);
    for key in [Key::F(1), Key::Esc, Key::End, Key::Right, Key::Enter, Key::F(1), Key::Esc] {
        stage.press(&[key]);
        seen(&stage);
    }
    stage.press(&letters("0lgt"));
    seen(&stage);
}

#[test]
fn every_screen_is_drawn_with_glyphs_that_there_are() {
    for profile in [SCREEN, ASCII, FULL] {
        for size in [VGA, SERIAL, UEFI, (40, 12), (20, 5), (5, 3), (1, 1)] {
            let mut disks = disks();
            disks.push(strange());
            each_screen(size, profile, &disks, &mut check_cells);
        }
    }
}

#[test]
fn nothing_of_our_own_is_replaced_and_no_word_is_the_kernels() {
    each_screen(UEFI, FULL, &disks(), &mut |stage| {
        let text = stage.text();
        for word in ["sda", "sdb", "sdc", "nvme0n1", "image", "bitmap", "mount"] {
            assert!(!text.contains(word), "{word}\n{text}");
        }
        assert!(!text.contains('?'), "{text}");
    });
}

#[test]
fn backups_on_vga() {
    let disks = with(disks(), "sda", |_, look| look.places[0].backups[2].lost = 3);
    let mut stage = on_stage(&disks);
    stage.press(&TO_BACKUPS);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn backups_on_uefi() {
    let mut stage = Stage::new(UEFI, SCREEN).with(&disks());
    stage.press(&TO_BACKUPS);
    assert_snapshot!(stage.text());
}

#[test]
fn backups_to_check_in_ascii_on_a_serial_line() {
    let mut stage = Stage::within(Surroundings::Serial, SERIAL, ASCII).with(&disks());
    stage.press(&[Key::Char('c'), Key::Enter]);
    assert_snapshot!(stage.text());
}

#[test]
fn no_backups_on_vga() {
    let hidden = with(vec![notebook(), usb_drive()], "sda", |_, look| {
        look.places[0].problem = Some("It was not closed properly.".to_owned());
    });
    let mut stage = on_stage(&hidden);
    stage.press(&TO_BACKUPS);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn targets_on_vga() {
    let mut stage = on_stage(&disks());
    stage.press(&TO_TARGETS);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn targets_on_uefi() {
    let mut disks = disks();
    disks.push(strange());
    let mut stage = Stage::new(UEFI, SCREEN).with(&disks);
    stage.press(&TO_TARGETS);
    assert_snapshot!(stage.text());
}

#[test]
fn targets_in_ascii_on_a_serial_line() {
    let mut stage = Stage::within(Surroundings::Serial, SERIAL, ASCII).with(&disks());
    stage.press(&TO_TARGETS);
    assert_snapshot!(stage.text());
}

#[test]
fn targets_without_the_backup_on_vga() {
    let mut stage = on_stage(&disks());
    stage.press(&TO_TARGETS);
    stage.attach(&without(&disks(), "sda"));
    assert_snapshot!(stage.text());
}

/// A proposal to overwrite the failing disk, with something to warn of.
fn grave_proposal(size: (u16, u16), profile: Profile) -> Stage {
    let disks = disks();
    let mut stage = Stage::within(Surroundings::Serial, size, profile).with(&disks);
    stage.press(&TO_TARGETS);
    stage.press(&[Key::Char('t')]);
    propose(&mut stage, &disks, |plan| {
        plan.warnings = vec!["Windows was hibernated when the backup was made.".to_owned()];
    });
    stage
}

#[test]
fn proposal_on_vga() {
    let (stage, _) = at_proposal(&disks());
    assert_snapshot!(stage.in_colour());
}

#[test]
fn proposal_with_losses_on_vga() {
    assert_snapshot!(grave_proposal(VGA, SCREEN).in_colour());
}

#[test]
fn proposal_with_losses_read_to_its_end_on_vga() {
    let mut stage = grave_proposal(VGA, SCREEN);
    stage.press(&[Key::End, Key::Right]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn proposal_on_uefi() {
    assert_snapshot!(grave_proposal(UEFI, SCREEN).text());
}

#[test]
fn proposal_in_ascii_on_a_serial_line() {
    assert_snapshot!(grave_proposal(SERIAL, ASCII).text());
}

#[test]
fn proposal_without_its_disk_on_vga() {
    let disks = disks();
    let (mut stage, _) = at_proposal(&disks);
    stage.attach(&without(&disks, "sdb"));
    assert_snapshot!(stage.text());
}

#[test]
fn a_refused_proposal_on_vga() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_TARGETS);
    let refusal = "The backup is damaged: one of its files is shorter than it was.".to_owned();
    propose(&mut stage, &disks, |plan| plan.refusals = vec![refusal]);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn the_last_question_on_vga() {
    let mut stage = grave_proposal(VGA, SCREEN);
    stage.press(&[Key::Right, Key::Enter]);
    stage.press(&letters("0lgt"));
    assert_snapshot!(stage.in_colour());
}

#[test]
fn the_last_question_answered_wrongly_on_vga() {
    let mut stage = grave_proposal(VGA, SCREEN);
    stage.press(&[Key::Right, Key::Enter, Key::Char('y'), Key::Enter]);
    assert_snapshot!(stage.text());
}

#[test]
fn the_last_question_on_uefi() {
    let mut stage = grave_proposal(UEFI, SCREEN);
    stage.press(&[Key::Right, Key::Enter]);
    assert_snapshot!(stage.text());
}

#[test]
fn the_last_question_in_ascii_on_a_serial_line() {
    let mut stage = grave_proposal(SERIAL, ASCII);
    stage.press(&[Key::Right, Key::Enter]);
    assert_snapshot!(stage.text());
}
