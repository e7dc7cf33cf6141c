use std::time::Duration;

use crate::console::Profile;
use crate::disks::{Change, Disks};
use crate::machine::Surroundings;
use crate::running::Running;
use crate::screens::Screen;
use crate::tool::{Facts, Layout};
use crate::widgets::card;

/// How long the news of a disk is shown.
const NEWS_FOR: Duration = Duration::from_secs(8);

/// After this time, counted from the start of the program, no driver is waited for any longer. On
/// computers with many disks it takes most of it until the first one is there.
const DRIVERS_LOADED: Duration = Duration::from_secs(30);

/// All that the screens show.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// What all screens share.
    pub shared: Shared,
    /// The screens that are open; the last one is shown.
    pub(crate) screens: Vec<Screen>,
}

/// What all screens share.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// What the terminal can show.
    pub profile: Profile,
    /// Columns and lines.
    pub size: (u16, u16),
    /// Time since the start.
    pub now: Duration,
    /// Where the program runs.
    pub surroundings: Surroundings,
    /// Something to be told on the home screen, such as that the program has crashed.
    pub notice: Option<String>,
    /// The disks.
    pub disks: Disks,
    /// Why the disks cannot be told.
    pub trouble: Option<String>,
    /// The work that goes on.
    pub running: Option<Running>,
    /// What there is to know about the computer, once it was asked for.
    pub facts: Option<Facts>,
    /// No key is taken before this time.
    pub(crate) deaf_until: Duration,
    /// The keyboard layout that was chosen.
    pub layout: Option<Layout>,
    /// What has just happened, and until when that is shown.
    pub(crate) news: Option<(String, Duration)>,
}

impl State {
    /// The first picture: the home screen, disks not known yet.
    #[must_use]
    pub fn new(
        profile: Profile,
        size: (u16, u16),
        surroundings: Surroundings,
        notice: Option<String>,
    ) -> Self {
        let shared = Shared {
            profile,
            size,
            now: Duration::ZERO,
            surroundings,
            notice,
            disks: Disks::default(),
            trouble: None,
            running: None,
            facts: None,
            deaf_until: Duration::ZERO,
            layout: None,
            news: None,
        };
        Self { shared, screens: vec![Screen::home()] }
    }
}

impl Shared {
    /// What has just happened, while it is new.
    #[must_use]
    pub fn news(&self) -> Option<&str> {
        self.news.as_ref().filter(|(_, until)| self.now < *until).map(|(text, _)| text.as_str())
    }

    /// No disk is there yet, and one may still come by itself: disks are asked for, and after a
    /// start their drivers are being loaded.
    #[must_use]
    pub fn is_searching(&self) -> bool {
        let is_starting = self.surroundings != Surroundings::Guest && self.now < DRIVERS_LOADED;
        self.disks.known().is_empty() && (!self.disks.listed || is_starting)
    }

    /// Something is to be typed, and the keyboard's layout was not chosen yet. Other terminals have
    /// layouts of their own.
    pub(crate) fn needs_layout(&self) -> bool {
        self.layout.is_none() && self.surroundings == Surroundings::Screen
    }

    /// Takes no key for so long from now on, or longer where that was so already.
    pub(crate) fn be_deaf(&mut self, time: Duration) {
        self.deaf_until = self.deaf_until.max(self.now + time);
    }

    pub(crate) fn tell(&mut self, text: String) {
        self.news = Some((text, self.now + NEWS_FOR));
    }

    pub(crate) fn tell_changes(&mut self, changes: &[Change]) {
        let told = match changes {
            [] => return,
            [Change::Arrived(disk)] => format!("Attached: {}", card::identity(disk)),
            [Change::Left(disk)] => format!("Taken out: {}", card::identity(disk)),
            several => format!("{} disks came or went.", several.len()),
        };
        self.tell(told);
    }
}
