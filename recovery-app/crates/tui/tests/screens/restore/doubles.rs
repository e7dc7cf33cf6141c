//! Disks that cannot be told apart by what they say of themselves.

use filesystem::Kind;
use tui::Command;
use tui::input::Key;
use tui::job::Work;

use super::{Disks, TO_TARGETS, at_confirm, disks, letters, on_stage, propose, shows, with};
use crate::computer::{GB, fresh, info, volume};
use crate::stage::{SCREEN, SERIAL, Stage, UEFI, VGA};

const DOUBT: &str =
    "nother disk here has the same name or number: only what is on them tells them apart";

/// The fresh disk and another one in the same dock, which tells its own number for both.
fn dock() -> Disks {
    let mut disks = disks();
    let (mut other, look) = fresh();
    other.name = "sdd".to_owned();
    other.path = "/dev/sdd".into();
    other.number.minor += 100;
    disks.push((other, look));
    marked(disks)
}

fn marked(mut disks: Disks) -> Disks {
    let mut only: Vec<_> = disks.iter().map(|(disk, _)| disk.clone()).collect();
    hardware::mark_doubles(&mut only);
    for ((disk, _), marked) in disks.iter_mut().zip(only) {
        *disk = marked;
    }
    disks
}

#[test]
fn each_of_two_alike_has_a_word_of_its_own() {
    let disks = dock();
    let mut stage = Stage::new(UEFI, SCREEN).with(&disks);
    stage.press(&TO_TARGETS);
    shows(&stage, "CT1000MX500SSD1, 1 TB, SATA, ...0B7C, sdb");
    shows(&stage, "CT1000MX500SSD1, 1 TB, SATA, ...0B7C, sdd");
    assert_eq!(stage.text().matches(DOUBT).count(), 2, "{}", stage.text());
    stage.press(&[Key::End]);
    let plan = propose(&mut stage, &disks, |_| ());
    assert_eq!(plan.word, "0b7c-sdd");
    shows(&stage, DOUBT);
    stage.press(&[Key::Right, Key::Enter]);
    shows(&stage, DOUBT);
    shows(
        &stage,
        "the name that the computer gives it, as they stand here, and press Enter: 0B7C-SDD",
    );
    for wrong in ["0b7c", "0b7c-sdb"] {
        stage.press(&letters(wrong));
        assert_eq!(stage.press(&[Key::Enter]), [], "{wrong}");
        stage.press(&[Key::Backspace; 8]);
    }
    stage.press(&letters("0b7c-sdd"));
    let expected = Work::Restore(Box::new(plan.confirm("0b7c-sdd").unwrap()));
    assert_eq!(stage.press(&[Key::Enter]), [Command::Begin(expected)]);
}

#[test]
fn a_disk_without_a_serial_number_is_shown_with_its_name() {
    let disks = marked(with(disks(), "sdb", |disk, _| disk.serial = None));
    let mut stage = on_stage(&disks);
    stage.press(&TO_TARGETS);
    shows(&stage, "CT1000MX500SSD1, 1 TB, SATA, sdb");
    let plan = propose(&mut stage, &disks, |_| ());
    stage.press(&[Key::Right, Key::Enter]);
    shows(&stage, "This disk tells no serial number: if you are sure, type the name that the");
    shows(&stage, "computer gives it, as it stands here, and press Enter: SDB");
    stage.press(&letters("sdb"));
    let expected = Work::Restore(Box::new(plan.confirm("sdb").unwrap()));
    assert_eq!(stage.press(&[Key::Enter]), [Command::Begin(expected)]);
}

#[test]
fn the_word_is_seen_however_much_is_lost() {
    let mut disks = dock();
    for (disk, look) in disks.iter_mut().filter(|(disk, _)| disk.has_double) {
        look.report.volumes.clear();
        for _ in 0..30 {
            volume(&mut look.report, GB, info(Kind::Ext4, "ext4", None, GB));
        }
        disk.size = 4_000 * GB;
    }
    let mut stage = Stage::new(SERIAL, SCREEN).with(&disks);
    stage.press(&TO_TARGETS);
    stage.press(&[Key::End]);
    propose(&mut stage, &disks, |_| ());
    stage.press(&[Key::Right, Key::Enter]);
    shows(&stage, "press Enter: 0B7C-SDD");
    shows(&stage, "more It gets the content of");
}

#[test]
fn a_disk_that_gets_a_double_has_to_be_chosen_anew() {
    let (mut stage, _) = at_confirm(&disks());
    stage.press(&letters("0b7c"));
    stage.attach(&dock());
    let words = "! Another disk with the same number was attached: go back, and choose again.";
    shows(&stage, words);
    assert_eq!(stage.press(&[Key::Enter; 2]), []);
    stage.attach(&disks());
    shows(&stage, words);
    assert_eq!(stage.press(&[Key::Enter; 2]), [], "which of the two has gone is not known");
}

#[test]
fn a_disk_whose_double_goes_has_to_be_chosen_anew() {
    let disks = dock();
    let mut stage = Stage::new(VGA, SCREEN).with(&disks);
    stage.press(&TO_TARGETS);
    propose(&mut stage, &disks, |_| ());
    stage.press(&[Key::Right, Key::Enter]);
    stage.press(&letters("0b7c-sdb"));
    stage.attach(&super::disks());
    shows(
        &stage,
        "! The other disk with the same number was taken out: go back, and choose again.",
    );
    assert_eq!(stage.press(&[Key::Enter; 2]), []);
}
