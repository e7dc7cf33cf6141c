//! A disk's details, or the computer's.

use std::path::PathBuf;

use hardware::Disk;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use report::{disk_text, size};

use crate::input::Key;
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::tool::Facts;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::scroll::{self, Scroll};
use crate::widgets::text;

const ABOUT_DISKS: Topic = Topic::About(&[
    "This is all that is known of the disk, in a technician's words. The first word is its name on \
     the command line.",
    "SMART is the disk's own opinion of its health. A disk that calls itself good can fail all the \
     same; one with unreadable or replaced sectors should be saved soon.",
    "A partition is clean when the system that used it was shut down in order, dirty when it was \
     not, and hibernated when Windows sleeps in it. All of them can be saved as they are.",
]);

const ABOUT_COMPUTERS: Topic = Topic::About(&[
    "What the computer says of itself. The clock is that of its firmware, which may be set to the \
     local time; the dates of backups are taken from it.",
    "Hidden disks are those that the firmware keeps behind a RAID of its own ('Intel VMD', 'RST'). \
     Its setup program can show them: choose 'AHCI' for as long as you work with Remetal.",
]);

const ABOUT_LICENCES: Topic = Topic::About(&[
    "Remetal's version, and the other programs on the medium with their licences. The texts of the \
     licences are on the medium, in the folder 'remetal'.",
]);

/// What is told, and how far it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    subject: Subject,
    scroll: Scroll,
}

#[derive(Debug, Clone, PartialEq)]
enum Subject {
    /// The disk at this device node.
    Disk(PathBuf),
    Computer,
    About,
}

impl Details {
    /// A disk's.
    pub fn disk(disk: &Disk) -> Self {
        Self::new(Subject::Disk(disk.path.clone()))
    }

    /// The computer's.
    pub fn computer() -> Self {
        Self::new(Subject::Computer)
    }

    /// This program's.
    pub fn about() -> Self {
        Self::new(Subject::About)
    }

    fn new(subject: Subject) -> Self {
        Self { subject, scroll: Scroll::default() }
    }

    fn words(&self, shared: &Shared) -> Vec<String> {
        match (&self.subject, &shared.facts) {
            (Subject::Disk(path), _) => {
                let known = shared.disks.known().iter().find(|known| known.disk.path == *path);
                match known.and_then(|known| known.look()) {
                    Some(look) => {
                        disk_text::of_disk(&look.report).lines().map(str::to_owned).collect()
                    }
                    None => vec!["The disk is gone.".to_owned()],
                }
            }
            (_, None) => vec!["Being looked up ...".to_owned()],
            (Subject::Computer, Some(facts)) => computer(facts),
            (Subject::About, Some(facts)) => about(facts),
        }
    }

    fn lines(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let words = self.words(shared);
        words
            .iter()
            .flat_map(|line| {
                let indent = line.len() - line.trim_start().len();
                let margin = " ".repeat(indent.min(8));
                text::wrapped(line.trim_start(), &margin, width, theme::BASE)
            })
            .collect()
    }
}

fn computer(facts: &Facts) -> Vec<String> {
    let battery = facts.on_battery.map(|percent| format!("on battery, {percent} percent left"));
    let memory = facts.memory.map(|all| {
        let free = facts.free_memory.map(|free| format!(", {} free", size::in_words(free)));
        format!("{}{}", size::in_words(all), free.unwrap_or_default())
    });
    let pairs = [
        ("Computer", facts.computer.clone()),
        ("Processor", facts.processor.clone()),
        ("Memory", memory),
        ("Firmware", facts.firmware.clone()),
        ("Clock", facts.clock.clone().map(|clock| format!("{clock}, as the firmware has it"))),
        ("Power", battery),
        ("Hidden disks", facts.hidden_disks.clone()),
        ("Linux", facts.kernel.clone()),
    ];
    let told = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    told.map(|(name, value)| format!("{name:<14}{value}")).collect()
}

fn about(facts: &Facts) -> Vec<String> {
    let mut lines = vec![
        format!("Remetal {}", facts.version),
        "Saves whole disks of computers that do not start, and puts them back.".to_owned(),
        "Licensed under MIT or Apache 2.0, as you like.".to_owned(),
        String::new(),
        "On the medium are other programs, each under its own licence:".to_owned(),
    ];
    lines.extend(facts.licences.iter().map(|line| format!("  {line}")));
    lines
}

impl View for Details {
    fn title(&self) -> String {
        match self.subject {
            Subject::Disk(_) => "Disk details",
            Subject::Computer => "This computer",
            Subject::About => "About Remetal",
        }
        .to_owned()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let body = chrome::body(shared.size);
        let keys = scroll::keys(self.lines(shared, body.width).len(), body.height);
        keys.into_iter().chain([("F1", "help")]).collect()
    }

    fn help(&self) -> Option<Topic> {
        Some(match self.subject {
            Subject::Disk(_) => ABOUT_DISKS,
            Subject::Computer => ABOUT_COMPUTERS,
            Subject::About => ABOUT_LICENCES,
        })
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let body = chrome::body(shared.size);
        match key {
            Key::Esc | Key::Enter | Key::Left => return Reaction::Close,
            key => {
                self.scroll.press(key, self.lines(shared, body.width).len(), body.height);
            }
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        self.scroll.draw(self.lines(shared, area.width), area, frame);
    }
}
