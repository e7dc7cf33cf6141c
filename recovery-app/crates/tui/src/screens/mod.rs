//! The screens. Each takes keys and draws itself; what it wants done it gives back as a
//! [`Reaction`].

mod ask;
mod guide;
mod home;
mod page;
mod topic;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::input::Key;
use crate::machine::End;
use crate::message::Command;
use crate::state::Shared;
use crate::widgets::chrome::KeyHint;
use ask::Ask;
use home::Home;
use page::Page;
pub use topic::Topic;

/// A screen and what the person has chosen on it so far.
#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// The disks and what can be done.
    Home(Home),
    /// Something to read.
    Page(Page),
    /// A question before the computer is ended.
    Ask(Ask),
}

/// What a key leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// Nothing but what the screen itself shows.
    None,
    /// Another screen over this one.
    Open(Screen),
    /// Back to the screen below.
    Close,
    /// Something to be done.
    Do(Command),
    /// Back to the screen below, and something to be done.
    CloseAndDo(Command),
}

impl Screen {
    pub fn home() -> Self {
        Self::Home(Home::default())
    }

    pub fn page(topic: Topic) -> Self {
        Self::Page(Page::new(topic))
    }

    pub fn ask(end: End) -> Self {
        Self::Ask(Ask::new(end))
    }

    /// The line above it.
    pub fn title(&self) -> String {
        match self {
            Self::Home(_) => "Save this computer, or bring it back".to_owned(),
            Self::Page(page) => page.topic.title().to_owned(),
            Self::Ask(ask) => ask.title().to_owned(),
        }
    }

    /// The keys, for the line below it.
    pub fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        match self {
            Self::Home(home) => home.keys(shared),
            Self::Page(page) => page.keys(shared),
            Self::Ask(_) => ask::KEYS.to_vec(),
        }
    }

    /// The page that explains it.
    pub fn help(&self) -> Option<Topic> {
        match self {
            Self::Home(_) => Some(Topic::AboutHome),
            Self::Page(page) => page.topic.help(),
            Self::Ask(_) => Some(Topic::AboutEnd),
        }
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        match self {
            Self::Home(home) => home.press(key, shared),
            Self::Page(page) => page.press(key, shared),
            Self::Ask(ask) => ask.press(key),
        }
    }

    /// Draws it.
    pub fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        match self {
            Self::Home(home) => home::draw(home, shared, area, frame),
            Self::Page(page) => page.draw(shared, area, frame),
            Self::Ask(ask) => ask.draw(area, frame),
        }
    }
}
