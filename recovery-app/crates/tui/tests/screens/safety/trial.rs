//! A computer whose disks come and go, and the judge of what its screens begin.

use std::path::Path;

use hardware::{Bus, Disk};
use tui::input::Key;
use tui::job::{
    Done, Ending, FormatDone, News, RestoreDone, RestorePlan, RestoreRequest, Trouble, Work,
};
use tui::{Command, DiskList, Look, Message};

use super::{Act, Answer, straight};
use crate::computer::{backup_plan, disk, failing, fresh, notebook, restore_plan, usb_drive};
use crate::stage::{SCREEN, Stage, VGA};

/// Kinds of [`disks`].
pub const WORLDS: usize = 5;

/// The disks that may be attached: in some worlds the fresh one is the boot medium, or another one
/// in the same place, or the drives with backups are swapped, or another one tells its serial
/// number.
fn disks(world: usize) -> Vec<(Disk, Look)> {
    let mut fresh = fresh();
    let mut drive = usb_drive();
    match world {
        1 => fresh.1.is_boot_medium = true,
        2 => fresh.0.serial = Some("OTHER0B7C".to_owned()),
        3 => drive.0.serial = Some("OTHER9F21".to_owned()),
        _ => {}
    }
    let serial = if world == 4 { "2210E6160B7C" } else { "2210E6169999" };
    let twin = disk("sdf", "CT1000MX500SSD1", serial, Bus::Sata, 1_000_204_886_016);
    vec![drive, fresh.clone(), notebook(), failing(), (twin, fresh.1)]
}

/// How many disks were overwritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Begun {
    pub restores: usize,
    pub formats: usize,
}

/// The screens, the computer behind them, and what has come of it.
pub struct Trial {
    stage: Stage,
    /// Attached now.
    disks: Vec<(Disk, Look)>,
    world: usize,
    bits: u8,
    /// How often a disk was attached.
    arrivals: u64,
    asked: Vec<Command>,
    /// All plans that were told.
    plans: Vec<RestorePlan>,
    working: Option<Work>,
    /// Restores and formats that were begun.
    pub begun: Begun,
}

impl Trial {
    pub fn new() -> Self {
        let mut trial = Self {
            stage: Stage::new(VGA, SCREEN),
            disks: Vec::new(),
            world: 0,
            bits: 0xff,
            arrivals: 0,
            asked: Vec::new(),
            plans: Vec::new(),
            working: None,
            begun: Begun::default(),
        };
        // Which keyboard it is will be asked on the way.
        trial.stage.state.shared.layout = None;
        trial.attach();
        trial.answer(Answer::Plainly);
        trial
    }

    pub fn act(&mut self, act: &Act) {
        match act {
            Act::Press(key) => self.press(*key),
            Act::Go { steps } => straight().iter().take(*steps).for_each(|act| self.act(act)),
            Act::SetOut => self.set_out(['r', '\n', '\n', '\n']),
            Act::SetOutToFormat => self.set_out(['b', '\n', '\n', '\n', 'm', '\n', '\n']),
            Act::GoOn => [Key::Right, Key::Enter].into_iter().for_each(|key| self.press(key)),
            Act::TypeWord { letters, capitals } => self.type_word(*letters, *capitals),
            Act::Resize((columns, rows)) => self.tell(Message::Resized(*columns, *rows)),
            Act::Wait(seconds) => self.stage.wait(*seconds),
            Act::Attach(bits) => {
                self.bits = *bits;
                self.attach();
            }
            Act::Change(world) => {
                self.world = *world;
                // So quickly that nobody sees the places empty.
                self.disks.clear();
                self.attach();
            }
            Act::Answer(answer) => self.answer(*answer),
            Act::End { well } => self.end(*well),
        }
    }

    /// Home, and then by these keys.
    fn set_out<const COUNT: usize>(&mut self, keys: [char; COUNT]) {
        let keys = keys.map(|key| if key == '\n' { Key::Enter } else { Key::Char(key) });
        [Key::Esc; 8].into_iter().chain(keys).for_each(|key| self.press(key));
    }

