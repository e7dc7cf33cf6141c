//! Disks and drives that come and go on the way.

use engine::Unfinished;
use tui::input::Key;
use tui::{Command, Place};

use super::{
    TO_BACKUPS, TO_TARGETS, at_confirm, at_proposal, disks, letters, on_stage, shows, with, without,
};
use crate::computer::{GB, notebook, place};

#[test]
fn a_disk_that_leaves_is_not_written_to() {
    for gone in ["sdb", "sda"] {
        let disks = disks();
        let (mut stage, _) = at_proposal(&disks);
        stage.press(&[Key::Right]);
        stage.attach(&without(&disks, gone));
        shows(&stage, "was taken out");
        shows(&stage, "Nothing was written.");
        assert!(!stage.text().contains("Go on"), "{}", stage.text());
        assert_eq!(stage.press(&[Key::Enter]), []);
        shows(&stage, "Choose the disk that gets the backup");

        let (mut stage, _) = at_confirm(&disks);
        stage.press(&letters("0b7c"));
        stage.attach(&without(&disks, gone));
        shows(&stage, "was taken out");
        assert_eq!(stage.press(&[Key::Enter; 3]), []);
        stage.attach(&disks);
        if gone == "sda" {
            shows(&stage, "Enter begins.");
            assert!(matches!(stage.press(&[Key::Enter])[..], [Command::Begin(_)]), "it is back");
        } else {
            shows(&stage, "! The disk was taken out: go back, and choose again.");
            assert_eq!(stage.press(&[Key::Enter]), [], "it may be another one");
        }
    }
}

#[test]
fn a_disk_like_it_in_the_place_of_the_chosen_one_is_not_written() {
    let disks = with(disks(), "sdb", |disk, _| disk.arrival = Some(7));
    // Nobody has seen the place empty.
    let exchanged = with(disks.clone(), "sdb", |disk, _| disk.arrival = Some(8));
    let (mut stage, _) = at_proposal(&disks);
    stage.attach(&exchanged);
    shows(&stage, "The disk was taken out: go back, and choose again. Nothing was written.");
    assert!(!stage.text().contains("Go on"), "{}", stage.text());

    let (mut stage, _) = at_confirm(&disks);
    stage.press(&letters("0b7c"));
    shows(&stage, "Enter begins.");
    stage.attach(&exchanged);
    shows(&stage, "! The disk was taken out: go back, and choose again.");
    assert_eq!(stage.press(&[Key::Enter; 2]), []);
    stage.press(&[Key::Esc, Key::Esc]);
    shows(&stage, "Choose the disk that gets the backup");
    assert_eq!(stage.press(&[Key::Enter]), [], "the marked one has gone");
    let [Command::PlanRestore(request)] = &stage.press(&[Key::Enter])[..] else {
        panic!("{}", stage.text())
    };
    assert_eq!(request.target.arrival, Some(8));
}

#[test]
fn a_backup_that_leaves_is_told_where_a_disk_is_chosen() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_TARGETS);
    stage.attach(&without(&disks, "sda"));
    shows(&stage, "! The drive with this backup was taken out");
    assert_eq!(stage.press(&[Key::Enter]), []);
    stage.attach(&disks);
    assert!(matches!(stage.press(&[Key::Enter])[..], [Command::PlanRestore(_)]));
}

#[test]
fn another_drive_in_the_place_of_the_first_is_another_drive() {
    let disks = disks();
    let other_target = with(disks.clone(), "sdb", |disk, _| disk.serial = Some("0B7C".to_owned()));
    let other_drive = with(disks.clone(), "sda", |disk, _| disk.serial = Some("9F21".to_owned()));
    for swapped in [other_target, other_drive] {
        let (mut stage, _) = at_proposal(&disks);
        stage.attach(&swapped);
        assert!(!stage.text().contains("Go on"), "{}", stage.text());
    }
}

#[test]
fn a_proposal_holds_only_for_what_was_seen() {
    let disks = disks();
    let (mut stage, _) = at_proposal(&disks);
    stage.touch(&disks, "sdb");
    shows(&stage, "Go on to the last question");
    let filled = with(disks.clone(), "sdb", |_, look| look.report = notebook().1.report);
    stage.touch(&filled, "sdb");
    shows(&stage, "What is on the disk has changed since you chose it.");
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), []);
    shows(&stage, "Choose the disk that gets the backup");

    // What the words do not tell: another backup would be lost.
    let with_unfinished = |name: &str| {
        with(disks.clone(), "sdb", |_, look| {
            let unfinished = vec![Unfinished { name: name.to_owned(), stored: 4096 }];
            look.places = vec![Place { unfinished, ..place("/dev/sdb", "ext4", GB, GB) }];
        })
    };
    let (mut stage, _) = at_proposal(&with_unfinished("one"));
    stage.touch(&with_unfinished("one"), "sdb");
    shows(&stage, "Go on to the last question");
    stage.touch(&with_unfinished("another"), "sdb");
    shows(&stage, "What is on the disk has changed since you chose it.");

    let (mut stage, _) = at_proposal(&disks);
    let deleted = with(disks, "sda", |_, look| drop(look.places[0].backups.remove(0)));
    stage.touch(&deleted, "sda");
    shows(&stage, "The backup cannot be seen on its drive any more.");
}

#[test]
fn another_disk_is_not_taken_for_the_marked_one_that_has_gone() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_TARGETS);
    stage.attach(&without(&disks, "sdb"));
    assert_eq!(stage.press(&[Key::Enter]), []);
    shows(&stage, "! The disk that was marked has been taken out. Look again, then press Enter.");
    assert!(matches!(stage.press(&[Key::Enter])[..], [Command::PlanRestore(_)]));
}

#[test]
fn another_backup_is_not_taken_for_the_marked_one_that_has_gone() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&TO_BACKUPS);
    let deleted = with(disks, "sda", |_, look| drop(look.places[0].backups.remove(0)));
    stage.touch(&deleted, "sda");
    assert_eq!(stage.press(&[Key::Enter]), []);
    shows(&stage, "! The backup that was marked is not there any more.");
    stage.press(&[Key::Enter]);
    shows(&stage, "Choose the disk that gets the backup");
}
