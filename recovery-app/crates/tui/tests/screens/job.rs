//! Work that goes on, and what came of it.

mod at_the_end;
mod beginning;
mod pictures;
mod several;

use std::time::Duration;

use engine::{Bottleneck, Phase, Progress};
use insta::assert_snapshot;
use report::content::Content;
use tui::input::Key;
use tui::job::{
    AtTheEnd, BackupDone, BackupId, BackupRequest, CheckDone, Compression, Damaged, Done, Ending,
    FormatDone, FormatRequest, NewFilesystem, News, RestoreDone, RestorePlan, RestoreRequest,
    Source, Trouble, Work,
};
use tui::{Command, Message, STALLED, Surroundings};

use crate::computer::{GB, fresh, notebook, usb_drive};
use crate::stage::{ASCII, SCREEN, SERIAL, Stage, UEFI, VGA};

fn backup(at_the_end: AtTheEnd) -> Work {
    Work::BackUp(Box::new(BackupRequest {
        sources: vec![Source { disk: notebook().0, partitions: None }],
        destination: "/dev/sda1".into(),
        drive: usb_drive().0,
        name: "notebook".to_owned(),
        compression: Compression::Auto,
        verify: true,
        at_the_end,
    }))
}

fn restore() -> Work {
    let (target, look) = fresh();
    let plan = RestorePlan {
        request: RestoreRequest {
            backup: BackupId { device: "/dev/sda1".into(), folder: "notebook".into() },
            target,
            compare: true,
        },
        fingerprint: "ab".repeat(32),
        source: "Samsung SSD 970 EVO Plus 500GB, 500 GB".to_owned(),
        made: "2026-11-23 21:04".to_owned(),
        source_size: 500 * GB,
        before: report::content::of_disk(&look.report),
        held: look.holdings(),
        after: Vec::<Content>::new(),
        stays: Vec::new(),
        warnings: Vec::new(),
        refusals: Vec::new(),
        content: 243 * GB,
        stored: 120 * GB,
        files: 1,
        word: "0b7c".to_owned(),
    };
    Work::Restore(Box::new(plan.confirm("0B7C").unwrap()))
}

fn format() -> Work {
    let (disk, look) = fresh();
    let held = look.holdings();
    let request = FormatRequest { disk, filesystem: NewFilesystem::Ext4, before: Vec::new(), held };
    Work::Format(Box::new(request.confirm("0b7c").unwrap()))
}

fn progress(phase: Phase, done: u64, bottleneck: Bottleneck) -> Message {
    Message::News(News::Progress(Progress {
        phase,
        done,
        total: 243 * GB,
        stored: done / 2,
        errors: 0,
        bottleneck: Some(bottleneck),
        level: Some(3),
    }))
}

/// Work that has begun, as the screens would begin it.
fn at_work(mut stage: Stage, work: Work) -> Stage {
    assert_eq!(stage.begin(work.clone()), [Command::Begin(work)]);
    stage
}

/// Half a minute of it, faster and faster.
fn busy(mut stage: Stage, phase: Phase, bottleneck: Bottleneck) -> Stage {
    let mut done = 100 * GB;
    for second in 0..30 {
        stage.wait(1);
        done += GB / 10 + second * GB / 100;
        stage.tell(progress(phase, done, bottleneck));
    }
    stage.wait(1);
    stage
}

fn vga() -> Stage {
    Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive(), fresh()])
}

#[test]
fn a_backup_goes_on() {
    let stage = at_work(vga(), backup(AtTheEnd::Stay));
    let stage = busy(stage, Phase::Capture, Bottleneck::Destination);
    assert_snapshot!(stage.in_colour());
}

#[test]
fn a_restore_goes_on_over_a_serial_line() {
    let stage = Stage::within(Surroundings::Serial, SERIAL, ASCII).with(&[notebook(), usb_drive()]);
    let mut stage = busy(at_work(stage, restore()), Phase::Restore, Bottleneck::Target);
    stage.tell(Message::News(News::Note("The old table was saved.".to_owned())));
    assert_snapshot!(stage.text());
}

