//! A backup, step by step, by keys.

use hardware::Bus;
use tui::disks::PATIENCE;
use tui::input::Key;
use tui::job::{
    AtTheEnd, BackupRequest, Compression, Ending, NewFilesystem, Severity, Source, Trouble, Work,
};
use tui::tool::{Facts, Tool};
use tui::{Command, Message, Surroundings};

use crate::backup_steps::{
    answer, asked, at_the_end, facts, plain_request, remark, says, says_not, stage, to, typed, with,
};
use crate::computer::{GB, backup_plan, disk, failing, fresh, notebook, place, usb_drive};
use crate::random::check_cells;
use crate::stage::{ASCII, FULL, SCREEN, Stage, VGA};

const LEAVE_OUT: [Key; 1] = [Key::Char(' ')];

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
    while let Some(picture) = pictures.pop() {
        assert_eq!(stage.press(&[Key::Esc]), []);
        assert_eq!(stage.text(), picture);
    }
    stage.press(&[Key::Esc]);
    assert_eq!(stage.text(), home);
}

#[test]
fn several_disks_are_saved_in_the_order_of_the_computer() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), failing()]);
    stage.press(&to(1));
    stage.press(&[Key::End, Key::Char(' '), Key::Home, Key::Char(' ')]);
    says(&stage, "2 disks marked.");
    stage.press(&to(1));
    says(&stage, "disk 1 of 2");
    stage.press(&to(1));
    says(&stage, "disk 2 of 2");
    stage.press(&LEAVE_OUT);
    let commands = stage.press(&to(3));
    let request = asked(&commands);
    let sources = vec![
        Source { disk: notebook().0, partitions: None },
        Source { disk: failing().0, partitions: Some(vec![2]) },
    ];
    assert_eq!(request, BackupRequest { sources, ..plain_request() });
}

#[test]
fn a_mark_can_be_taken_back() {
    let mut stage = stage();
    stage.press(&to(1));
    stage.press(&[Key::End, Key::Char(' '), Key::Char(' '), Key::Home]);
    says_not(&stage, "marked.");
    assert_eq!(asked(&stage.press(&to(4))), plain_request());
}

#[test]
fn disks_that_cannot_be_saved_say_why() {
    let stick = with(usb_drive(), |look| look.is_boot_medium = true);
    let reader = (disk("sdh", "Card Reader", "7", Bus::Usb, 0), fresh().1);
    let mut stage = Stage::new(VGA, SCREEN).with(&[stick, reader]);
    stage.press(&to(1));
    says(&stage, "cannot be chosen: Remetal was started from it.");
    says(&stage, "cannot be chosen: there is no medium in it.");
    for key in [Key::Enter, Key::Char(' ')] {
        assert_eq!(stage.press(&[key]), []);
        says(&stage, "step 1 of 5");
        says(&stage, "! Elements 25A2 cannot be chosen: Remetal was started from it.");
    }
    stage.press(&[Key::Char('c'), Key::Enter]);
    says(&stage, "! Card Reader cannot be chosen");
}

#[test]
fn a_disk_that_does_not_answer_is_not_saved() {
    let mut stage = Stage::new(VGA, SCREEN);
    let commands = stage.tell(Message::Disks(Ok(vec![notebook().0].into())));
    let [Command::Look { ticket, .. }] = commands[..] else { panic!("{commands:?}") };
    assert_eq!(stage.press(&to(2)), []);
    says(&stage, "cannot be chosen: it is still being looked at.");
    stage.wait(PATIENCE.as_secs());
    assert_eq!(stage.press(&to(1)), []);
    says(&stage, "cannot be chosen: it does not answer.");
    stage.tell(Message::Looked { ticket, look: Box::new(notebook().1) });
    assert_eq!(stage.press(&to(1)), [Command::AskFacts]);
}

#[test]
fn the_built_in_disk_with_a_system_is_meant_first() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[usb_drive(), fresh(), notebook()]);
    stage.press(&to(1));
    assert!(stage.text().contains("► [ ] Samsung"), "{}", stage.text());
    let mut stage = Stage::new(VGA, SCREEN).with(&[usb_drive(), fresh()]);
    stage.press(&to(1));
    assert!(stage.text().contains("► [ ] CT1000"), "{}", stage.text());
    let mut stage = Stage::new(VGA, SCREEN).with(&[]);
    assert_eq!(stage.press(&to(3)), []);
    says(&stage, "No disk was found");
}

