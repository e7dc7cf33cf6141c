//! Restore: what will happen, what will be lost.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::backup::Backup;
use super::{WIDEST, obstacle, picture, target};
use crate::disks::Known;
use crate::holdings::Holdings;
use crate::input::Key;
use crate::job::{RestorePlan, RestoreRequest, Trouble};
use crate::machine::Look;
use crate::message::Message;
use crate::screens::confirm::Confirm;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::scroll::{self, Scroll};
use crate::widgets::text;

const HELP: Topic = Topic::About(&[
    "This is what the restore would do. Nothing has been written so far, and nothing is until you \
     have answered one more question.",
    "The two bars are the disk as it is now and as it will be, drawn to the same scale: each part \
     as wide as it is large, and filled as far as it is used.",
    "Read what will be lost. If you miss something there that you still need, go back and save \
     that disk first, or choose another one.",
    "R chooses whether everything is read back from the disk afterwards and compared with the \
     backup. That takes about as long again, and is the only proof that the disk kept it.",
    "'Go on' is done only when you move to it, by the arrow keys or Tab.",
]);

/// Lines below the plan: the switch, a gap, the answers.
const ANSWER_LINES: usize = 4;

/// What was asked for, what came back, and what is chosen here.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    backup: Backup,
    request: RestoreRequest,
    /// What was on the disk when it was chosen.
    chosen_with: Option<Holdings>,
    /// None before the answer has come.
    plan: Option<RestorePlan>,
    compare: bool,
    /// The answer that Enter gives.
    goes_on: bool,
    scroll: Scroll,
}

impl Proposal {
    /// The proposal to put a backup onto a disk, before it is known what that means.
    pub fn new(backup: Backup, target: &Known) -> Self {
        let request = RestoreRequest {
            backup: backup.id().clone(),
            target: target.disk.clone(),
            compare: true,
        };
        Self {
            backup,
            request,
            chosen_with: target.look().map(Look::holdings),
            plan: None,
            compare: true,
            goes_on: false,
            scroll: Scroll::default(),
        }
    }

    pub fn request(&self) -> &RestoreRequest {
        &self.request
    }

    /// What has changed since the disk was chosen, so that it cannot go on.
    fn obstacle(&self, shared: &Shared) -> Option<String> {
        if let Some(obstacle) = obstacle(shared, &self.request) {
            return Some(format!("{obstacle} Nothing was written."));
        }
        if !self.backup.is_there(shared) {
            return Some("The backup cannot be seen on its drive any more.".to_owned());
        }
        let target = shared.disks.attached(&self.request.target)?;
        if let Some(refusal) = target::refusal(target, &self.backup, shared) {
            return Some(format!("The disk cannot be overwritten now: {refusal}."));
        }
        let changed = "What is on the disk has changed since you chose it. Go back and look again.";
        (target.look().map(Look::holdings) != self.chosen_with).then(|| changed.to_owned())
    }

    /// The plan, when nothing is in its way.
    fn way_on(&self, shared: &Shared) -> Option<&RestorePlan> {
        let plan = self.plan.as_ref()?;
        (plan.refusals.is_empty() && self.obstacle(shared).is_none()).then_some(plan)
    }

    fn answer(&self, shared: &Shared) -> Reaction {
        match self.way_on(shared) {
            Some(plan) if self.goes_on => {
                let mut plan = plan.clone();
                plan.request.compare = self.compare;
                Reaction::Open(Screen::Confirm(Confirm::restore(plan)))
            }
            // Enter has only just been pressed on the screen before.
            None if self.plan.is_none() => Reaction::None,
            _ => Reaction::Close,
        }
    }

    fn lines(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let Some(plan) = &self.plan else {
            let words = "Reading the backup's table of contents and looking at the disk ... \
                         Nothing is written.";
            return text::wrapped(words, "", width.min(WIDEST), theme::BASE);
        };
        let target = shared.disks.attached(&self.request.target).and_then(Known::look);
        picture::lines(plan, &self.backup, target, width)
    }