#[test]
fn a_restore_goes_on_on_uefi() {
    let stage = Stage::new(UEFI, SCREEN).with(&[notebook(), usb_drive()]);
    let stage = busy(at_work(stage, restore()), Phase::Compare, Bottleneck::Processor);
    assert_snapshot!(stage.text());
}

#[test]
fn work_that_stands_still_says_what_it_waits_for() {
    let mut stage = busy(at_work(vga(), restore()), Phase::Restore, Bottleneck::Target);
    stage.wait(STALLED.as_secs() - 2);
    assert!(!stage.text().contains("Nothing has moved"), "{}", stage.text());
    stage.wait(1);
    let text = stage.text();
    assert!(text.contains("! Nothing has moved for 1:00. It waits for the disk that is"), "{text}");
}

#[test]
fn stopping_is_asked_first_and_told_what_it_means() {
    for (work, phase, meaning) in [
        (backup(AtTheEnd::Stay), Phase::Capture, "'notebook.partial' and can be deleted"),
        (restore(), Phase::Check, "Nothing has been written yet"),
        (restore(), Phase::Restore, "what was on it before is lost"),
    ] {
        let mut stage = busy(at_work(vga(), work), phase, Bottleneck::Target);
        assert_eq!(stage.press(&[Key::Esc]), []);
        let text = stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(meaning), "{text}");
        assert_eq!(stage.press(&[Key::Enter]), [], "the default goes on");
        assert!(stage.text().contains("Time left"));
        assert_eq!(stage.press(&[Key::Esc, Key::Right, Key::Enter]), [Command::Stop]);
        assert!(stage.text().contains("Stopping at the next piece"), "{}", stage.text());
        assert_eq!(stage.press(&[Key::Esc, Key::Enter]), [], "asked once");
    }
}

#[test]
fn a_guest_does_not_leave_work_half_done() {
    let guest = Stage::within(Surroundings::Guest, VGA, SCREEN).with(&[notebook()]);
    let mut stage = busy(at_work(guest, restore()), Phase::Restore, Bottleneck::Target);
    assert_eq!(stage.press(&[Key::Ctrl('c')]), []);
    assert!(stage.text().contains("Stop now?"), "{}", stage.text());
    assert_eq!(stage.press(&[Key::Right, Key::Enter]), [Command::Stop]);
    assert_eq!(stage.press(&[Key::Ctrl('c')]), [], "it stops in order");
}

#[test]
fn a_question_before_a_restore_is_stopped() {
    let mut stage = busy(at_work(vga(), restore()), Phase::Restore, Bottleneck::Target);
    stage.press(&[Key::Esc]);
    assert_snapshot!(stage.text());
}

fn backed_up() -> BackupDone {
    BackupDone {
        disk: notebook().0,
        name: "notebook".to_owned(),
        folder: "\"Backups\" / notebook".to_owned(),
        fingerprint: "0123456789abcdef".repeat(4),
        content: 243 * GB,
        stored: 120 * GB,
        seconds: 1834,
        verified: true,
        lost: Vec::new(),
        drive_trouble: None,
    }
}

fn ended(done: Result<Done, Trouble>) -> (Stage, Vec<Command>) {
    let mut stage = at_work(vga(), backup(AtTheEnd::Stay));
    let commands = stage.tell(Message::Ended(Box::new(done)));
    (stage, commands)
}

#[test]
fn a_good_backup() {
    let (stage, commands) = ended(Ok(Done::BackUp(vec![backed_up()])));
    assert!(commands.iter().all(|command| matches!(command, Command::Look { .. })));
    assert_eq!(commands.len(), 3, "every disk is looked at again");
    assert_snapshot!(stage.in_colour());
}

fn with_losses() -> BackupDone {
    let lost = vec!["4096 bytes from byte 123456, partition 3, in Users/me/photo.jpg".to_owned()];
    BackupDone { lost, ..backed_up() }
}

