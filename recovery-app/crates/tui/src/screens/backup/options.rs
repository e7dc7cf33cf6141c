//! The fourth step: the backup's name, how hard it is compressed, and what follows.

use std::path::PathBuf;

use hardware::Disk;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Preflight, name, sheet, which};
use crate::input::Key;
use crate::job::{AtTheEnd, BackupRequest, Compression, Source};
use crate::machine::{Place, Surroundings};
use crate::message::Command;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::field::Field;

const HELP: Topic = Topic::About(&[
    "What stands here is right for nearly everybody: Enter goes on.",
    "The name is that of the folder on the drive. Type to change it. With several disks each backup \
     gets a number after the name.",
    "Automatic compression makes the backup as small as it gets without taking longer. 'Fast' is \
     for old computers with a quick drive, 'small' for drives with little room.",
    "Reading the backup back finds out whether the drive has kept what was written to it. A backup \
     that was never read may be worth nothing.",
    "The computer is shut down only after the backup has come to its end. If anything fails it \
     stays on and says so.",
]);

/// What can be changed, from above to below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Name,
    Compression,
    Verify,
    AtTheEnd,
}

/// What has been chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    sources: Vec<Source>,
    drive: Disk,
    /// The volume that takes the backup.
    device: PathBuf,
    focus: Setting,
    name: Field,
    compression: Compression,
    verify: bool,
    at_the_end: AtTheEnd,
}

/// A guest does not end the computer.
fn settings(surroundings: Surroundings) -> &'static [Setting] {
    let all = &[Setting::Name, Setting::Compression, Setting::Verify, Setting::AtTheEnd];
    if surroundings == Surroundings::Guest { &all[..3] } else { all }
}

impl Setting {
    fn title(self) -> &'static str {
        match self {
            Self::Name => "Name of the backup",
            Self::Compression => "Compression",
            Self::Verify => "Read the backup back and prove it",
            Self::AtTheEnd => "At the end",
        }
    }
}

impl Options {
    pub fn new(sources: Vec<Source>, drive: Disk, device: PathBuf, shared: &Shared) -> Self {
        let mut options = Self {
            sources,
            drive,
            device,
            focus: Setting::Name,
            name: Field::default(),
            compression: Compression::default(),
            verify: true,
            at_the_end: AtTheEnd::default(),
        };
        let taken = options.taken(shared);
        let first = options.sources.first();
        let proposed =
            first.map(|first| name::proposed(&first.disk, options.sources.len(), &taken));
        options.name = Field::new(&proposed.unwrap_or_default(), name::LONGEST);
        options
    }

    fn place<'a>(&self, shared: &'a Shared) -> Option<&'a Place> {
        let look = shared.disks.attached(&self.drive)?.look()?;
        look.places.iter().find(|place| place.device == self.device)
    }

    fn taken(&self, shared: &Shared) -> Vec<String> {
        self.place(shared).map(name::taken).unwrap_or_default()
    }

    fn name_trouble(&self, shared: &Shared) -> Option<String> {
        name::trouble(self.name.text(), self.sources.len(), &self.taken(shared))
    }

    /// What keeps it from going on, beside the name.
    fn refusals(&self, shared: &Shared) -> Vec<String> {
        let sources = self.sources.iter().map(|source| &source.disk);
        let mut gone = which::out_of_reach(sources.chain([&self.drive]), shared);
        if gone.is_empty() && self.place(shared).is_none() {
            gone.push("The place that was chosen is not there any more: go back.".to_owned());
        }
        gone
    }

    fn request(&self, shared: &Shared) -> BackupRequest {
        let now =
            |disk: &Disk| shared.disks.attached(disk).map_or(disk, |known| &known.disk).clone();
        let source = |source: &Source| Source {
            disk: now(&source.disk),
            partitions: source.partitions.clone(),
        };
        BackupRequest {
            sources: self.sources.iter().map(source).collect(),
            destination: self.device.clone(),
            drive: now(&self.drive),
            name: self.name.text().to_owned(),
            compression: self.compression,
            verify: self.verify,
            at_the_end: self.at_the_end,
        }
    }

    fn go_on(&mut self, shared: &Shared) -> Reaction {
        if !self.refusals(shared).is_empty() {
            return Reaction::None;
        }
        if self.name_trouble(shared).is_some() {
            self.focus = Setting::Name;
            return Reaction::None;
        }
        let request = self.request(shared);
        let next = Preflight::new(request.clone(), shared.now);
        Reaction::OpenAndDo(Screen::Preflight(next), Command::PlanBackup(Box::new(request)))
    }

    /// To the setting so many places further down.
    fn step(&mut self, by: isize, around: bool, shared: &Shared) {
        let settings = settings(shared.surroundings);
        let place = settings.iter().position(|setting| *setting == self.focus).unwrap_or(0);
        let last = settings.len() - 1;
        let next = match place.checked_add_signed(by) {
            Some(next) if next <= last => next,
            Some(_) if around => 0,
            None if around => last,
            _ => place,
        };
        self.focus = settings[next];
    }

    fn go_to_letter(&mut self, letter: char, shared: &Shared) {
        let begins = |setting: &&Setting| {
            setting.title().starts_with(|first: char| first.eq_ignore_ascii_case(&letter))
        };
        if let Some(setting) = settings(shared.surroundings).iter().find(begins) {
            self.focus = *setting;
        }
    }

    /// The next or the one before of what the setting can be.
    fn change(&mut self, forth: bool) {
        match self.focus {
            Setting::Name => {}
            Setting::Compression => self.compression = turned(self.compression, forth),
            Setting::Verify => self.verify = !self.verify,
            Setting::AtTheEnd => {
                self.at_the_end = match self.at_the_end {
                    AtTheEnd::Stay => AtTheEnd::PowerOff,
                    AtTheEnd::PowerOff => AtTheEnd::Stay,
                };
            }
        }
    }
}