#[test]
fn the_arrow_stays_on_its_disk_while_others_come_and_go() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), failing()]);
    stage.press(&to(1));
    stage.press(&[Key::Down]);
    stage.attach(&[fresh(), notebook(), usb_drive(), failing()]);
    assert!(stage.text().contains("► [ ] TOSHIBA"), "{}", stage.text());
    stage.attach(&[fresh(), notebook()]);
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "A disk that was chosen has been taken out.");
    says(&stage, "step 1 of 5");
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    says(&stage, "Samsung SSD 970");
}

#[test]
fn a_marked_disk_that_is_taken_out_is_told_of() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), failing()]);
    stage.press(&to(1));
    stage.press(&[Key::Char(' '), Key::Down, Key::Char(' '), Key::Up]);
    stage.attach(&[notebook()]);
    says(&stage, "1 disk marked.");
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "has been taken out");
    assert_eq!(stage.press(&[Key::Enter]), [Command::AskFacts]);
    says(&stage, "step 2 of 5");
}

#[test]
fn parts_can_be_left_out_and_the_consequence_is_told() {
    let mut stage = stage();
    stage.press(&to(2));
    says_not(&stage, "Left out");
    stage.press(&[Key::Char('w'), Key::Char(' ')]);
    says(&stage, "Without it the computer does not start from a restored disk.");
    says(&stage, "stays as it is there (or is empty on a new disk).");
    stage.press(&[Key::End, Key::Char(' ')]);
    let request = asked(&stage.press(&to(3)));
    assert_eq!(request.sources[0].partitions, Some(vec![1, 2, 4]));
    answer(&mut stage, &request, Ok(backup_plan(&request)));
    says(&stage, "! Left out: Windows 11 Pro, 212 GB used. Without it the computer does not start");
    stage.press(&[Key::Esc; 3]);
    stage.press(&[Key::Char(' '), Key::Char('w'), Key::Char(' ')]);
    assert_eq!(asked(&stage.press(&to(3))), plain_request());
}

#[test]
fn nothing_cannot_be_saved() {
    let mut stage = stage();
    stage.press(&to(2));
    for _ in 0..5 {
        stage.press(&[Key::Char(' '), Key::Down]);
    }
    assert_eq!(stage.press(&to(1)), []);
    says(&stage, "Nothing is left to be saved.");
    says(&stage, "step 2 of 5");
}

#[test]
fn a_disk_without_parts_is_saved_whole() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[fresh(), usb_drive()]);
    stage.press(&to(2));
    says(&stage, "step 3 of 5");
}

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
    assert_eq!(request.before, ["empty, or nothing that Remetal knows"]);
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
    let in_use = with(usb_drive(), |look| look.report.in_use = vec!["files are open".to_owned()]);
    stage.attach(&[notebook()]);
    stage.attach(&[notebook(), locked, in_use]);
    says(&stage, "cannot be chosen: it does not let itself be written.");
    says(&stage, "cannot be chosen: it is in use (files are open).");
}

#[test]
fn a_drive_that_is_taken_out_is_not_made_ready() {
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), fresh()]);
    stage.press(&to(4));
    says(&stage, "Make a drive ready");
    stage.attach(&[notebook()]);
    says(&stage, "was taken out. Put it back in where it was");
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "Make a drive ready");
}

#[test]
fn the_keyboard_layout_is_asked_before_the_name() {
    let mut stage = stage();
    stage.state.shared.layout = None;
    stage.press(&to(4));
    says(&stage, "Keyboard");
    let commands = stage.press(&to(1));
    let [Command::Use(Tool::Keyboard(layout))] = commands[..] else { panic!("{commands:?}") };
    stage.tell(Message::Used(Tool::Keyboard(layout), Ok("Set.".to_owned())));
    says(&stage, "step 4 of 5");
}

#[test]
fn options_are_changed_by_arrows_and_letters() {
    let mut stage = stage();
    stage.press(&to(4));
    stage.press(&[Key::Ctrl('u')]);
    stage.press(&typed("before the exam"));
    stage.press(&[Key::Down, Key::Left, Key::Down, Key::Char(' ')]);
    says(&stage, "! Then nobody knows whether the drive kept what was written to it.");
    stage.press(&[Key::Char('a'), Key::Right]);
    let expected = BackupRequest {
        name: "before the exam".to_owned(),
        compression: Compression::Small,
        verify: false,
        at_the_end: AtTheEnd::PowerOff,
        ..plain_request()
    };
    assert_eq!(asked(&stage.press(&to(1))), expected);
    answer(&mut stage, &expected, Ok(backup_plan(&expected)));
    says(&stage, "The backup is not read back at the end");
    let begun = Command::Begin(Work::BackUp(Box::new(expected)));
    assert_eq!(stage.press(&to(1)), [begun]);
    assert!(stage.state.shared.running.as_ref().unwrap().powers_off());
}

