//! Work that came to its end: what was proven, and what to do now.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use report::size;

use super::words;
use crate::input::Key;
use crate::job::{BackupDone, CheckDone, Done, FormatDone, RestoreDone};
use crate::machine::{End, Surroundings};
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::scroll::Scroll;
use crate::widgets::text;

const HELP: Topic = Topic::About(&[
    "The screen says what was done, and what of it was proven: read again from the drive or the \
     disk itself, and compared with the fingerprints that were taken when it was first read.",
    "The fingerprint stands for every byte of the backup. Write it down if somebody else keeps the \
     drive: a backup with the same fingerprint is this one, unchanged.",
    "What could not be read is named. Everything else is as good as if it had not happened.",
]);

/// What came of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    done: Done,
    /// The computer was to be powered off, and is not.
    stays_on: bool,
    scroll: Scroll,
}

impl Ended {
    pub fn new(done: Done, stays_on: bool) -> Self {
        Self { done, stays_on, scroll: Scroll::default() }
    }

    fn lines(&self, width: u16) -> Vec<Line<'static>> {
        let mut text = Text { lines: Vec::new(), width: width.min(78) };
        match &self.done {
            Done::BackUp(backups) => {
                for done in backups {
                    backed_up(done, &mut text);
                }
                if self.stays_on {
                    text.title("The computer stays on");
                    text.say("It is powered off only when all has gone well.");
                }
                text.title("What to do now");
                // It is one and the same drive.
                if let Some(words) = backups.iter().find_map(|done| done.drive_trouble.as_ref()) {
                    text.list(std::slice::from_ref(words), theme::WARNING);
                }
                text.say(
                    "Keep the drive in a safe place, away from the computer. To bring the computer \
                     back, start Remetal with the drive attached and choose Restore.",
                );
            }
            Done::Restore(done) => restored(done, &mut text),
            Done::Check(done) => checked(done, &mut text),
            Done::Format(done) => formatted(done, &mut text),
        }
        text.lines
    }
}

/// Lines that are being written.
struct Text {
    lines: Vec<Line<'static>>,
    width: u16,
}

impl Text {
    fn styled(&mut self, words: &str, style: Style) {
        self.lines.extend(text::wrapped(words, "", self.width, style));
    }

    fn title(&mut self, words: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.styled(words, theme::STRONG);
    }

    fn say(&mut self, words: &str) {
        self.lines.extend(text::wrapped(words, "  ", self.width, theme::BASE));
    }

    fn list(&mut self, entries: &[String], style: Style) {
        for entry in entries {
            self.lines.extend(text::wrapped(&format!("- {entry}"), "  ", self.width, style));
        }
    }

    /// The verdict, and below it whom it is about.
    fn verdict(&mut self, good: bool, words: &str, about: &str) {
        let (sign, style) = if good { ("√", theme::GOOD) } else { ("!", theme::WARNING) };
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.styled(&format!("{sign} {words}"), style);
        self.say(about);
    }

    fn losses(&mut self, lost: &[String]) {
        if !lost.is_empty() {
            self.title("What could not be read from the old disk, and is not in the backup");
            self.list(lost, theme::WARNING);
        }
    }
}

fn backed_up(done: &BackupDone, text: &mut Text) {
    let words = match (done.verified, done.lost.is_empty()) {
        (true, true) => "The backup is good.",
        (true, false) => "The backup is made, but the disk could not give everything.",
        (false, true) => "The backup is made. It was not read back, so it is not proven.",
        (false, false) => {
            "The backup is made, but the disk could not give everything. It was not read back."
        }
    };
    text.verdict(done.verified && done.lost.is_empty(), words, &card::identity(&done.disk));
    text.title("What was done");
    text.say(&format!(
        "{} of content were saved as {} in {}.",
        size::in_words(done.content),
        size::in_words(done.stored),
        words::clock(Duration::from_secs(done.seconds))
    ));
    text.say(&format!("It lies in {}; report.txt in it says all this again.", done.folder));
    if done.verified {
        text.title("What was proven");
        text.say(
            "All of the backup was read again from the drive, and every piece agrees with what was \
             read from the disk.",
        );
        text.say(&format!("Fingerprint {}", done.fingerprint));
    }
    text.losses(&done.lost);
}