    fn attach(&mut self) {
        let all = disks(self.world).into_iter().enumerate();
        let before = std::mem::take(&mut self.disks);
        self.disks = all.filter(|(at, _)| self.bits & (1 << at) != 0).map(|(_, it)| it).collect();
        for (disk, _) in &mut self.disks {
            let stayed = before.iter().find(|(known, _)| known.name == disk.name);
            disk.arrival = stayed.map_or_else(
                || {
                    self.arrivals += 1;
                    Some(self.arrivals)
                },
                |(known, _)| known.arrival,
            );
        }
        let mut disks: Vec<Disk> = self.disks.iter().map(|(disk, _)| disk.clone()).collect();
        hardware::mark_doubles(&mut disks);
        self.disks.iter_mut().zip(&disks).for_each(|((disk, _), marked)| disk.clone_from(marked));
        let list = DiskList {
            disks,
            touched: self.disks.iter().map(|(disk, _)| disk.name.clone()).collect(),
            ..DiskList::default()
        };
        self.tell(Message::Disks(Ok(list)));
    }

    fn tell(&mut self, message: Message) {
        let commands = self.stage.tell(message);
        assert!(!commands.iter().any(overwrites), "{commands:?}");
        self.asked.extend(commands);
    }

    /// Presses a key; what follows is judged by the picture that the person saw.
    fn press(&mut self, key: Key) {
        let before = self.stage.state.clone();
        for command in self.stage.press(&[key]) {
            if overwrites(&command) {
                assert_eq!(key, Key::Enter);
                let seen = Stage { state: before.clone(), now: self.stage.now }.text();
                self.judge(&seen, &command);
            }
            if let Command::Begin(work) = &command {
                self.begun.restores += usize::from(matches!(work, Work::Restore(_)));
                self.begun.formats += usize::from(matches!(work, Work::Format(_)));
                self.working = Some(work.clone());
            }
            self.asked.push(command);
        }
    }

    fn type_word(&mut self, letters: usize, capitals: bool) {
        // It may be asked first which keyboard it is.
        if self.stage.text().trim_start().starts_with("Keyboard layout") {
            self.press(Key::Esc);
        }
        let Some(word) = asked_word(&self.stage.text()) else { return };
        for letter in word.chars().take(letters) {
            let letter = if capitals { letter } else { letter.to_ascii_lowercase() };
            self.press(Key::Char(letter));
        }
        self.press(Key::Enter);
    }

    fn judge(&self, seen: &str, command: &Command) {
        let (target, word) = match command {
            Command::Begin(Work::Restore(confirmed)) => {
                let plan = confirmed.plan();
                let told = self.plans.iter().any(|told| {
                    let compare = plan.request.compare;
                    let request = RestoreRequest { compare, ..told.request.clone() };
                    *plan == RestorePlan { request, ..told.clone() }
                });
                assert!(told && plan.refusals.is_empty(), "{plan:?}");
                let source = self.with_device(&plan.request.backup.device);
                assert_ne!(source.path, plan.request.target.path, "{seen}");
                assert!(confirmed.word().eq_ignore_ascii_case(&plan.word));
                (&plan.request.target, plan.word.clone())
            }
            Command::Begin(Work::Format(confirmed)) => {
                (&confirmed.request().disk, confirmed.request().word())
            }
            other => panic!("{other:?}"),
        };
        let (now, look) = self.disks.iter().find(|(disk, _)| disk.path == target.path).unwrap();
        assert!(now.is_still(target), "{seen}");
        assert!(!look.is_boot_medium, "{seen}");
        assert!(seen.lines().next().unwrap().contains("the last question"), "{seen}");
        assert!(seen.contains(&identity(target)), "{seen}");
        assert_eq!(
            (now.confirmation_word(), target.confirmation_word()),
            (word.clone(), word.clone())
        );
        assert!(asked_word(seen).unwrap().eq_ignore_ascii_case(&word), "{seen}");
        assert!(typed_word(seen).unwrap().eq_ignore_ascii_case(&word), "{seen}");
    }

