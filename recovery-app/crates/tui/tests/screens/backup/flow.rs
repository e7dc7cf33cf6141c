//! All of it, back and forth.

use std::time::Duration;

use tui::input::Key;
use tui::job::{Ending, Trouble, Work};
use tui::{Command, Message};

use crate::backup_steps::{answer, asked, facts, plain_request, says, stage, to, typed};
use crate::computer::{backup_plan, failing, fresh, notebook, usb_drive};
use crate::random::check_cells;
use crate::stage::{ASCII, FULL, SCREEN, Stage, VGA};

#[test]
fn enter_alone_saves_the_computer() {
    let mut stage = stage();
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "step 1 of 5");
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    assert_eq!(stage.tell(Message::Facts(Box::new(facts()))), []);
    for step in ["step 2 of 5", "step 3 of 5", "step 4 of 5"] {
        says(&stage, step);
        let commands = stage.press(&[Key::Enter]);
        if step == "step 4 of 5" {
            assert_eq!(commands, [Command::PlanBackup(Box::new(plain_request()))]);
        } else {
            assert_eq!(commands, []);
        }
    }
    says(&stage, "Looking at the disks and the drive");
    assert_eq!(stage.press(&[Key::Enter]), [], "nothing begins before it is known");
    answer(&mut stage, &plain_request(), Ok(backup_plan(&plain_request())));
    says(&stage, "At least 98.0 GB, at most 243 GB; 1.30 TB are free.");
    says(&stage, "About 50 minutes");
    let begun = Command::Begin(Work::BackUp(Box::new(plain_request())));
    assert_eq!(stage.press(&[Key::Enter]), [begun]);
    assert!(stage.state.shared.running.is_some());
}

/// Ten times a second, through all pages: only a key that is pressed anew begins.
#[test]
fn a_key_that_is_held_down_begins_nothing() {
    let mut stage = stage();
    let request = asked(&stage.press(&to(5)));
    let hold = |stage: &mut Stage| {
        for _ in 0..50 {
            stage.now += Duration::from_millis(100);
            stage.tell(Message::Tick(stage.now));
            assert_eq!(stage.press(&[Key::Enter]), []);
        }
    };
    hold(&mut stage);
    let plan = backup_plan(&request);
    let message = Message::BackupPlanned(Box::new(request.clone()), Box::new(Ok(plan)));
    assert_eq!(stage.tell(message), []);
    hold(&mut stage);
    says(&stage, "Begin the backup");
    stage.wait(1);
    let begun = Command::Begin(Work::BackUp(Box::new(request)));
    assert_eq!(stage.press(&[Key::Enter]), [begun]);
    let stopped = Trouble { end: Ending::Stopped, ..Trouble::refused("It was stopped.") };
    stage.tell(Message::Ended(Box::new(Err(stopped))));
    hold(&mut stage);
    says(&stage, "Stopped, as you asked.");
    stage.wait(1);
    stage.press(&[Key::Enter]);
    says(&stage, "Back up this computer");
}

#[test]
fn facts_are_asked_for_once() {
    let mut stage = stage();
    stage.tell(Message::Facts(Box::new(facts())));
    assert_eq!(stage.press(&to(2)), []);
}

#[test]
fn esc_goes_back_step_by_step_with_choices_kept() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), failing()]);
    let home = stage.text();
    stage.press(&to(1));
    stage.press(&[Key::End, Key::Char(' ')]);
    let mut pictures = vec![stage.text()];
    stage.press(&to(1));
    stage.press(&[Key::Char(' '), Key::Down]);
    pictures.push(stage.text());
    stage.press(&to(1));
    pictures.push(stage.text());
    stage.press(&to(1));
    stage.press(&typed("-x"));
    stage.press(&[Key::Down, Key::Right]);
    pictures.push(stage.text());
    stage.press(&to(1));
    // The disks are still being looked at.
    let mut leaves = vec![Command::ForgetPlan];
    while let Some(picture) = pictures.pop() {
        assert_eq!(stage.press(&[Key::Esc]), std::mem::take(&mut leaves));
        assert_eq!(stage.text(), picture);
    }
    stage.press(&[Key::Esc]);
    assert_eq!(stage.text(), home);
}

#[test]
fn every_step_is_drawn_at_every_size() {
    for profile in [SCREEN, ASCII, FULL] {
        for size in [(80, 24), (160, 50), (40, 12), (20, 5), (1, 1), (3, 3), (200, 2)] {
            let mut stage =
                Stage::new(size, profile).with(&[notebook(), failing(), usb_drive(), fresh()]);
            for step in 0..5 {
                check_cells(&stage);
                stage.press(&[Key::Down]);
                check_cells(&stage);
                stage.press(&[Key::Up]);
                stage.press(&[Key::F(1)]);
                check_cells(&stage);
                stage.press(&[Key::Esc]);
                let commands = stage.press(&[Key::Enter]);
                if step == 4 {
                    let request = asked(&commands);
                    answer(&mut stage, &request, Ok(backup_plan(&request)));
                }
            }
            check_cells(&stage);
            stage.press(&[Key::End]);
            check_cells(&stage);
        }
    }
}
