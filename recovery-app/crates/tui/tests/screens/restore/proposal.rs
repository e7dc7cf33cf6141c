//! What is told of a plan, and of one that cannot be made.

use tui::input::Key;
use tui::job::{RestoreRequest, Trouble};
use tui::{Command, Message};

use super::{TO_TARGETS, disks, on_stage, propose, shows};
use crate::computer::restore_plan;
use crate::stage::{SCREEN, Stage, UEFI};

#[test]
fn a_plan_that_cannot_be_made_is_a_screen_of_its_own() {
    for help_is_open in [false, true] {
        let mut stage = on_stage(&disks());
        stage.press(&TO_TARGETS);
        let commands = stage.press(&[Key::Enter]);
        let [Command::PlanRestore(request)] = &commands[..] else { panic!("{commands:?}") };
        if help_is_open {
            stage.press(&[Key::F(1)]);
        }
        let trouble = Trouble::refused("The backup ends too early.");
        stage.tell(Message::RestorePlanned(request.clone(), Box::new(Err(trouble))));
        stage.wait(1);
        if help_is_open {
            stage.press(&[Key::Esc]);
        }
        shows(&stage, "This was not begun. What happened The backup ends too early.");
        stage.press(&[Key::Enter]);
        shows(&stage, "Choose the disk that gets the backup");
    }
}

#[test]
fn only_the_answer_to_its_own_question_counts() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_TARGETS);
    let commands = stage.press(&[Key::Enter]);
    let [Command::PlanRestore(request)] = &commands[..] else { panic!("{commands:?}") };
    let other = RestoreRequest { target: disks[3].0.clone(), ..(**request).clone() };
    let plan = restore_plan(&other, &disks);
    stage.tell(Message::RestorePlanned(Box::new(other), Box::new(Ok(plan.clone()))));
    shows(&stage, "Reading the backup's table of contents");
    stage.tell(Message::RestorePlanned(request.clone(), Box::new(Ok(plan))));
    shows(&stage, "This failed. What happened Remetal has a defect");
}

#[test]
fn a_refused_plan_has_no_way_on() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_TARGETS);
    propose(&mut stage, &disks, |plan| plan.refusals = vec!["The backup is damaged.".to_owned()]);
    shows(&stage, "! This cannot be done: - The backup is damaged.");
    assert!(!stage.text().contains("Go on"), "{}", stage.text());
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), []);
    shows(&stage, "Choose the disk that gets the backup");
}

#[test]
fn what_stays_is_not_told_as_lost() {
    let disks = disks();
    let mut stage = Stage::new(UEFI, SCREEN).with(&disks);
    stage.press(&TO_TARGETS);
    stage.press(&[Key::Home]);
    let debian = "Debian GNU/Linux 12, 31.0 GB used (partition 4, 100 GB)";
    let swap = "swap space (partition 5, 8.00 GB)";
    propose(&mut stage, &disks, |plan| {
        plan.before.push(plan.before[4].clone());
        plan.stays = vec![debian.to_owned(), swap.to_owned()];
    });
    shows(&stage, &format!("Stays on the disk as it is: - {debian} - {swap}"));
    let lost = "- Windows 11 Pro, 212 GB used - start-up files - swap space";
    shows(&stage, &format!("lost for ever: {lost} Stays"));
}
