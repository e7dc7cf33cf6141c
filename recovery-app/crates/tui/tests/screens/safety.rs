//! No key, whenever it is pressed and whatever happens meanwhile, overwrites a disk unless that
//! disk's word was typed on the screen that asks for it.

use hardware::{Bus, Disk};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tui::input::Key;
use tui::job::{
    BackupPlan, Ending, FormatDone, News, RestoreDone, RestorePlan, RestoreRequest, Trouble, Work,
};
use tui::{Command, DiskList, Look, Message};

use crate::computer::{disk, failing, fresh, notebook, restore_plan, usb_drive};
use crate::stage::{SCREEN, Stage, UEFI, VGA};

/// Something that happens.
#[derive(Debug, Clone)]
enum Act {
    Press(Key),
    /// So many steps of the straight way to a restore.
    Go {
        steps: usize,
    },
    /// Home, and then towards a restore as far as screens follow.
    SetOut,
    /// "Go on" in place of "Go back".
    GoOn,
    /// The word that the screen asks for, with so many of its letters, in capitals or not.
    TypeWord {
        letters: usize,
        capitals: bool,
    },
    Resize((u16, u16)),
    Wait(u64),
    /// Those of the disks whose bit is set are attached now.
    Attach(u8),
    /// All disks are taken out, and those of this world attached.
    Change(usize),
    /// What was asked is answered.
    Answer(Answer),
    /// Work ends.
    End {
        well: bool,
    },
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Plainly,
    WithRefusal,
    WithTrouble,
}

fn key() -> impl Strategy<Value = Key> {
    let moves = [
        Key::Enter,
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Backspace,
        Key::F(1),
    ];
    prop_oneof![
        4 => proptest::sample::select(moves.to_vec()),
        1 => proptest::char::range(' ', '~').prop_map(Key::Char),
        1 => any::<char>().prop_map(Key::Char),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => key().prop_map(Act::Press),
        4 => (1..5_usize).prop_map(|steps| Act::Go { steps }),
        1 => Just(Act::SetOut),
        4 => Just(Act::GoOn),
        4 => (0..6_usize, any::<bool>())
            .prop_map(|(letters, capitals)| Act::TypeWord { letters, capitals }),
        4 => Just(Act::TypeWord { letters: 4, capitals: true }),
        1 => prop_oneof![Just(VGA), Just(UEFI), Just((80, 24))].prop_map(Act::Resize),
        1 => (0..9_u64).prop_map(Act::Wait),
        1 => any::<u8>().prop_map(Act::Attach),
        1 => (0..5_u8).prop_map(|which| Act::Attach(!(1 << which))),
        1 => Just(Act::Attach(0xff)),
        1 => (0..WORLDS).prop_map(Act::Change),
        8 => Just(Act::Answer(Answer::Plainly)),
        1 => Just(Act::Answer(Answer::WithRefusal)),
        1 => Just(Act::Answer(Answer::WithTrouble)),
        3 => any::<bool>().prop_map(|well| Act::End { well }),
    ]
}

/// From the home screen to a restore.
fn straight() -> [Act; 4] {
    let word = Act::TypeWord { letters: 4, capitals: false };
    [Act::SetOut, Act::Answer(Answer::Plainly), Act::GoOn, word]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    vec(act(), 1..80)
}

const WORLDS: usize = 4;

/// The disks that may be attached: in some worlds the fresh one is the boot medium, or another one
/// in the same place, or the drives with backups are swapped.
fn disks(world: usize) -> Vec<(Disk, Look)> {
    let mut fresh = fresh();
    let mut drive = usb_drive();
    match world {
        1 => fresh.1.is_boot_medium = true,
        2 => fresh.0.serial = Some("OTHER0B7C".to_owned()),
        3 => drive.0.serial = Some("OTHER9F21".to_owned()),
        _ => {}
    }
    let twin = disk("sdf", "CT1000MX500SSD1", "2210E6169999", Bus::Sata, 1_000_204_886_016);
    vec![drive, fresh.clone(), notebook(), failing(), (twin, fresh.1)]
}

/// The screens, the computer behind them, and what has come of it.
struct Trial {
    stage: Stage,
    /// Attached now.
    disks: Vec<(Disk, Look)>,
    world: usize,
    bits: u8,
    asked: Vec<Command>,
    /// All plans that were told.
    plans: Vec<RestorePlan>,
    working: Option<Work>,
    /// Disks overwritten.
    begun: usize,
}