    /// What is below the plan: what is in the way, or the switch; and the answers.
    fn foot(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let mut lines = vec![Line::default()];
        if let Some(obstacle) = self.obstacle(shared) {
            lines.extend(text::hanging("! ", &obstacle, width.min(WIDEST), theme::WARNING));
        } else if self.way_on(shared).is_some() {
            let mark = if self.compare { "[x]" } else { "[ ]" };
            lines.push(Line::from(vec![
                Span::styled("R ", theme::STRONG),
                Span::styled(
                    format!("{mark} read everything back afterwards and compare"),
                    theme::BASE,
                ),
            ]));
        }
        if self.plan.is_some() {
            lines.push(Line::default());
            lines.push(self.answers(shared));
        }
        lines
    }

    fn answers(&self, shared: &Shared) -> Line<'static> {
        let answer = |words: &'static str, chosen: bool| {
            let (sign, style) =
                if chosen { ("► ", theme::CHOSEN) } else { ("  ", theme::STRONG) };
            [Span::styled(sign, theme::CHOSEN_FRAME), Span::styled(format!("{words} "), style)]
        };
        if self.way_on(shared).is_none() {
            return Line::from_iter(answer("Go back", true));
        }
        let [sign, back] = answer("Go back", !self.goes_on);
        let [other_sign, on] = answer("Go on to the last question", self.goes_on);
        Line::from(vec![sign, back, Span::raw("    "), other_sign, on])
    }

    /// The room for the plan, and for what is below it.
    fn places(&self, shared: &Shared, area: Rect) -> [Rect; 2] {
        let foot = self.foot(shared, area.width).len().max(ANSWER_LINES);
        let foot = u16::try_from(foot).unwrap_or(u16::MAX).min(area.height.div_ceil(2));
        let lines = u16::try_from(self.lines(shared, area.width).len()).unwrap_or(u16::MAX);
        let [plan, foot, _] = Layout::vertical([
            Constraint::Max(lines),
            Constraint::Length(foot),
            Constraint::Fill(0),
        ])
        .areas(area);
        [plan, foot]
    }
}

impl View for Proposal {
    fn title(&self) -> String {
        "Restore: what will happen".to_owned()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let mut keys = Vec::new();
        if self.way_on(shared).is_some() {
            keys.extend([("← →", "choose"), ("Enter", "do it"), ("R", "read back")]);
        }
        let [plan, _] = self.places(shared, chrome::body(shared.size));
        if scroll::overflows(self.lines(shared, plan.width).len(), plan.height) {
            keys.push(("↑ ↓", "read on"));
        }
        keys.extend([("Esc", "go back"), ("F1", "help")]);
        keys
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let can_go_on = self.way_on(shared).is_some();
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.answer(shared),
            Key::Left | Key::Right | Key::Tab | Key::BackTab | Key::Char('g' | 'G') => {
                self.goes_on = can_go_on && !self.goes_on;
            }
            Key::Char('r' | 'R' | ' ') => self.compare ^= can_go_on,
            key => {
                let [plan, _] = self.places(shared, chrome::body(shared.size));
                self.scroll.press(key, self.lines(shared, plan.width).len(), plan.height);
            }
        }
        Reaction::None
    }

    fn hear(&mut self, answer: &Message, _shared: &Shared) -> Reaction {
        let Message::RestorePlanned(request, planned) = answer else { return Reaction::None };
        if **request != self.request || self.plan.is_some() {
            return Reaction::None;
        }
        let trouble = match &**planned {
            Ok(plan) if plan.request == self.request => {
                self.plan = Some(plan.clone());
                return Reaction::None;
            }
            Ok(_) => Trouble::defect("the plan is for another disk or backup"),
            Err(trouble) => trouble.clone(),
        };
        Reaction::Replace(Screen::trouble(trouble))
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let [plan, below] = self.places(shared, area);
        self.scroll.draw(self.lines(shared, plan.width), plan, frame);
        let foot = self.foot(shared, below.width);
        // Where room is short the answers are what has to be seen.
        let hidden = foot.len().saturating_sub(usize::from(below.height));
        let foot: Vec<Line<'_>> = foot.into_iter().skip(hidden).collect();
        frame.render_widget(Paragraph::new(foot).style(theme::BASE), below);
    }
}