#[test]
fn names_that_cannot_be_are_refused_at_once() {
    let mut stage = stage();
    stage.press(&to(4));
    for (name, words) in [
        ("", "The backup needs a name."),
        ("a/b", "A name cannot have / in it."),
        (".a", "A name cannot begin with a dot."),
        ("a.partial", "Names that end in .partial"),
        ("Notebook-3", "There is a backup of this name on the drive already."),
    ] {
        stage.press(&[Key::Char('n'), Key::Ctrl('u')]);
        stage.press(&typed(name));
        says(&stage, &format!("! {words}"));
        stage.press(&[Key::Down]);
        assert_eq!(stage.press(&[Key::Enter]), [], "{name}");
        says(&stage, "step 4 of 5");
    }
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let taken = with(usb_drive(), |look| {
        look.places[0].backups[0].name = "samsung-ssd-970-evo-plus-500gb".to_owned();
    });
    let mut stage = Stage::new(VGA, SCREEN).with(&[notebook(), taken]);
    let request = asked(&stage.press(&to(5)));
    assert_eq!(request.name, "Samsung-SSD-970-EVO-Plus-500GB-2");
}

#[test]
fn a_guest_does_not_end_the_computer() {
    let mut stage =
        Stage::within(Surroundings::Guest, VGA, SCREEN).with(&[notebook(), usb_drive()]);
    stage.press(&to(4));
    says_not(&stage, "Power off");
    stage.press(&[Key::BackTab, Key::Right]);
    let request = asked(&stage.press(&to(1)));
    assert_eq!(request, BackupRequest { verify: false, ..plain_request() });
}

#[test]
fn danger_has_to_be_agreed_to_on_purpose() {
    let danger = remark(Severity::Danger, "Something is about to break.");
    let mut stage = stage();
    let request = at_the_end(&mut stage, |plan| plan.remarks.push(danger.clone()));
    says(&stage, "! Danger. Something is about to break.");
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "step 4 of 5");
    for keys in [&[Key::Right][..], &[Key::Char('b')], &[Key::Tab]] {
        let mut stage = self::stage();
        at_the_end(&mut stage, |plan| plan.remarks.push(danger.clone()));
        stage.press(keys);
        let begun = Command::Begin(Work::BackUp(Box::new(request.clone())));
        assert_eq!(stage.press(&[Key::Enter]), [begun], "{keys:?}");
    }
}

#[test]
fn a_refusal_keeps_it_from_beginning() {
    for key in [Key::Enter, Key::Right, Key::Char('b'), Key::Down] {
        let mut stage = stage();
        let refusal = remark(Severity::Refusal, "There is no room.");
        at_the_end(&mut stage, |plan| plan.remarks = vec![refusal]);
        says(&stage, "! This cannot be done. There is no room.");
        says_not(&stage, "Begin the backup");
        assert_eq!(stage.press(&[key]), [], "{key:?}");
        if key != Key::Enter {
            assert_eq!(stage.press(&[Key::Enter]), [], "{key:?}");
        }
        says(&stage, "step 4 of 5");
    }
}

#[test]
fn of_what_cannot_be_done_no_size_is_told() {
    let mut stage = stage();
    at_the_end(&mut stage, |plan| {
        plan.remarks = vec![remark(Severity::Refusal, "The disk is in use.")];
        plan.seconds = None;
        for disk in &mut plan.disks {
            (disk.read, disk.least, disk.most) = (0, 0, 0);
            disk.volumes.clear();
        }
    });
    says(&stage, "Size Cannot be told beforehand; 1.30 TB are free.");
    says(&stage, "Time Cannot be told beforehand.");
    says_not(&stage, "What is read");
}

#[test]
fn trouble_gets_a_screen_of_its_own() {
    let mut stage = stage();
    let request = asked(&stage.press(&to(5)));
    let trouble = Trouble { end: Ending::Failed, ..Trouble::refused("The drive has gone silent.") };
    answer(&mut stage, &request, Err(trouble.clone()));
    says(&stage, "The drive has gone silent.");
    stage.press(&[Key::Esc]);
    says(&stage, "step 4 of 5");
    // A page of help lies over the question when the answer comes: it is not torn away.
    let request = asked(&stage.press(&to(1)));
    stage.press(&[Key::F(1)]);
    answer(&mut stage, &request, Err(trouble));
    says(&stage, "This is what will be done.");
    stage.press(&[Key::Esc]);
    says(&stage, "The drive has gone silent.");
    assert_eq!(stage.press(&[Key::Enter]), []);
    says(&stage, "step 4 of 5");
}