impl Trial {
    fn new() -> Self {
        let mut trial = Self {
            stage: Stage::new(VGA, SCREEN),
            disks: Vec::new(),
            world: 0,
            bits: 0xff,
            asked: Vec::new(),
            plans: Vec::new(),
            working: None,
            begun: 0,
        };
        trial.attach();
        trial.answer(Answer::Plainly);
        trial
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Press(key) => self.press(*key),
            Act::Go { steps } => straight().iter().take(*steps).for_each(|act| self.act(act)),
            Act::SetOut => {
                let home = [Key::Esc; 6];
                let keys = [Key::Home, Key::Char('r'), Key::Enter, Key::Enter, Key::Enter];
                home.into_iter().chain(keys).for_each(|key| self.press(key));
            }
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
                // No disk becomes another one while it is attached.
                self.tell(Message::Disks(Ok(DiskList::default())));
                self.attach();
            }
            Act::Answer(answer) => self.answer(*answer),
            Act::End { well } => self.end(*well),
        }
    }

    fn attach(&mut self) {
        let all = disks(self.world).into_iter().enumerate();
        self.disks = all.filter(|(at, _)| self.bits & (1 << at) != 0).map(|(_, it)| it).collect();
        let list = DiskList {
            disks: self.disks.iter().map(|(disk, _)| disk.clone()).collect(),
            touched: self.disks.iter().map(|(disk, _)| disk.name.clone()).collect(),
        };
        self.tell(Message::Disks(Ok(list)));
    }

    fn tell(&mut self, message: Message) {
        let commands = self.stage.tell(message);
        assert!(!commands.iter().any(|command| overwrites(command)), "{commands:?}");
        self.asked.extend(commands);
    }

    /// Presses a key; what follows is judged by the picture that the person saw.
    fn press(&mut self, key: Key) {
        let seen = self.stage.text();
        for command in self.stage.press(&[key]) {
            if overwrites(&command) {
                assert_eq!(key, Key::Enter);
                self.judge(&seen, &command);
                self.begun += 1;
            }
            if let Command::Begin(work) = &command {
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
        assert_eq!(now.identity(), target.identity(), "{seen}");
        assert!(!look.is_boot_medium, "{seen}");
        assert!(seen.lines().next().unwrap().contains("the last question"), "{seen}");
        assert!(seen.contains(&identity(target)), "{seen}");
        assert_eq!(target.confirmation_word(), word);
        assert!(asked_word(seen).unwrap().eq_ignore_ascii_case(&word), "{seen}");
        assert!(typed_word(seen).unwrap().eq_ignore_ascii_case(&word), "{seen}");
    }

    fn with_device(&self, device: &std::path::Path) -> &Disk {
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
                    let plan = BackupPlan {
                        disks: Vec::new(),
                        free: 1 << 40,
                        seconds: None,
                        remarks: Vec::new(),
                    };
                    self.tell(Message::BackupPlanned(request, Box::new(Ok(plan))));
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
        let is_there = |device: &std::path::Path| {
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
            Some(Work::Restore(confirmed)) if well => Ok(tui::job::Done::Restore(RestoreDone {
                target: confirmed.plan().request.target.clone(),
                written: 1,
                seconds: 1,
                compared: true,
                fingerprint: String::new(),
                lost: Vec::new(),
                restart_needed: false,
            })),
            Some(Work::Format(confirmed)) if well => Ok(tui::job::Done::Format(FormatDone {
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
    let tail = disk.confirmation_word().to_uppercase();
    let size = report::size::on_label(disk.size);
    format!("{}, {size}, {}, ...{tail}", disk.model.as_deref().unwrap(), disk.bus)
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

fn run(acts: &[Act]) -> usize {
    let mut trial = Trial::new();
    acts.iter().for_each(|act| trial.act(act));
    trial.begun
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_overwritten_without_its_word(acts in acts()) {
        run(&acts);
    }
}

/// Of a proof that nothing happens it has to be known that something could have.
#[test]
fn the_same_acts_do_reach_a_restore() {
    let mut runner = TestRunner::deterministic();
    let begun: usize =
        (0..150).map(|_| run(&acts().new_tree(&mut runner).unwrap().current())).sum();
    assert!(begun >= 20, "{begun} disks overwritten");
}

#[test]
fn the_straight_way_is_one() {
    let acts = straight();
    assert_eq!(run(&acts), 1);
    assert_eq!(run(&acts[1..]), 0);
    assert_eq!(run(&[&acts[..2], &acts[3..]].concat()), 0);
    assert_eq!(run(&acts[..3]), 0);
}
