//! The screens. Each takes keys and draws itself; what it wants done it gives back as a
//! [`Reaction`].

mod ask;
mod backup;
mod confirm;
mod focus;
mod home;
mod job;
mod page;
mod restore;
mod tools;
mod topic;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::input::Key;
use crate::job::{Done, Trouble, Work};
use crate::machine::End;
use crate::message::{Command, Message};
use crate::state::Shared;
use crate::widgets::chrome::KeyHint;
use ask::Ask;
use backup::{Destinations, NewDrive, Options, Parts, Preflight, Sources};
use confirm::Confirm;
use home::Home;
use job::{Ended, Progress, StopQuestion, TroubleScreen};
use page::Page;
use restore::{Backups, Proposal, Targets};
use tools::{Details, Disks, Keyboard, Logs, Text, Tools};
pub use topic::Topic;

/// A screen and what the person has chosen on it so far.
#[expect(clippy::large_enum_variant, reason = "no more than a handful are open at a time")]
#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// The disks and what can be done.
    Home(Home),
    /// Something to read.
    Page(Page),
    /// A question before the computer is ended.
    Ask(Ask),
    /// Backup: which disks.
    Sources(Sources),
    /// Backup: which of their partitions.
    Parts(Parts),
    /// Backup: where to.
    Destinations(Destinations),
    /// Backup: what a fresh drive gets.
    NewDrive(NewDrive),
    /// Backup: name, compression, and what follows.
    Options(Options),
    /// Backup: what will be done, and everything unusual.
    Preflight(Preflight),
    /// Restore or check: which backup.
    Backups(Backups),
    /// Restore: onto which disk.
    Targets(Targets),
    /// Restore: what will be done, and what is lost.
    Proposal(Proposal),
    /// The word that has to be typed before anything is overwritten.
    Confirm(Confirm),
    /// Work that goes on.
    Progress(Progress),
    /// A question before work is stopped.
    StopQuestion(StopQuestion),
    /// Work that came to its end.
    Ended(Ended),
    /// Something that was not done.
    Trouble(TroubleScreen),
    /// What technicians use.
    Tools(Tools),
    /// Which disk's details.
    Disks(Disks),
    /// A disk's details, or the computer's.
    Details(Details),
    /// The keyboard layout.
    Keyboard(Keyboard),
    /// The size of letters.
    Text(Text),
    /// Where the logs go.
    Logs(Logs),
}

/// The screen itself, whichever it is.
macro_rules! the_screen {
    ($self:ident) => {
        match $self {
            Self::Home(screen) => screen,
            Self::Page(screen) => screen,
            Self::Ask(screen) => screen,
            Self::Sources(screen) => screen,
            Self::Parts(screen) => screen,
            Self::Destinations(screen) => screen,
            Self::NewDrive(screen) => screen,
            Self::Options(screen) => screen,
            Self::Preflight(screen) => screen,
            Self::Backups(screen) => screen,
            Self::Targets(screen) => screen,
            Self::Proposal(screen) => screen,
            Self::Confirm(screen) => screen,
            Self::Progress(screen) => screen,
            Self::StopQuestion(screen) => screen,
            Self::Ended(screen) => screen,
            Self::Trouble(screen) => screen,
            Self::Tools(screen) => screen,
            Self::Disks(screen) => screen,
            Self::Details(screen) => screen,
            Self::Keyboard(screen) => screen,
            Self::Text(screen) => screen,
            Self::Logs(screen) => screen,
        }
    };
}

/// What a screen is and does.
pub trait View {
    /// The line above it.
    fn title(&self) -> String;

    /// The keys, for the line below it.
    fn keys(&self, shared: &Shared) -> Vec<KeyHint>;

    /// The page that explains it.
    fn help(&self) -> Option<Topic>;

    /// Takes a key.
    fn press(&mut self, key: Key, shared: &Shared) -> Reaction;

    /// Takes an answer that it may have been waiting for.
    fn hear(&mut self, _answer: &Message, _shared: &Shared) -> Reaction {
        Reaction::None
    }

    /// Takes note of what is going to be shown: what is proposed must not become something else
    /// under a finger that is already on its way to Enter.
    fn settle(&mut self, _shared: &Shared) {}

    /// Draws it.
    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>);
}

/// What a key leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// Nothing but what the screen itself shows.
    None,
    /// What an answer gives: the screen does something else on a key now than before.
    Changed,
    /// Another screen over this one.
    Open(Screen),
    /// Another screen over this one, and something to be done for it.
    OpenAndDo(Screen, Command),
    /// Another screen in place of this one.
    Replace(Screen),
    /// Back to the screen below.
    Close,
    /// Back to the first screen.
    Home,
    /// Something to be done.
    Do(Command),
    /// Back to the screen below, and something to be done.
    CloseAndDo(Command),
    /// Work: the screens that led to it are closed, and its progress is shown.
    Begin(Work),
}

impl Screen {
    pub fn home() -> Self {
        Self::Home(Home::default())
    }

    pub fn page(topic: Topic) -> Self {
        Self::Page(Page::new(topic))
    }

    pub fn ask(end: End) -> Self {
        Self::Ask(Ask::new(end, Vec::new()))
    }

    /// The same question when this is at work in other processes, a sentence for each.
    pub fn ask_despite(end: End, at_work: Vec<String>) -> Self {
        Self::Ask(Ask::new(end, at_work))
    }

    /// The first screen of a backup.
    pub fn back_up() -> Self {
        Self::Sources(Sources::default())
    }

    /// The first screen of a restore.
    pub fn restore() -> Self {
        Self::Backups(Backups::to_restore())
    }

    /// The first screen of a check.
    pub fn check() -> Self {
        Self::Backups(Backups::to_check())
    }

    /// What technicians use.
    pub fn tools() -> Self {
        Self::Tools(Tools::default())
    }

    /// The keyboard's layout.
    pub fn keyboard() -> Self {
        Self::Keyboard(Keyboard::default())
    }

    /// True where letters are typed, so that the keyboard's layout matters.
    pub fn is_typed_into(&self) -> bool {
        matches!(self, Self::Options(_) | Self::Confirm(_))
    }

    /// The progress of the work that has begun.
    pub fn progress() -> Self {
        Self::Progress(Progress)
    }

    /// What came of work. `stays_on`: the computer was to be powered off, and is not.
    pub fn ended(done: Done, stays_on: bool) -> Self {
        Self::Ended(Ended::new(done, stays_on))
    }

    /// What was not done.
    pub fn trouble(trouble: Trouble) -> Self {
        Self::Trouble(TroubleScreen::new(trouble))
    }

    fn view(&self) -> &dyn View {
        the_screen!(self)
    }

    fn view_mut(&mut self) -> &mut dyn View {
        the_screen!(self)
    }
}

impl View for Screen {
    fn title(&self) -> String {
        self.view().title()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        self.view().keys(shared)
    }

    fn help(&self) -> Option<Topic> {
        self.view().help()
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        self.view_mut().press(key, shared)
    }

    fn hear(&mut self, answer: &Message, shared: &Shared) -> Reaction {
        self.view_mut().hear(answer, shared)
    }

    fn settle(&mut self, shared: &Shared) {
        self.view_mut().settle(shared);
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        self.view().draw(shared, area, frame);
    }
}
