//! Putting a backup back, and checking one.

use filesystem::{Kind, VolumeInfo};
use hardware::{Bus, Disk};
use insta::assert_snapshot;
use report::disk::{DiskReport, VolumeReport};
use tui::console::Profile;
use tui::disks::PATIENCE;
use tui::input::Key;
use tui::job::{RestorePlan, RestoreRequest, Trouble, Work};
use tui::tool::LAYOUTS;
use tui::{Command, DiskList, Look, Message, Surroundings};

use crate::computer::{
    disk, entry, failing, fresh, notebook, place, restore_plan, strange, usb_drive,
};
use crate::random::check_cells;
use crate::stage::{ASCII, FULL, SCREEN, SERIAL, Stage, UEFI, VGA};

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
    on_screen(VGA, SCREEN, disks)
}

/// The keyboard's layout has been chosen already.
fn on_screen(size: (u16, u16), profile: Profile, disks: &Disks) -> Stage {
    let mut stage = Stage::new(size, profile).with(disks);
    stage.state.shared.layout = Some(LAYOUTS[0]);
    stage
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

/// A change to the fresh disk, and the reason that is told.
type Reason = (fn(&mut Disk, &mut Look), &'static str);

#[test]
fn a_disk_that_cannot_be_chosen_says_why() {
    let reasons: [Reason; 8] = [
        (|_, look| look.is_boot_medium = true, "Remetal itself was started from it"),
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
        let mut stage = on_screen(UEFI, SCREEN, &disks);
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
    let mut stage = on_screen(UEFI, SCREEN, &disks);
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
    let mut stage = on_screen(UEFI, SCREEN, &disks);
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
    let marked = |disks: &Disks| {
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
            state: filesystem::State::Damaged("its table".to_owned()),
            ..VolumeInfo::named(Kind::Unknown, "unknown")
        };
        look.report.volumes = vec![VolumeReport {
            length: disk.size,
            ..VolumeReport::new("the whole disk".to_owned(), broken)
        }];
    });
    assert_eq!(marked(&damaged), "Samsung SSD 970 EVO Plus 500GB", "it may hold somebody's files");
}

#[test]
fn a_disk_that_leaves_is_not_written_to() {
    for gone in ["sdb", "sda"] {
        let disks = disks();
        let (mut stage, _) = at_proposal(&disks);
        stage.press(&[Key::Right]);
        stage.attach(&without(&disks, gone));
        shows(&stage, "was taken out. Nothing was written.");
        assert!(!stage.text().contains("Go on"), "{}", stage.text());
        assert_eq!(stage.press(&[Key::Enter]), []);
        shows(&stage, "Choose the disk that gets the backup");

        let (mut stage, _) = at_confirm(&disks);
        stage.press(&letters("0b7c"));
        stage.attach(&without(&disks, gone));
        shows(&stage, "was taken out.");
        assert_eq!(stage.press(&[Key::Enter; 3]), []);
        stage.attach(&disks);
        shows(&stage, "Enter begins.");
        assert!(matches!(stage.press(&[Key::Enter])[..], [Command::Begin(_)]), "it is back");
    }
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

/// The kernel says that a disk was written to, and this is on it now.
fn touch(stage: &mut Stage, disks: &Disks, name: &str) {
    let seen: Vec<Disk> = disks.iter().map(|(disk, _)| disk.clone()).collect();
    let touched = DiskList { disks: seen, touched: vec![name.to_owned()] };
    for command in stage.tell(Message::Disks(Ok(touched))) {
        let Command::Look { ticket, disk } = command else { panic!("{command:?}") };
        let (_, look) = disks.iter().find(|(known, _)| known.path == disk.path).unwrap();
        stage.tell(Message::Looked { ticket, look: Box::new(look.clone()) });
    }
}

#[test]
fn a_proposal_holds_only_for_what_was_seen() {
    let disks = disks();
    let (mut stage, _) = at_proposal(&disks);
    touch(&mut stage, &disks, "sdb");
    shows(&stage, "Go on to the last question");
    let filled = with(disks.clone(), "sdb", |_, look| look.report = notebook().1.report);
    touch(&mut stage, &filled, "sdb");
    shows(&stage, "What is on the disk has changed since you chose it.");
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), []);
    shows(&stage, "Choose the disk that gets the backup");

    let (mut stage, _) = at_proposal(&disks);
    let deleted = with(disks, "sda", |_, look| drop(look.places[0].backups.remove(0)));
    touch(&mut stage, &deleted, "sda");
    shows(&stage, "The backup cannot be seen on its drive any more.");
}

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
    shows(&stage, "This cannot be done: The backup is damaged.");
    assert!(!stage.text().contains("Go on"), "{}", stage.text());
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), []);
    shows(&stage, "Choose the disk that gets the backup");
}

#[test]
fn what_stays_is_not_told_as_lost() {
    let disks = disks();
    let mut stage = on_screen(UEFI, SCREEN, &disks);
    stage.press(&TO_TARGETS);
    stage.press(&[Key::Home]);
    let debian = "Debian GNU/Linux 12, 31.0 GB used";
    propose(&mut stage, &disks, |plan| plan.stays = vec![debian.to_owned()]);
    shows(&stage, &format!("Stays on the disk as it is: - {debian}"));
    shows(&stage, "lost for ever: - Windows 11 Pro, 212 GB used - start-up files - swap space");
}

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
    touch(&mut stage, &hidden, "sda");
    shows(&stage, "! Elements 25A2, 2 TB, USB, ...9F21 cannot be read.");
}

#[test]
fn lost_places_are_told() {
    let disks = with(disks(), "sda", |_, look| look.places[0].backups[0].lost = 3);
    let mut stage = on_stage(&disks);
    stage.press(&TO_BACKUPS);
    shows(&stage, "! The old disk could not be read in 3 places: those are missing.");
}

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
    let mut stage = on_screen(UEFI, SCREEN, &disks());
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
    let mut stage = on_screen(UEFI, SCREEN, &disks);
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