    fn with_device(&self, device: &Path) -> &Disk {
        let mut attached = self.disks.iter().map(|(disk, _)| disk);
        attached.find(|disk| disk.nodes().iter().any(|node| node == device)).unwrap()
    }

    fn answer(&mut self, answer: Answer) {
        for command in std::mem::take(&mut self.asked) {
            match command {
                Command::Look { ticket, disk } => {
                    let found = self.disks.iter().find(|(known, _)| known.path == disk.path);
                    let look = found.map(|(_, look)| look.clone()).unwrap_or_default();
                    self.tell(Message::Looked { ticket, look: Box::new(look) });
                }
                Command::PlanRestore(request) => {
                    let plan = self.plan(&request, answer);
                    self.plans.extend(plan.clone().ok());
                    self.tell(Message::RestorePlanned(request, Box::new(plan)));
                }
                Command::PlanBackup(request) => {
                    let plan = backup_plan(&request);
                    self.tell(Message::BackupPlanned(request, Box::new(Ok(plan))));
                    self.stage.wait(1);
                }
                Command::Use(tool) => self.tell(Message::Used(tool, Ok("It is done.".to_owned()))),
                Command::Begin(_) => {
                    self.tell(Message::News(News::Note("A note.".to_owned())));
                }
                _ => {}
            }
        }
    }

    fn plan(&self, request: &RestoreRequest, answer: Answer) -> Result<RestorePlan, Trouble> {
        let is_there = |device: &Path| {
            self.disks.iter().any(|(disk, _)| disk.nodes().iter().any(|node| node == device))
        };
        if !is_there(&request.backup.device) || !is_there(&request.target.path) {
            return Err(Trouble::refused("It was taken out."));
        }
        let plan = restore_plan(request, &self.disks);
        match answer {
            Answer::Plainly => Ok(plan),
            Answer::WithRefusal => {
                Ok(RestorePlan { refusals: vec!["It cannot be.".to_owned()], ..plan })
            }
            Answer::WithTrouble => Err(Trouble::refused("It cannot be.")),
        }
    }

    fn end(&mut self, well: bool) {
        let end = match self.working.take() {
            Some(Work::Restore(confirmed)) if well => Ok(Done::Restore(RestoreDone {
                target: confirmed.plan().request.target.clone(),
                written: 1,
                seconds: 1,
                compared: true,
                fingerprint: String::new(),
                lost: Vec::new(),
                restart_needed: false,
            })),
            Some(Work::Format(confirmed)) if well => Ok(Done::Format(FormatDone {
                disk: confirmed.request().disk.clone(),
                filesystem: confirmed.request().filesystem,
            })),
            Some(_) => Err(Trouble { end: Ending::Stopped, ..Trouble::refused("It was stopped.") }),
            None => return,
        };
        self.tell(Message::Ended(Box::new(end)));
        self.stage.wait(2);
    }
}

fn overwrites(command: &Command) -> bool {
    matches!(command, Command::Begin(Work::Restore(_) | Work::Format(_)))
}

/// As it stands on the screen.
fn identity(disk: &Disk) -> String {
    let tail = disk.serial_tail().unwrap().to_uppercase();
    let size = report::size::on_label(disk.size);
    let name = if disk.has_double { format!(", {}", disk.name) } else { String::new() };
    format!("{}, {size}, {}, ...{tail}{name}", disk.model.as_deref().unwrap(), disk.bus)
}

/// The word that the last question asks for: the line that is nothing but one.
fn asked_word(seen: &str) -> Option<String> {
    let asks = seen.lines().position(|line| line.contains("press Enter:"))?;
    let word = seen.lines().skip(asks + 1).map(str::trim).find(|line| !line.is_empty())?;
    (!word.contains(' ')).then(|| word.to_owned())
}

/// What is in the field.
fn typed_word(seen: &str) -> Option<String> {
    let field = seen.lines().find_map(|line| line.trim_start().strip_prefix("► ["))?;
    Some(field.split(']').next()?.trim_end_matches('_').trim().to_owned())
}
