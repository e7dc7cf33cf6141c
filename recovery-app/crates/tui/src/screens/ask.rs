//! "Do you want to shut down?"

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding, Paragraph};

use super::Reaction;
use crate::input::Key;
use crate::machine::End;
use crate::message::Command;
use crate::theme;
use crate::widgets::chrome::KeyHint;

pub const KEYS: [KeyHint; 4] =
    [("← →", "choose"), ("Enter", "do it"), ("Esc", "go back"), ("F1", "help")];

/// The question. Nothing happens unless the person moves away from "go back".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    end: End,
    /// The answer that Enter gives.
    yes: bool,
}

impl Ask {
    pub fn new(end: End) -> Self {
        Self { end, yes: false }
    }

    pub fn title(&self) -> &'static str {
        match self.end {
            End::PowerOff => "Shut down",
            End::Restart => "Restart",
        }
    }

    pub fn press(&mut self, key: Key) -> Reaction {
        match key {
            Key::Left | Key::Right | Key::Up | Key::Down | Key::Tab | Key::BackTab => {
                self.yes = !self.yes;
            }
            Key::Char('g' | 'G') => self.yes = false,
            Key::Char('s' | 'S') if self.end == End::PowerOff => self.yes = true,
            Key::Char('r' | 'R') if self.end == End::Restart => self.yes = true,
            Key::Esc => return Reaction::Close,
            Key::Enter if self.yes => return Reaction::CloseAndDo(Command::End(self.end)),
            Key::Enter => return Reaction::Close,
            _ => {}
        }
        Reaction::None
    }

    pub fn draw(&self, area: Rect, frame: &mut Frame<'_>) {
        let [row] = Layout::vertical([Constraint::Length(8)]).flex(Flex::Center).areas(area);
        let [place] = Layout::horizontal([Constraint::Max(56)]).flex(Flex::Center).areas(row);
        let block = Block::bordered()
            .border_type(BorderType::Double)
            .border_style(theme::BASE)
            .padding(Padding::new(3, 3, 1, 1));
        let question = match self.end {
            End::PowerOff => "Shut down this computer?",
            End::Restart => "Restart this computer?",
        };
        let lines = vec![
            Line::styled(question, theme::STRONG),
            Line::from("Commands that still run in a shell are cut off."),
            Line::default(),
            self.answers(),
        ];
        frame.render_widget(Paragraph::new(lines).style(theme::BASE).block(block), place);
    }

    fn answers(&self) -> Line<'static> {
        let answer = |words: &str, chosen: bool| {
            if chosen {
                Span::styled(format!("► {words} "), theme::CHOSEN)
            } else {
                Span::styled(format!("  {words} "), theme::BASE)
            }
        };
        let yes = self.title();
        Line::from(vec![answer("Go back", !self.yes), Span::raw("    "), answer(yes, self.yes)])
    }
}
