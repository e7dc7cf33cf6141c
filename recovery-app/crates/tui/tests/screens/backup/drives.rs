//! Where to.

use engine::Unfinished;
use tui::Command;
use tui::input::Key;
use tui::job::{NewFilesystem, Work};

use crate::backup_steps::{asked, plain_request, says, says_not, stage, to, typed, with};
use crate::computer::{GB, failing, fresh, notebook, place, usb_drive};
use crate::stage::{SCREEN, Stage, UEFI, VGA};

#[test]
fn drives_that_cannot_take_a_backup_say_why() {
    let small = with(usb_drive(), |look| look.places[0].free = 20 * GB);
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), small]);
    stage.press(&to(3));
    says(&stage, "Attach a drive with room for the backup. It appears here by itself.");
    says(&stage, "cannot be chosen: it is one of the disks that are saved.");
    says(&stage, "cannot be chosen: it is too small. 20.0 GB are free");
    stage.press(&[Key::Down, Key::Enter]);
    says(&stage, "! This cannot be chosen: it is too small.");
    let problem = "Its files cannot be read.";
    let odd = |change: fn(&mut tui::Place)| with(usb_drive(), |look| change(&mut look.places[0]));
    for (drive, words) in [
        (with(usb_drive(), |look| look.is_boot_medium = true), "Remetal was started from it."),
        (odd(|place| place.problem = Some("Its files cannot be read.".to_owned())), problem),
        (odd(|place| place.not_writable = Some("It is locked.".to_owned())), "It is locked."),
        (with(usb_drive(), |look| look.places.clear()), "it has no place for files that"),
    ] {
        stage.attach(&[notebook()]);
        stage.attach(&[notebook(), drive]);
        says(&stage, &format!("cannot be chosen: {words}"));
        stage.press(&[Key::Home, Key::Down, Key::Enter]);
        says(&stage, "step 3 of 5");
    }
}

#[test]
fn what_an_unfinished_backup_takes_can_be_had_back() {
    let unfinished = |name: &str, stored| Unfinished { name: name.to_owned(), stored };
    let full = with(usb_drive(), |look| {
        look.places[0].free = 0;
        look.places[0].unfinished = vec![unfinished("notebook", 430 * GB)];
    });
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), full.clone()]);
    stage.press(&to(3));
    says(&stage, "0 B of 2.00 TB free");
    says(
        &stage,
        "430 GB are an unfinished backup, notebook: the next one of that name replaces it",
    );
    says_not(&stage, "too small");
    stage.press(&[Key::Enter]);
    says(&stage, "step 4 of 5");
    let fuller = with(full, |look| {
        look.places[0].unfinished = vec![unfinished("a", GB), unfinished("b", GB)];
    });
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), fuller]);
    stage.press(&to(3));
    says(&stage, "2.00 GB are unfinished backups (a, b): each is replaced by the next one of its");
    says(&stage, "cannot be chosen: it is too small. 2.00 GB are free");
}

#[test]
fn a_drive_whose_table_was_lost_is_not_taken_for_an_empty_one() {
    let lost = with(fresh(), |look| {
        look.report.notes = vec!["there are remains of a GPT at the end of the disk".to_owned()];
    });
    let mut stage = Stage::new(UEFI, SCREEN).with(&[notebook(), lost]);
    says(&stage, "perhaps files: the partition table is not clear (there are remains of a GPT");
    stage.press(&to(3));
    says(&stage, "Erase this drive and make it ready for backups");
    says(&stage, "On it now, and then lost: perhaps files: the partition table is not clear");
}

#[test]
fn a_doubtful_drive_carries_a_warning_and_can_be_chosen() {
    let tight = with(usb_drive(), |look| {
        look.places[0].free = 100 * GB;
        look.places[0].has_system = true;
    });
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), tight]);
    stage.press(&to(3));
    says(&stage, "It may be too small for 243 GB.");
    says(&stage, "a drive of its own is safer");
    stage.press(&[Key::Enter]);
    says(&stage, "step 4 of 5");
}

#[test]
fn a_drive_that_is_attached_now_can_be_chosen_at_once() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook()]);
    stage.press(&to(3));
    says(&stage, "Attach a drive with room for the backup.");
    assert_eq!(stage.press(&[Key::Enter]), []);
    stage.attach(&[notebook(), usb_drive()]);
    assert_eq!(asked(&stage.press(&to(2))), plain_request());
}

#[test]
fn a_place_is_chosen_by_what_it_is() {
    let two = with(usb_drive(), |look| {
        look.places.push(place("/dev/sda2", "ext4", 300 * GB, 299 * GB));
    });
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), two.clone()]);
    stage.press(&to(3));
    stage.press(&[Key::Down]);
    stage.attach(&[fresh(), notebook(), two]);
    let request = asked(&stage.press(&to(2)));
    assert_eq!(request.destination, std::path::Path::new("/dev/sda2"));
    let mut stage = self::stage();
    stage.press(&to(3));
    stage.press(&[Key::Up, Key::Down]);
    stage.attach(&[notebook(), fresh()]);
    stage.press(&[Key::Enter]);
    says(&stage, "The drive that was chosen has been taken out.");
}