fn turned(compression: Compression, forth: bool) -> Compression {
    match (compression, forth) {
        (Compression::Auto, true) | (Compression::Small, false) => Compression::Fast,
        (Compression::Fast, true) | (Compression::Auto, false) => Compression::Small,
        (Compression::Small, true) | (Compression::Fast, false) => Compression::Auto,
    }
}

/// What is drawn of a setting.
impl Options {
    fn lines(&self, setting: Setting, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let has_keys = self.focus == setting;
        let (sign, style) =
            if has_keys { ("► ", theme::CHOSEN_FRAME) } else { ("  ", theme::STRONG) };
        let mut lines = vec![Line::from(vec![
            Span::styled(sign, theme::CHOSEN_FRAME),
            Span::styled(setting.title(), style),
        ])];
        lines.push(match setting {
            Setting::Name => {
                // As much as the indent is missing on a narrow screen.
                let room = width.saturating_sub(4).min(66);
                indented(self.name.line(usize::from(room), has_keys))
            }
            Setting::Compression => radio(
                &[
                    ("Automatic", self.compression == Compression::Auto),
                    ("Fast", self.compression == Compression::Fast),
                    ("Small", self.compression == Compression::Small),
                ],
                has_keys,
            ),
            Setting::Verify => radio(&[("Yes", self.verify), ("No", !self.verify)], has_keys),
            Setting::AtTheEnd => radio(
                &[
                    ("Stay on", self.at_the_end == AtTheEnd::Stay),
                    ("Shut down", self.at_the_end == AtTheEnd::PowerOff),
                ],
                has_keys,
            ),
        });
        let (words, style) = match self.explained(setting, shared) {
            Ok(words) => (words, theme::BASE),
            Err(alarm) => (format!("! {alarm}"), theme::WARNING),
        };
        lines
            .extend(sheet::words(&words, width.saturating_sub(4), style).into_iter().map(indented));
        lines
    }

    /// What it means, or what is wrong with it.
    fn explained(&self, setting: Setting, shared: &Shared) -> Result<String, String> {
        let words = match setting {
            Setting::Name => {
                if let Some(trouble) = self.name_trouble(shared) {
                    return Err(trouble);
                }
                match self.sources.len() {
                    0 | 1 => "Type to change it.".to_owned(),
                    count => {
                        let name = self.name.text();
                        format!("Type to change it. The backups: {name}-1 to {name}-{count}.")
                    }
                }
            }
            Setting::Compression => match self.compression {
                Compression::Auto => "As small as it gets without taking longer.",
                Compression::Fast => "For an old computer with a quick drive. Larger.",
                Compression::Small => "For a drive with little room. May take much longer.",
            }
            .to_owned(),
            Setting::Verify if self.verify => {
                "Shows that the drive has kept every byte. Takes some time more.".to_owned()
            }
            Setting::Verify => {
                return Err(
                    "Then nobody knows whether the drive kept what was written to it.".to_owned()
                );
            }
            Setting::AtTheEnd => match self.at_the_end {
                AtTheEnd::Stay => "The result waits for you on the screen.",
                AtTheEnd::PowerOff => "If anything fails, the computer stays on and says so.",
            }
            .to_owned(),
        };
        Ok(words)
    }
}

/// The things that a setting can be, side by side.
fn radio(choices: &[(&'static str, bool)], has_keys: bool) -> Line<'static> {
    let mut spans = Vec::new();
    for (words, chosen) in choices {
        let style = match (chosen, has_keys) {
            (true, true) => theme::CHOSEN,
            (true, false) => theme::STRONG,
            (false, _) => theme::BASE,
        };
        spans.push(Span::styled(if *chosen { "(•) " } else { "( ) " }, theme::BASE));
        spans.push(Span::styled(*words, style));
        spans.push(Span::raw("    "));
    }
    indented(Line::from(spans))
}

fn indented(mut line: Line<'static>) -> Line<'static> {
    line.spans.insert(0, Span::raw("    "));
    line
}

impl View for Options {
    fn title(&self) -> String {
        "Back up: how (step 4 of 5)".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        let change = match self.focus {
            Setting::Name => ("a-z", "type the name"),
            _ => ("← →", "change"),
        };
        vec![("↑ ↓", "choose"), change, ("Enter", "go on"), ("Esc", "back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.go_on(shared),
            Key::Up => self.step(-1, false, shared),
            Key::Down => self.step(1, false, shared),
            Key::BackTab => self.step(-1, true, shared),
            Key::Tab => self.step(1, true, shared),
            key if self.focus == Setting::Name => {
                self.name.press(key);
            }
            Key::Left => self.change(false),
            Key::Right | Key::Char(' ') => self.change(true),
            Key::Char(letter) => self.go_to_letter(letter, shared),
            _ => {}
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let to = format!("To: {}", card::identity(&self.drive));
        let mut lines = sheet::words(&to, area.width, theme::STRONG);
        lines.extend(sheet::alarms(&self.refusals(shared), area.width));
        lines.push(Line::default());
        // What has the keys must be in sight.
        let mut end = 0;
        for setting in settings(shared.surroundings) {
            lines.extend(self.lines(*setting, shared, area.width));
            if *setting == self.focus {
                end = lines.len();
            }
            lines.push(Line::default());
        }
        let hidden = end.saturating_sub(usize::from(area.height));
        let shown: Vec<Line<'_>> = lines.into_iter().skip(hidden).collect();
        frame.render_widget(Paragraph::new(shown).style(theme::BASE), area);
    }
}
