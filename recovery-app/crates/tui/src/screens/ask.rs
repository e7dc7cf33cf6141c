//! "Do you want to shut down?"

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding, Paragraph};

use super::{Reaction, Topic, View};
use crate::input::Key;
use crate::machine::End;
use crate::message::Command;
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::text;

const KEYS: [KeyHint; 4] =
    [("← →", "choose"), ("Enter", "do it"), ("Esc", "go back"), ("F1", "help")];

/// Columns of the question.
const WIDTH: u16 = 56;

const HELP: Topic = Topic::About(&[
    "Shut down switches the computer off; restart starts it again. What is still to be written to \
     drives is written first.",
    "A computer with a screen and a serial line may be at work on the other one: that is said here \
     before it is cut off.",
    "Take the stick or disc with Remetal out before the computer starts, or Remetal starts again.",
    "If you have restored onto a new disk and the old one still works, take the old one out as \
     well: two disks that say they are the same confuse every system.",
]);

/// The question. Nothing happens unless the person moves away from "go back".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    end: End,
    /// What is at work in other processes, and what would become of it, a sentence for each.
    at_work: Vec<String>,
    /// The answer that Enter gives.
    yes: bool,
}

impl Ask {
    pub fn new(end: End, at_work: Vec<String>) -> Self {
        Self { end, at_work, yes: false }
    }

    fn act(&self) -> &'static str {
        match self.end {
            End::PowerOff => "Shut down",
            End::Restart => "Restart",
        }
    }
}

impl View for Ask {
    fn title(&self) -> String {
        self.act().to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        KEYS.to_vec()
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, _shared: &Shared) -> Reaction {
        match key {
            Key::Left | Key::Right | Key::Up | Key::Down | Key::Tab | Key::BackTab => {
                self.yes = !self.yes;
            }
            Key::Char('g' | 'G') => self.yes = false,
            Key::Char('s' | 'S') if self.end == End::PowerOff => self.yes = true,
            Key::Char('r' | 'R') if self.end == End::Restart => self.yes = true,
            Key::Esc => return Reaction::Close,
            Key::Enter if self.yes => {
                return Reaction::CloseAndDo(Command::End(self.end, self.at_work.clone()));
            }
            Key::Enter => return Reaction::Close,
            _ => {}
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let lines = self.lines(shared);
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
        let [row] = Layout::vertical([Constraint::Length(height)]).flex(Flex::Center).areas(area);
        let [place] = Layout::horizontal([Constraint::Max(WIDTH)]).flex(Flex::Center).areas(row);
        let block = Block::bordered()
            .border_type(BorderType::Double)
            .border_style(theme::BASE)
            .padding(Padding::new(3, 3, 1, 1));
        frame.render_widget(Paragraph::new(lines).style(theme::BASE).block(block), place);
    }
}

/// Disks that a restore was begun on and not finished.
fn unfinished(shared: &Shared) -> Vec<String> {
    let known = shared.disks.known().iter();
    known
        .filter(|known| known.look().is_some_and(|look| look.report.unfinished_restore.is_some()))
        .map(|known| {
            let disk = card::identity(&known.disk);
            format!("! A restore onto {disk} was not finished: that disk does not start.")
        })
        .collect()
}

impl Ask {
    fn lines(&self, shared: &Shared) -> Vec<Line<'static>> {
        let question = match self.end {
            End::PowerOff => "Shut down this computer?",
            End::Restart => "Restart this computer?",
        };
        let mut lines = vec![Line::styled(question, theme::STRONG)];
        let wrapped = |words: &str, style| text::wrapped(words, "", WIDTH - 8, style);
        lines.extend(wrapped("Commands that still run in a shell are cut off.", theme::BASE));
        let at_work = self.at_work.iter().map(|words| format!("! {words}"));
        for words in at_work.chain(unfinished(shared)) {
            lines.extend(wrapped(&words, theme::WARNING));
        }
        lines.extend([Line::default(), self.answers()]);
        lines
    }

    fn answers(&self) -> Line<'static> {
        let answer = |words: &str, chosen: bool| {
            if chosen {
                Span::styled(format!("► {words} "), theme::CHOSEN)
            } else {
                Span::styled(format!("  {words} "), theme::BASE)
            }
        };
        let yes = self.act();
        Line::from(vec![answer("Go back", !self.yes), Span::raw("    "), answer(yes, self.yes)])
    }
}
