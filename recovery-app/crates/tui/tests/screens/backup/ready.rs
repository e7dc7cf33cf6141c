//! What is told before it begins, and what stops it.

use tui::input::Key;
use tui::job::{BackupRequest, Ending, Severity, Trouble, Work};
use tui::tool::Facts;
use tui::{Command, Message};

use crate::backup_steps::{
    answer, asked, at_the_end, facts, plain_request, remark, says, says_not, stage, to, typed,
};
use crate::computer::{GB, backup_plan, failing, notebook, usb_drive};
use crate::stage::{SCREEN, Stage};

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
fn who_goes_back_lets_the_disks_go() {
    let mut stage = stage();
    let request = asked(&stage.press(&to(5)));
    assert_eq!(stage.press(&[Key::Esc]), [Command::ForgetPlan]);
    says(&stage, "step 4 of 5");
    assert_eq!(asked(&stage.press(&to(1))), request);
    answer(&mut stage, &request, Ok(backup_plan(&request)));
    assert_eq!(stage.press(&[Key::Esc]), [], "nothing is being looked at any more");
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
            says(&stage, "was taken out. Go back with Esc, and choose again once it is in.");
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
