//! Disks that come, go, and do not answer.

use tui::disks::PATIENCE;
use tui::{Command, DiskList, Message};

use crate::computer::{notebook, usb_drive};
use crate::stage::{SCREEN, Stage, VGA};

#[test]
fn a_drive_comes_and_goes() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook()]);
    assert!(!stage.text().contains("Elements"));
    stage.wait(1);
    stage.attach(&[notebook(), usb_drive()]);
    let text = stage.text();
    assert!(text.contains("Attached: Elements 25A2, 2 TB, USB, ...9F21"), "{text}");
    assert!(text.contains("backups: 3"), "{text}");
    stage.wait(10);
    assert!(!stage.text().contains("Attached"));
    stage.attach(&[notebook()]);
    let text = stage.text();
    assert!(text.contains("Taken out: Elements 25A2"), "{text}");
    assert!(!text.contains("backups"), "{text}");
}

#[test]
fn another_stick_in_the_same_place_is_another_disk() {
    let (disk, look) = usb_drive();
    let mut other = disk.clone();
    other.serial = Some("OTHER".to_owned());
    let mut stage = Stage::new(VGA, SCREEN).with(&[(disk, look)]);
    let commands = stage.tell(Message::Disks(Ok(vec![other.clone()].into())));
    assert!(matches!(&commands[..], [Command::Look { disk, .. }] if **disk == other));
    assert!(!stage.text().contains("backups"), "{}", stage.text());
}

#[test]
fn a_silent_disk_is_named_and_may_still_answer() {
    let (disk, look) = usb_drive();
    let mut stage = Stage::new(VGA, SCREEN);
    let commands = stage.tell(Message::Disks(Ok(vec![disk].into())));
    let [Command::Look { ticket, .. }] = commands[..] else { panic!("{commands:?}") };
    assert!(stage.text().contains("Looking at what is on it"), "{}", stage.text());
    stage.wait(PATIENCE.as_secs());
    assert!(stage.text().contains("Not answering"), "{}", stage.text());
    stage.tell(Message::Looked { ticket, look: Box::new(look) });
    assert!(stage.text().contains("backups: 3"), "{}", stage.text());
}

#[test]
fn a_disk_that_changes_is_looked_at_again_but_never_twice_at_once() {
    let (disk, look) = usb_drive();
    let mut stage = Stage::new(VGA, SCREEN);
    let first = stage.tell(Message::Disks(Ok(vec![disk.clone()].into())));
    let [Command::Look { ticket: first, .. }] = first[..] else { panic!("{first:?}") };
    let mut mounted = disk.clone();
    mounted.partitions[0].mounted_at = vec!["/mnt".into()];
    assert_eq!(stage.tell(Message::Disks(Ok(vec![mounted.clone()].into()))), []);
    let answer = Message::Looked { ticket: first, look: Box::new(look.clone()) };
    let second = stage.tell(answer.clone());
    let [Command::Look { ticket: second, .. }] = second[..] else { panic!("{second:?}") };
    assert_ne!(first, second);
    assert_eq!(stage.tell(answer), [], "an answer counts once");
    stage.tell(Message::Looked { ticket: second, look: Box::new(look) });
    assert_eq!(stage.tell(Message::Disks(Ok(vec![mounted.clone()].into()))), []);
    let touched = DiskList { touched: vec![mounted.name.clone()], ..DiskList::from(vec![mounted]) };
    let third = stage.tell(Message::Disks(Ok(touched)));
    assert!(matches!(third[..], [Command::Look { .. }]), "{third:?}");
}

#[test]
fn the_answer_about_a_disk_that_has_gone_is_forgotten() {
    let (disk, look) = usb_drive();
    let mut stage = Stage::new(VGA, SCREEN);
    let commands = stage.tell(Message::Disks(Ok(vec![disk].into())));
    let [Command::Look { ticket, .. }] = commands[..] else { panic!("{commands:?}") };
    stage.tell(Message::Disks(Ok(Vec::new().into())));
    assert_eq!(stage.tell(Message::Looked { ticket, look: Box::new(look) }), []);
    stage.wait(30);
    assert!(stage.text().contains("No disk was found"), "{}", stage.text());
}

#[test]
fn trouble_with_the_list_is_told() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook()]);
    stage.tell(Message::Disks(Err("reading /sys/block failed".to_owned())));
    assert!(stage.text().contains("! reading /sys/block failed"), "{}", stage.text());
    assert!(stage.text().contains("Windows 11"), "what is known stays");
}