fn restored(done: &RestoreDone, text: &mut Text) {
    let words = match (done.compared, done.lost.is_empty()) {
        (true, true) => "The disk is restored and proven.",
        (false, true) => "The disk is restored. It was not read back, so it is not proven.",
        (_, false) => "The disk is restored, but for what the backup never had.",
    };
    text.verdict(done.compared && done.lost.is_empty(), words, &card::identity(&done.target));
    text.title("What was done");
    text.say(&format!(
        "{} were written in {}. Every piece of the backup agreed with its fingerprint.",
        size::in_words(done.written),
        words::clock(Duration::from_secs(done.seconds))
    ));
    if done.compared {
        text.title("What was proven");
        text.say(
            "All that was written was read again from the disk itself, and agrees with the backup.",
        );
    }
    text.losses(&done.lost);
    text.title("What to do now");
    text.say(
        "Take out the stick or disc with Remetal, and the drive with the backup. If the old disk \
         is still in the computer, take it out too: two disks that say they are the same confuse \
         every system. Then restart.",
    );
    if done.restart_needed {
        text.say("Restart before you use the disk: this system still shows it as it was before.");
    }
}

fn checked(done: &CheckDone, text: &mut Text) {
    let about = format!("'{}'", done.name);
    if done.damage.is_empty() {
        text.verdict(true, "The backup is good.", &about);
        text.title("What was proven");
        text.say(&format!(
            "All {} of the backup were read in {}. Every piece agrees with its fingerprint: {} of \
             disk content.",
            size::in_words(done.stored),
            words::clock(Duration::from_secs(done.seconds)),
            size::in_words(done.content)
        ));
        text.say(&format!("Fingerprint {}", done.fingerprint));
    } else {
        text.verdict(false, "The backup is damaged.", &about);
        text.title("What is damaged");
        for damage in &done.damage {
            text.list(std::slice::from_ref(&damage.place), theme::WARNING);
            text.list(&damage.volumes, theme::BASE);
            text.list(&damage.files, theme::BASE);
        }
        if done.unlisted > 0 {
            text.list(&[format!("and {} more places", done.unlisted)], theme::WARNING);
        }
        text.title("What is unharmed, and what to do now");
        text.say(
            "Everything else in it agrees with its fingerprint. Where something would be lost, \
             Remetal does not restore. Copy it again from another place if you have one; if the computer \
             still has its disk, make a new backup on another drive.",
        );
    }
    text.losses(&done.lost);
}

fn formatted(done: &FormatDone, text: &mut Text) {
    text.verdict(true, "The drive is ready for backups.", &card::identity(&done.disk));
    text.title("What to do now");
    text.say("Choose 'Back up this computer' on the first screen: the drive is offered there.");
}

impl View for Ended {
    fn title(&self) -> String {
        "Result".to_owned()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let mut keys = vec![("Enter", "first screen"), ("F1", "help")];
        let body = chrome::body(shared.size);
        if crate::widgets::scroll::overflows(self.lines(body.width).len(), body.height) {
            keys.insert(0, ("↑ ↓", "read on"));
        }
        if shared.surroundings != Surroundings::Guest {
            keys.extend([("R", "restart"), ("S", "shut down")]);
        }
        keys
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let body = chrome::body(shared.size);
        let may_end = shared.surroundings != Surroundings::Guest;
        match key {
            Key::Enter | Key::Esc => return Reaction::Home,
            Key::Char('r' | 'R') if may_end => return Reaction::Open(Screen::ask(End::Restart)),
            Key::Char('s' | 'S') if may_end => return Reaction::Open(Screen::ask(End::PowerOff)),
            key => {
                self.scroll.press(key, self.lines(body.width).len(), body.height);
            }
        }
        Reaction::None
    }

    fn draw(&self, _shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        self.scroll.draw(self.lines(area.width), area, frame);
    }
}
