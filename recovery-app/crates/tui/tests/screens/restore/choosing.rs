//! Which disks can be chosen, and what is told of them.

use filesystem::{Kind, State, VolumeInfo};
use hardware::Disk;
use report::disk::VolumeReport;
use tui::disks::PATIENCE;
use tui::input::Key;
use tui::{Command, Look, Message};

use super::{TO_TARGETS, disks, on_stage, propose, shows, with, without};
use crate::computer::{fresh, usb_drive};
use crate::stage::{SCREEN, Stage, UEFI};

/// A change to the fresh disk, and the reason that is told.
type Reason = (fn(&mut Disk, &mut Look), &'static str);

#[test]
fn a_disk_that_cannot_be_chosen_says_why() {
    let reasons: [Reason; 9] = [
        (|_, look| look.is_boot_medium = true, "Remetal itself was started from it"),
        (
            |disk, look| {
                disk.read_only = true;
                look.protected = Some("It was saved before. Restart to use it.".to_owned());
            },
            "It was saved before. Restart to use it",
        ),
        (|disk, _| disk.read_only = true, "it is write-protected"),
        (|disk, _| disk.size = 488_107_862_016, "too small by 12 GB: the saved disk has 500 GB"),
        (|disk, _| disk.size = 500_107_861_504, "too small by 512 B: the saved disk has 500 GB"),
        (
            |disk, _| disk.logical_sector = 4096,
            "its sectors have 4096 bytes, those of the saved disk 512; restoring between the two \
             is not possible yet",
        ),
        (|_, look| look.report.in_use = vec!["x".to_owned()], "another program uses it"),
        (
            |disk, look| {
                disk.mounted_at = vec!["/mnt".into()];
                look.report.in_use = vec!["/dev/sdb is mounted on /mnt".to_owned()];
            },
            "its files are open in the system that runs now",
        ),
        (
            |disk, look| {
                disk.swap = true;
                look.report.in_use = vec!["/dev/sdb is swapped to".to_owned()];
            },
            "the system that runs now uses it as memory",
        ),
    ];
    for (change, reason) in reasons {
        let disks = with(disks(), "sdb", change);
        let mut stage = Stage::new(UEFI, SCREEN).with(&disks);
        stage.press(&TO_TARGETS);
        shows(&stage, &format!("- cannot be chosen: {reason}"));
        stage.press(&[Key::Home, Key::Char('c')]);
        assert!(stage.text().contains("► CT1000MX500SSD1"), "{}", stage.text());
        assert_eq!(stage.press(&[Key::Enter]), [], "{reason}");
    }
}

#[test]
fn the_drive_with_the_backup_cannot_be_chosen() {
    let mut stage = on_stage(&disks());
    stage.press(&TO_TARGETS);
    stage.press(&[Key::Char('e')]);
    assert!(stage.text().contains("► Elements"), "{}", stage.text());
    shows(&stage, "- cannot be chosen: the backup lies on this drive");
    assert_eq!(stage.press(&[Key::Enter]), []);
}

#[test]
fn a_silent_disk_cannot_be_chosen_until_it_answers() {
    let mut stage = on_stage(&without(&disks(), "sdb"));
    let (fresh, look) = fresh();
    let mut seen: Vec<Disk> = without(&disks(), "sdb").into_iter().map(|(disk, _)| disk).collect();
    seen.push(fresh);
    let commands = stage.tell(Message::Disks(Ok(seen.into())));
    let [Command::Look { ticket, .. }] = commands[..] else { panic!("{commands:?}") };
    stage.press(&TO_TARGETS);
    stage.press(&[Key::Char('c')]);
    shows(&stage, "cannot be chosen: it is still being looked at");
    assert_eq!(stage.press(&[Key::Enter]), []);
    stage.wait(PATIENCE.as_secs());
    shows(&stage, "cannot be chosen: it does not answer");
    assert_eq!(stage.press(&[Key::Enter]), []);
    stage.tell(Message::Looked { ticket, look: Box::new(look) });
    assert!(matches!(stage.press(&[Key::Enter])[..], [Command::PlanRestore(_)]));
}

#[test]
fn what_would_be_lost_is_told_before_a_disk_is_chosen() {
    let disks = with(disks(), "sdb", |_, look| {
        look.report.unfinished_restore = Some("notebook-1".to_owned());
    });
    let mut stage = Stage::new(UEFI, SCREEN).with(&disks);
    stage.press(&TO_TARGETS);
    shows(&stage, "! would be lost: Windows 11 Pro, 212 GB used; Debian GNU/Linux 12");
    shows(&stage, "! this looks like the disk that the backup was made of");
    shows(&stage, "! would be lost: Windows 10 Home, 402 GB used, hibernated; encrypted");
    shows(&stage, "! this disk is failing: what is put on it may soon be lost");
    shows(&stage, "! an earlier restore onto it was not finished");
    assert_eq!(stage.text().matches("looks like the disk that").count(), 1);
}

#[test]
fn backups_on_a_disk_are_told_as_lost() {
    let (mut second, look) = usb_drive();
    second.serial = Some("OTHER".to_owned());
    let (second, look) = moved(second, look, "sde");
    let mut disks = disks();
    disks.push((second, look));
    let mut stage = Stage::new(UEFI, SCREEN).with(&disks);
    stage.press(&TO_TARGETS);
    shows(&stage, "! 3 backups on it would be lost");
    stage.press(&[Key::End]);
    propose(&mut stage, &disks, |_| ());
    shows(&stage, "Will be lost for ever: - backups: 3");
}

/// The same drive under another name of the kernel.
fn moved(mut disk: Disk, mut look: Look, name: &str) -> (Disk, Look) {
    disk.name = name.to_owned();
    disk.path = format!("/dev/{name}").into();
    disk.number.minor += 100;
    for partition in &mut disk.partitions {
        partition.name = format!("{name}{}", partition.number);
        partition.path = format!("/dev/{}", partition.name).into();
    }
    for place in &mut look.places {
        place.device = format!("/dev/{name}1").into();
        for backup in &mut place.backups {
            backup.id.device.clone_from(&place.device);
        }
    }
    (disk, look)
}

#[test]
fn the_mark_is_on_an_empty_disk_first() {
    let marked = |disks: &super::Disks| {
        let mut stage = on_stage(disks);
        stage.press(&TO_TARGETS);
        let text = stage.text();
        text.split("► ").nth(1).unwrap().split(',').next().unwrap().to_owned()
    };
    assert_eq!(marked(&disks()), "CT1000MX500SSD1");
    assert_eq!(marked(&without(&disks(), "sdb")), "Samsung SSD 970 EVO Plus 500GB");
    let boot = with(without(&disks(), "sdb"), "nvme0n1", |_, look| look.is_boot_medium = true);
    assert_eq!(marked(&boot), "TOSHIBA MQ01ABD100");
    let damaged = with(disks(), "sdb", |disk, look| {
        let broken = VolumeInfo {
            state: State::Damaged("its table".to_owned()),
            ..VolumeInfo::named(Kind::Unknown, "unknown")
        };
        look.report.volumes = vec![VolumeReport {
            length: disk.size,
            ..VolumeReport::new("the whole disk".to_owned(), broken)
        }];
    });
    assert_eq!(marked(&damaged), "Samsung SSD 970 EVO Plus 500GB", "it may hold somebody's files");
}
