//! The last step: what will be done, and everything unusual, before it begins.

use std::time::Duration;

use hardware::Disk;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{remarks, sheet, told, which};
use crate::input::Key;
use crate::job::{BackupPlan, BackupRequest, Remark, Severity, Work};
use crate::message::{Command, Message};
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::scroll::{self, Scroll};

const HELP: Topic = Topic::About(&[
    "This is what will be done. Nothing was written so far; Esc goes back to change something.",
    "The bars show what is where on the disks, to scale. A backup holds what is in use, made smaller; \
     how small it gets shows only while it is made. 'At most' is what it takes if nothing gets \
     smaller.",
    "Lines with an exclamation mark tell what is unusual and what follows from it. Read them first. \
     With some of them the arrow stands on 'Go back' until you move it.",
    "Parts that are encrypted or that Remetal does not understand are saved with their free space: \
     nobody can tell what of them is in use.",
    "While the backup is made you can stop it at any moment. The disk that is saved is only read.",
]);

/// A look that takes longer than this is worth a word.
const LONG: Duration = Duration::from_secs(15);

/// What will be done, once that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Preflight {
    request: BackupRequest,
    /// When the question was asked.
    since: Duration,
    plan: Option<BackupPlan>,
    /// Whether Enter begins, once a key has said so.
    begins: Option<bool>,
    scroll: Scroll,
}

impl Preflight {
    pub fn new(request: BackupRequest, now: Duration) -> Self {
        Self { request, since: now, plan: None, begins: None, scroll: Scroll::default() }
    }

    fn disks(&self) -> impl Iterator<Item = &Disk> {
        self.request.sources.iter().map(|source| &source.disk).chain([&self.request.drive])
    }

    /// Everything unusual, the gravest first.
    fn remarks(&self, plan: &BackupPlan, shared: &Shared) -> Vec<Remark> {
        let gone = which::out_of_reach(self.disks(), shared).into_iter();
        let gone = gone.map(|words| Remark { severity: Severity::Refusal, words });
        let mut remarks: Vec<Remark> = gone.chain(plan.remarks.iter().cloned()).collect();
        for remark in remarks::of(&self.request, shared) {
            if remarks.iter().all(|before| before.words != remark.words) {
                remarks.push(remark);
            }
        }
        remarks.sort_by_key(|remark| remark.severity);
        remarks
    }

    /// Whether Enter begins; `None` while, or because, it cannot begin.
    fn answer(&self, shared: &Shared) -> Option<bool> {
        match self.remarks(self.plan.as_ref()?, shared).first().map(|remark| remark.severity) {
            Some(Severity::Refusal) => None,
            Some(Severity::Danger) => Some(self.begins.unwrap_or(false)),
            _ => Some(self.begins.unwrap_or(true)),
        }
    }

    fn lines(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        match &self.plan {
            Some(plan) => {
                let remarks = self.remarks(plan, shared);
                told::lines(&self.request, plan, &remarks, shared, width)
            }
            None => self.waiting(shared, width),
        }
    }

    fn waiting(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let words = |words: &str| sheet::words(words, width, theme::BASE);
        let mut lines =
            sheet::words("Looking at the disks and the drive ...", width, theme::STRONG);
        lines.push(Line::default());
        lines.extend(words(
            "A little of each is read, to tell how large the backup gets and how long it takes. \
             Nothing is written.",
        ));
        lines.push(Line::default());
        lines.extend(words("It waits for:"));
        let disks = self.disks().map(|disk| format!("  - {}", card::identity(disk)));
        lines.extend(disks.flat_map(|disk| words(&disk)));
        let waited = shared.now.saturating_sub(self.since);
        let mut alarms = which::out_of_reach(self.disks(), shared);
        if waited >= LONG {
            alarms.push(format!(
                "This takes longer than usual: {} seconds so far. A disk that answers slowly may be \
                 failing. Esc goes back.",
                waited.as_secs()
            ));
        }
        if !alarms.is_empty() {
            lines.push(Line::default());
            lines.extend(sheet::alarms(&alarms, width));
        }
        lines
    }

