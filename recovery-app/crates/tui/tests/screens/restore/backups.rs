//! The backups to choose from, and the check of one.

use hardware::Bus;
use report::disk::DiskReport;
use tui::input::Key;
use tui::job::Work;
use tui::{Command, Look};

use super::{TO_BACKUPS, disks, on_stage, shows, with};
use crate::computer::{disk, entry, notebook, place, usb_drive};

#[test]
fn a_check_begins_at_once() {
    let disks = disks();
    let mut stage = on_stage(&disks);
    stage.press(&[Key::Char('c'), Key::Enter]);
    shows(&stage, "nothing is written");
    stage.press(&[Key::Down]);
    let id = disks[1].1.places[0].backups[1].id.clone();
    assert_eq!(stage.press(&[Key::Enter]), [Command::Begin(Work::Check(Box::new(id)))]);
}

#[test]
fn backups_appear_by_themselves_and_the_mark_stays() {
    let mut stage = on_stage(&vec![notebook()]);
    stage.press(&TO_BACKUPS);
    shows(&stage, "No backup was found. Attach the drive with the backups");
    assert_eq!(stage.press(&[Key::Enter, Key::Down]), []);
    stage.attach(&disks());
    stage.press(&[Key::Down]);
    assert!(stage.text().contains("► notebook-2"), "{}", stage.text());
    let mut more = disks();
    let mut new = disk("sde", "Ultra Fit", "4C5300", Bus::Usb, 128_000_000_000);
    new.partitions.clone_from(&usb_drive().0.partitions);
    new.partitions[0].path = "/dev/sde1".into();
    let mut look = Look { report: DiskReport::default(), ..Look::default() };
    look.places = vec![place("/dev/sde1", "exFAT", 128_000_000_000, 1 << 30)];
    look.places[0].backups =
        vec![entry("/dev/sde1", "notebook-4", "2026-11-24 01:00", &notebook())];
    more.push((new, look));
    stage.attach(&more);
    let text = stage.text();
    assert!(text.contains("► notebook-2"), "{text}");
    stage.press(&[Key::Home]);
    assert!(stage.text().contains("► notebook-4"), "{}", stage.text());
    stage.attach(&disks());
    assert!(stage.text().contains("► notebook-3"), "{}", stage.text());
}

#[test]
fn drives_that_hide_their_files_are_named() {
    let mut hidden = with(vec![notebook(), usb_drive()], "sda", |_, look| {
        look.places[0].problem = Some("It was not closed properly.".to_owned());
    });
    let mut stage = on_stage(&hidden);
    stage.press(&TO_BACKUPS);
    shows(
        &stage,
        "! The files of \"Backups\" on Elements 25A2, 2 TB, USB, ...9F21 cannot be seen: It was \
         not closed properly.",
    );
    hidden[1].1.report.problem = Some("no".to_owned());
    stage.touch(&hidden, "sda");
    shows(&stage, "! Elements 25A2, 2 TB, USB, ...9F21 cannot be read.");
}

#[test]
fn lost_places_are_told() {
    let disks = with(disks(), "sda", |_, look| look.places[0].backups[0].lost = 3);
    let mut stage = on_stage(&disks);
    stage.press(&TO_BACKUPS);
    shows(&stage, "! The old disk could not be read in 3 places: those are missing.");
}

#[test]
fn a_backup_that_cannot_be_restored_is_listed_with_the_reason() {
    let disks = with(disks(), "sda", |_, look| {
        let backups = &mut look.places[0].backups;
        backups.truncate(1);
        backups[0].problem = Some("its list of contents (manifest.json) is damaged".to_owned());
        backups[0].made.clear();
        backups[0].source.clear();
        look.places[0].is_cut = true;
    });
    let mut stage = on_stage(&disks);
    stage.press(&TO_BACKUPS);
    shows(&stage, "cannot be chosen: its list of contents (manifest.json) is damaged");
    shows(
        &stage,
        "! Not all folders of \"Backups\" on Elements 25A2, 2 TB, USB, ...9F21 were looked",
    );
    assert!(!stage.text().contains("made"), "{}", stage.text());
    assert_eq!(stage.press(&[Key::Enter]), []);
    shows(&stage, "Restore: which backup");
}