#[test]
fn a_backup_of_a_failing_disk() {
    let (stage, _) = ended(Ok(Done::BackUp(vec![with_losses()])));
    assert_snapshot!(stage.in_colour());
}

fn restored() -> RestoreDone {
    RestoreDone {
        target: fresh().0,
        written: 243 * GB,
        seconds: 2000,
        compared: true,
        fingerprint: "ab".repeat(32),
        lost: Vec::new(),
        restart_needed: true,
    }
}

#[test]
fn a_disk_that_was_restored() {
    let (stage, _) = ended(Ok(Done::Restore(restored())));
    assert_snapshot!(stage.in_colour());
}

#[test]
fn a_disk_with_losses_that_was_not_read_back() {
    let done = RestoreDone { compared: false, lost: with_losses().lost, ..restored() };
    let (stage, _) = ended(Ok(Done::Restore(done)));
    let seen = stage.text();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let told = "but for what the backup never had. It was not read back.";
    assert!(words.join(" ").contains(told), "{seen}");
}

fn damaged() -> Done {
    Done::Check(CheckDone {
        name: "notebook".to_owned(),
        fingerprint: "ab".repeat(32),
        content: 243 * GB,
        stored: 120 * GB,
        seconds: 600,
        damage: vec![Damaged {
            place: "disk bytes 4194304 to 8388608: the stored bytes have another checksum".into(),
            volumes: vec!["partition 3 (NTFS)".to_owned()],
            files: vec!["Users/me/letter.txt".to_owned()],
        }],
        unlisted: 0,
        lost: Vec::new(),
    })
}

#[test]
fn a_damaged_backup() {
    let (stage, _) = ended(Ok(damaged()));
    assert_snapshot!(stage.text());
}

#[test]
fn damage_that_is_not_listed_is_counted() {
    let Done::Check(check) = damaged() else { panic!("no check") };
    let (stage, _) = ended(Ok(Done::Check(CheckDone { unlisted: 4711, ..check })));
    assert!(stage.text().contains("and 4711 more places"), "{}", stage.text());
}

#[test]
fn a_drive_that_is_ready() {
    let done = FormatDone { disk: fresh().0, filesystem: NewFilesystem::ExFat };
    let (stage, _) = ended(Ok(Done::Format(done)));
    assert!(stage.text().contains("√ The drive is ready for backups."), "{}", stage.text());
}

fn pulled_drive() -> Trouble {
    Trouble {
        end: Ending::Failed,
        what: "The drive with the backup no longer answers.".to_owned(),
        unharmed: "The disk that was being saved was only read.".to_owned(),
        next: "Check the cable and the power of the drive, then start again.".to_owned(),
        details: vec!["/dev/sda: writing 4096 bytes at byte 1048576: I/O error".to_owned()],
    }
}

#[test]
fn trouble_has_a_screen_of_its_own() {
    let (mut stage, _) = ended(Err(pulled_drive()));
    assert!(!stage.text().contains("/dev/sda"));
    stage.wait(2);
    stage.press(&[Key::Char('d')]);
    assert_snapshot!(stage.in_colour());
    stage.press(&[Key::Enter]);
    assert!(stage.text().contains("Back up this computer"), "{}", stage.text());
}

#[test]
fn a_result_is_not_closed_by_a_key_meant_for_what_was_before() {
    let (mut stage, _) = ended(Ok(Done::BackUp(vec![backed_up()])));
    stage.press(&[Key::Enter, Key::Esc]);
    assert!(stage.text().contains("The backup is good."), "{}", stage.text());
    stage.wait(1);
    stage.press(&[Key::Enter]);
    assert!(stage.text().contains("Back up this computer"), "{}", stage.text());
}

#[test]
fn a_drive_is_being_made_ready() {
    let mut stage = at_work(vga(), format());
    assert!(stage.text().contains("Making CT1000MX500SSD1"), "{}", stage.text());
    stage.state.shared.size = (20, 5);
    stage.now += Duration::from_secs(1);
    stage.text();
}