    fn go_on(&self, shared: &Shared) -> Reaction {
        match self.answer(shared) {
            Some(true) => Reaction::Begin(Work::BackUp(Box::new(self.request.clone()))),
            None if self.plan.is_none() => Reaction::None,
            Some(false) | None => Reaction::Close,
        }
    }

    /// Whether not all lines are in sight, and how many there are in how much height.
    fn extent(&self, shared: &Shared) -> (bool, usize, u16) {
        let body = chrome::body(shared.size);
        let lines = self.lines(shared, body.width).len();
        let (words, _) = places(body, lines);
        (scroll::overflows(lines, words.height), lines, words.height)
    }
}

/// The words, and the answers below them.
fn places(area: Rect, lines: usize) -> (Rect, Rect) {
    let foot = if area.height >= 4 { 2 } else { 1 };
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    let room = area.height.saturating_sub(foot);
    let [words, foot] =
        Layout::vertical([Constraint::Length(lines.min(room)), Constraint::Length(foot)])
            .areas(area);
    let answers = Rect { y: foot.bottom().saturating_sub(1), height: foot.height.min(1), ..foot };
    (words, answers)
}

fn answers(begins: Option<bool>) -> Line<'static> {
    let answer = |words: &str, chosen: bool| {
        let (sign, style) = if chosen { ("► ", theme::CHOSEN) } else { ("  ", theme::BASE) };
        [Span::styled(sign, theme::CHOSEN_FRAME), Span::styled(format!("{words} "), style)]
    };
    let mut spans = answer("Go back", begins != Some(true)).to_vec();
    if let Some(begins) = begins {
        spans.push(Span::raw("    "));
        spans.extend(answer("Begin the backup", begins));
    }
    Line::from(spans)
}

impl View for Preflight {
    fn title(&self) -> String {
        "Back up: what will be done (step 5 of 5)".to_owned()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let mut keys = Vec::new();
        if self.extent(shared).0 {
            keys.push(("↑ ↓", "read on"));
        }
        match self.answer(shared) {
            Some(true) => keys.extend([("← →", "choose"), ("Enter", "begin")]),
            Some(false) => keys.extend([("← →", "choose"), ("Enter", "go back")]),
            None => {}
        }
        keys.extend([("Esc", "back"), ("F1", "help")]);
        keys
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let (overflows, lines, height) = self.extent(shared);
        match key {
            Key::Esc if self.plan.is_none() => return Reaction::CloseAndDo(Command::ForgetPlan),
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.go_on(shared),
            Key::Up | Key::Down if overflows => {
                self.scroll.press(key, lines, height);
            }
            Key::Left | Key::Right | Key::Up | Key::Down | Key::Tab | Key::BackTab => {
                self.begins = self.answer(shared).map(|begins| !begins);
            }
            Key::Char('g' | 'G') => self.begins = self.answer(shared).map(|_| false),
            Key::Char('b' | 'B') => self.begins = self.answer(shared).map(|_| true),
            key => {
                self.scroll.press(key, lines, height);
            }
        }
        Reaction::None
    }

    fn hear(&mut self, answer: &Message, _shared: &Shared) -> Reaction {
        let Message::BackupPlanned(request, result) = answer else { return Reaction::None };
        if **request != self.request || self.plan.is_some() {
            return Reaction::None;
        }
        match &**result {
            Ok(plan) => {
                self.plan = Some(plan.clone());
                Reaction::Changed
            }
            Err(trouble) => Reaction::Replace(Screen::trouble(trouble.clone())),
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let lines = self.lines(shared, area.width);
        let (words, foot) = places(area, lines.len());
        self.scroll.draw(lines, words, frame);
        if self.plan.is_some() {
            frame.render_widget(answers(self.answer(shared)), foot);
        }
    }
}
