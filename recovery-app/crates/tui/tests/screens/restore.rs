//! Putting a backup back, and checking one.

mod backups;
mod choosing;
mod doubles;
mod hot_plug;
mod pictures;
mod proposal;

use hardware::Disk;
use tui::input::Key;
use tui::job::{RestorePlan, RestoreRequest, Work};
use tui::{Command, Look, Message};

use crate::computer::{failing, fresh, notebook, restore_plan, usb_drive};
use crate::stage::{SCREEN, Stage, VGA};

type Disks = Vec<(Disk, Look)>;

/// A computer with its old disk, a new one, a failing one, and a drive with three backups.
fn disks() -> Disks {
    let mut drive = usb_drive();
    let tails = ["NVMe, ...123A", "NVMe, ...123A", "SATA, ...0LGT"];
    for (entry, tail) in drive.1.places[0].backups.iter_mut().zip(tails) {
        entry.source = format!("{}, {tail}", entry.source);
    }
    vec![notebook(), drive, fresh(), failing()]
}

/// The disks, one of them changed.
fn with(mut disks: Disks, name: &str, change: impl FnOnce(&mut Disk, &mut Look)) -> Disks {
    let (disk, look) = disks.iter_mut().find(|(disk, _)| disk.name == name).unwrap();
    change(disk, look);
    disks
}

fn without(disks: &Disks, name: &str) -> Disks {
    disks.iter().filter(|(disk, _)| disk.name != name).cloned().collect()
}

fn on_stage(disks: &Disks) -> Stage {
    Stage::new(VGA, SCREEN).with(disks)
}

fn letters(word: &str) -> Vec<Key> {
    word.chars().map(Key::Char).collect()
}

/// From the home screen to the backups.
const TO_BACKUPS: [Key; 2] = [Key::Char('r'), Key::Enter];
/// On to the disks, for the newest backup.
const TO_TARGETS: [Key; 3] = [Key::Char('r'), Key::Enter, Key::Enter];

/// From the disks to the proposal for the one that is marked, its plan changed by `change`.
fn propose(stage: &mut Stage, disks: &Disks, change: impl FnOnce(&mut RestorePlan)) -> RestorePlan {
    let commands = stage.press(&[Key::Enter]);
    let [Command::PlanRestore(request)] = &commands[..] else { panic!("{}", stage.text()) };
    let mut plan = restore_plan(request, disks);
    change(&mut plan);
    stage.tell(Message::RestorePlanned(request.clone(), Box::new(Ok(plan.clone()))));
    plan
}

/// At the proposal to put the newest backup onto the fresh disk.
fn at_proposal(disks: &Disks) -> (Stage, RestorePlan) {
    let mut stage = on_stage(disks);
    stage.press(&TO_TARGETS);
    let plan = propose(&mut stage, disks, |_| ());
    (stage, plan)
}

/// At the last question of the same restore.
fn at_confirm(disks: &Disks) -> (Stage, RestorePlan) {
    let (mut stage, plan) = at_proposal(disks);
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), []);
    assert!(stage.text().contains("the last question"), "{}", stage.text());
    (stage, plan)
}

fn shows(stage: &Stage, words: &str) {
    let flat = stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "{words}\n{}", stage.text());
}

#[test]
fn the_whole_way_ends_in_exactly_this_restore() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    assert_eq!(stage.press(&TO_TARGETS), []);
    let request = RestoreRequest {
        backup: disks[1].1.places[0].backups[0].id.clone(),
        target: disks[2].0.clone(),
        compare: true,
    };
    let asked = stage.press(&[Key::Enter]);
    assert_eq!(asked, [Command::PlanRestore(Box::new(request.clone()))]);
    shows(&stage, "Reading the backup's table of contents");
    assert_eq!(stage.press(&[Key::Enter, Key::Right, Key::Enter]), [], "nothing is known yet");
    let plan = restore_plan(&request, &disks);
    stage.tell(Message::RestorePlanned(Box::new(request), Box::new(Ok(plan.clone()))));
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), []);
    assert_eq!(stage.press(&letters("0b7c")), []);
    let expected = Work::Restore(Box::new(plan.confirm("0b7c").unwrap()));
    assert_eq!(stage.press(&[Key::Enter]), [Command::Begin(expected)]);
}

#[test]
fn another_backup_and_another_disk_without_reading_back() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_BACKUPS);
    stage.press(&[Key::Char('o'), Key::Enter]);
    shows(&stage, "gets the backup old-computer, made 2025-12-30 17:11");
    stage.press(&[Key::Char('t')]);
    let mut plan = propose(&mut stage, &disks, |_| ());
    assert!(stage.text().contains("[x] read everything back"), "{}", stage.text());
    stage.press(&[Key::Char('r')]);
    assert!(stage.text().contains("[ ] read everything back"), "{}", stage.text());
    stage.press(&[Key::Char(' '), Key::Char('R'), Key::Tab, Key::Enter]);
    stage.press(&letters("0LgT"));
    plan.request.compare = false;
    let expected = Work::Restore(Box::new(plan.confirm("0LgT").unwrap()));
    assert_eq!(stage.press(&[Key::Enter]), [Command::Begin(expected)]);
}

#[test]
fn a_proposal_goes_back_unless_the_person_moves() {
    let disks = disks();
    let (mut stage, _) = at_proposal(&disks);
    assert_eq!(stage.press(&[Key::Enter]), []);
    shows(&stage, "Choose the disk that gets the backup notebook-3");
    let (mut stage, _) = at_proposal(&disks);
    stage.press(&[Key::Right, Key::Left, Key::Enter]);
    shows(&stage, "Choose the disk that gets the backup notebook-3");
}

#[test]
fn going_back_keeps_what_was_chosen() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_BACKUPS);
    stage.press(&[Key::Down, Key::Enter]);
    stage.press(&[Key::Char('t')]);
    let targets = stage.text();
    propose(&mut stage, &disks, |_| ());
    stage.press(&[Key::Right, Key::Enter, Key::Char('x'), Key::Esc, Key::Esc]);
    assert_eq!(stage.text(), targets);
    stage.press(&[Key::Esc]);
    assert!(stage.text().contains("► notebook-2"), "{}", stage.text());
}

#[test]
fn the_word_must_be_that_of_the_disk() {
    for wrong in ["", "0b7", "0b7cc", "123a", "9F21", "yes", "0B 7C"] {
        let (mut stage, _) = at_confirm(&disks());
        stage.press(&letters(wrong));
        assert_eq!(stage.press(&[Key::Enter]), [], "{wrong}");
        shows(&stage, "That is another word. Nothing was written.");
    }
    for right in ["0b7c", "0B7C", "0b7C", " 0b7c "] {
        let (mut stage, plan) = at_confirm(&disks());
        stage.press(&letters(right));
        shows(&stage, "Enter begins.");
        let expected = Work::Restore(Box::new(plan.confirm(right).unwrap()));
        assert_eq!(stage.press(&[Key::Enter]), [Command::Begin(expected)], "{right}");
    }
    let (mut stage, _) = at_confirm(&disks());
    stage.press(&letters("0b7x"));
    stage.press(&[Key::Enter, Key::Backspace, Key::Char('c')]);
    assert!(matches!(stage.press(&[Key::Enter])[..], [Command::Begin(Work::Restore(_))]));
}