#[test]
fn only_the_answer_to_this_question_counts() {
    let mut stage = stage();
    let request = asked(&stage.press(&to(5)));
    let other = BackupRequest { name: "other".to_owned(), ..request.clone() };
    answer(&mut stage, &other, Ok(backup_plan(&other)));
    says(&stage, "Looking at the disks");
    assert_eq!(stage.press(&typed("b")), []);
    let danger = remark(Severity::Danger, "Look out.");
    let mut plan = backup_plan(&request);
    plan.remarks.push(danger);
    answer(&mut stage, &request, Ok(plan));
    assert_eq!(stage.press(&[Key::Enter]), [], "what was pressed before the answer is no answer");
}

#[test]
fn a_look_that_takes_long_is_told_of() {
    let mut stage = stage();
    stage.press(&to(5));
    says(&stage, "- Samsung SSD 970 EVO Plus 500GB, 500 GB, NVMe, ...123A");
    says(&stage, "- Elements 25A2");
    says_not(&stage, "longer than usual");
    stage.wait(20);
    says(&stage, "longer than usual: 20 seconds");
}

#[test]
fn everything_unusual_is_told_the_gravest_first() {
    let drive = usb_drive();
    let slow = hardware::Disk { usb_megabits: Some(480), ..drive.0 };
    let mut stage = Stage::new((100, 70), SCREEN).with(&[failing(), (slow, drive.1)]);
    let hidden_disks = Some("Intel VMD".to_owned());
    let unusual =
        Facts { hidden_disks, on_battery: Some(40), free_memory: Some(GB / 5), ..facts() };
    stage.tell(Message::Facts(Box::new(unusual)));
    let hint = remark(Severity::Hint, "The plan knows a trifle.");
    at_the_end(&mut stage, |plan| plan.remarks = vec![hint]);
    let told = [
        "! Danger. TOSHIBA MQ01ABD100 says that it is failing.",
        "! Windows 10 Home on TOSHIBA MQ01ABD100 is not shut down, only asleep.",
        "! A part of TOSHIBA MQ01ABD100 is encrypted (BitLocker): all 300 GB of it are saved",
        "! Elements 25A2 has a slow USB link",
        "! The computer runs on its battery (40 %).",
        "! Little memory is free (200 MB).",
        "! This computer may have disks that cannot be seen, behind Intel VMD.",
        "· The plan knows a trifle.",
    ];
    let text = stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let places: Vec<Option<usize>> = told.iter().map(|words| text.find(words)).collect();
    assert!(places.iter().all(Option::is_some), "{places:?}\n{}", stage.text());
    assert!(places.is_sorted(), "{places:?}\n{}", stage.text());
}

#[test]
fn what_is_taken_out_in_the_middle_stops_it_until_it_is_back() {
    for gone in [notebook(), usb_drive()] {
        let rest = [notebook(), usb_drive()];
        let rest: Vec<_> = rest.into_iter().filter(|(disk, _)| *disk != gone.0).collect();
        for step in 2..=5 {
            let is_drive = gone.0 == usb_drive().0;
            if is_drive && step < 4 {
                continue;
            }
            let mut stage = stage();
            if step == 5 {
                at_the_end(&mut stage, |_| {});
            } else {
                stage.press(&to(step));
            }
            stage.attach(&rest);
            says(&stage, "was taken out. Put it back in where it was, or go back");
            let mut pressed = stage.state.clone();
            assert_eq!(tui::update(&mut pressed, Message::Key(Key::Enter)), [], "{step}");
            stage.attach(&[notebook(), usb_drive()]);
            says_not(&stage, "was taken out.");
            if step == 5 {
                let begun = Command::Begin(Work::BackUp(Box::new(plain_request())));
                assert_eq!(stage.press(&[Key::Enter]), [begun]);
            } else {
                assert_eq!(asked(&stage.press(&to(5 - step))), plain_request());
            }
        }
    }
}

#[test]
fn another_drive_at_the_same_node_is_not_written_to() {
    let mut stage = stage();
    at_the_end(&mut stage, |_| {});
    let mut other = usb_drive();
    other.0.serial = Some("OTHER".to_owned());
    stage.attach(&[notebook(), other]);
    says(&stage, "was taken out.");
    assert_eq!(stage.press(&[Key::Char('b'), Key::Enter]), []);
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