#[test]
fn a_fresh_drive_is_made_ready_only_after_its_word() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), fresh()]);
    stage.press(&to(3));
    says(&stage, "► Make this drive ready for backups CT1000MX500SSD1");
    stage.press(&[Key::Enter, Key::Down]);
    says(&stage, "All of this is lost.");
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "the last question");
    assert_eq!(stage.press(&[Key::Enter]), []);
    stage.press(&typed("0B7C"));
    assert_eq!(stage.press(&[Key::Esc]), []);
    says(&stage, "► ext4");
    stage.press(&[Key::Enter]);
    stage.press(&typed("0b7c"));
    let commands = stage.press(&[Key::Enter]);
    let [Command::Begin(Work::Format(confirmed))] = &commands[..] else { panic!("{commands:?}") };
    let request = confirmed.request();
    assert_eq!((&request.disk, request.filesystem), (&fresh().0, NewFilesystem::Ext4));
    assert_eq!(request.before, ["empty, only zeros were found"]);
    assert_eq!(request.held, fresh().1.holdings());
}

#[test]
fn a_drive_that_was_exchanged_or_filled_is_not_made_ready() {
    let attached = |arrival, used| {
        let mut drive = usb_drive();
        drive.0.arrival = Some(arrival);
        drive.1.report.volumes[0].used = Some(used);
        [notebook(), drive]
    };
    let at_the_question = || {
        let mut stage = Stage::new(VGA, SCREEN).with(&attached(3, 700_000_000_000));
        stage.press(&to(3));
        stage.press(&[Key::Down, Key::Enter, Key::Enter]);
        says(&stage, "the last question");
        stage.press(&typed("9f21"));
        stage
    };
    let mut stage = at_the_question();
    stage.attach(&attached(4, 700_000_000_000));
    says(&stage, "! The disk was taken out: go back, and choose again.");
    assert_eq!(stage.press(&[Key::Enter]), []);

    let mut stage = at_the_question();
    stage.touch(&attached(3, 700_000_004_096), "sda");
    says(&stage, "! What is on the drive has changed: go back, and look again.");
    assert_eq!(stage.press(&[Key::Enter]), []);

    let mut stage = at_the_question();
    let mut more = attached(3, 700_000_000_000);
    more[1].1.places[0].backups[0].name = "another".to_owned();
    stage.touch(&more, "sda");
    says(&stage, "! What is on the drive has changed: go back, and look again.");
    assert_eq!(stage.press(&[Key::Enter]), []);

    let mut stage = at_the_question();
    stage.touch(&attached(3, 700_000_000_000), "sda");
    assert!(matches!(stage.press(&[Key::Enter])[..], [Command::Begin(Work::Format(_))]));
}

#[test]
fn drives_with_something_on_them_are_offered_last_and_with_a_warning() {
    let mut stage =
        Stage::new((100, 60), SCREEN).with(&[notebook(), usb_drive(), failing(), fresh()]);
    stage.press(&to(3));
    says(&stage, "Make this drive ready for backups CT1000MX500SSD1");
    says(&stage, "Erase this drive and make it ready for backups Elements 25A2");
    says(&stage, "Erase this drive and make it ready for backups TOSHIBA MQ01ABD100");
    let text = stage.text();
    assert!(text.find("Make this").unwrap() < text.find("Erase this").unwrap(), "{text}");
    says(&stage, "There is an operating system on it.");
    says(&stage, "There are backups on it (3): they would be lost.");
    let mut locked = fresh();
    locked.0.read_only = true;
    let mut saved = with(failing(), |look| look.protected = Some("It was saved.".to_owned()));
    saved.0.read_only = true;
    let in_use = with(usb_drive(), |look| look.report.in_use = vec!["files are open".to_owned()]);
    stage.attach(&[notebook()]);
    stage.attach(&[notebook(), locked, saved, in_use]);
    says(&stage, "cannot be chosen: it does not let itself be written.");
    says(&stage, "cannot be chosen: It was saved.");
    says(&stage, "cannot be chosen: it is in use (files are open).");
}

#[test]
fn a_drive_that_is_taken_out_is_not_made_ready() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), fresh()]);
    stage.press(&to(4));
    says(&stage, "Make a drive ready");
    stage.attach(&[notebook()]);
    says(&stage, "was taken out. Go back with Esc");
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "Make a drive ready");
}

#[test]
fn what_was_proposed_is_not_another_drive_a_moment_later() {
    let mut other = usb_drive();
    other.0 = crate::computer::disk("sde", "Ultra", "77AA", hardware::Bus::Usb, 2_000_398_934_016);
    other.1.places[0].device = "/dev/sde1".into();
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), other.clone()]);
    stage.press(&to(3));
    stage.attach(&[notebook(), other]);
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "! The drive that was chosen has been taken out. Look again, then press Enter.");
    let request = asked(&stage.press(&to(2)));
    assert_eq!(request.destination, std::path::Path::new("/dev/sde1"));
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive()]);
    stage.press(&to(1));
    stage.attach(&[usb_drive()]);
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "! A disk that was chosen has been taken out. Look again, then press Enter.");
}

#[test]
fn the_drive_is_named_where_the_backup_gets_its_name() {
    let mut stage = stage();
    stage.press(&to(4));
    says(&stage, "To: Elements 25A2, 2 TB, USB, ...9F21");
}

#[test]
fn a_drive_that_can_be_taken_away_is_proposed_before_a_built_in_one() {
    let mut built_in = usb_drive();
    built_in.0 =
        crate::computer::disk("sde", "WD Blue", "77AA", hardware::Bus::Sata, 2_000_398_934_016);
    built_in.1.places[0].device = "/dev/sde1".into();
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), built_in, usb_drive()]);
    assert_eq!(asked(&stage.press(&to(5))), plain_request());
}
