//! The way through a backup: the keys to each step, and a drive's answers.

use hardware::Disk;
use tui::input::Key;
use tui::job::{
    AtTheEnd, BackupPlan, BackupRequest, Compression, Remark, Severity, Source, Trouble,
};
use tui::tool::Facts;
use tui::{Command, Look, Message};

use crate::computer::{backup_plan, notebook, usb_drive};
use crate::stage::{SCREEN, Stage, VGA};

/// A notebook and a USB drive, on the home screen.
pub fn stage() -> Stage {
    Stage::new(VGA, SCREEN).with(&[notebook(), usb_drive()])
}

/// The keys to a step, beside the first of them: which, what, where to, how, look.
pub fn to(step: usize) -> Vec<Key> {
    vec![Key::Enter; step]
}

/// What the keys alone lead to: all of the notebook's disk onto the USB drive.
pub fn plain_request() -> BackupRequest {
    BackupRequest {
        sources: vec![Source { disk: notebook().0, partitions: None }],
        destination: "/dev/sda1".into(),
        drive: usb_drive().0,
        name: "Samsung-SSD-970-EVO-Plus-500GB".to_owned(),
        compression: Compression::Auto,
        verify: true,
        at_the_end: AtTheEnd::Stay,
    }
}

/// The request that was asked about.
pub fn asked(commands: &[Command]) -> BackupRequest {
    let [.., Command::PlanBackup(request)] = commands else { panic!("{commands:?}") };
    (**request).clone()
}

/// The answer to a request, and time to read it.
pub fn answer(stage: &mut Stage, request: &BackupRequest, plan: Result<BackupPlan, Trouble>) {
    let message = Message::BackupPlanned(Box::new(request.clone()), Box::new(plan));
    assert_eq!(stage.tell(message), []);
    stage.wait(1);
}

/// On the last step, with this plan for the request.
pub fn at_the_end(stage: &mut Stage, change: impl FnOnce(&mut BackupPlan)) -> BackupRequest {
    let request = asked(&stage.press(&to(5)));
    let mut plan = backup_plan(&request);
    change(&mut plan);
    answer(stage, &request, Ok(plan));
    request
}

pub fn remark(severity: Severity, words: &str) -> Remark {
    Remark { severity, words: words.to_owned() }
}

pub fn facts() -> Facts {
    Facts { free_memory: Some(6_000_000_000), ..Facts::default() }
}

/// These words as keys.
pub fn typed(words: &str) -> Vec<Key> {
    words.chars().map(Key::Char).collect()
}

/// The words stand on the screen, wherever the lines are broken.
#[track_caller]
pub fn says(stage: &Stage, words: &str) {
    assert!(told(stage).contains(words), "{words:?} is not in\n{}", stage.text());
}

#[track_caller]
pub fn says_not(stage: &Stage, words: &str) {
    assert!(!told(stage).contains(words), "{words:?} is in\n{}", stage.text());
}

fn told(stage: &Stage) -> String {
    stage.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A made-up disk with its look changed.
pub fn with((disk, mut look): (Disk, Look), change: impl FnOnce(&mut Look)) -> (Disk, Look) {
    change(&mut look);
    (disk, look)
}
