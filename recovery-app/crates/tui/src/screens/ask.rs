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
use crate::widgets::chrome::KeyHint;

const KEYS: [KeyHint; 4] =
    [("← →", "choose"), ("Enter", "do it"), ("Esc", "go back"), ("F1", "help")];

const HELP: Topic = Topic::About(&[
    "Shut down switches the computer off; restart starts it again. What is still to be written to \
     drives is written first.",
    "Take the stick or disc with Remetal out before the computer starts, or Remetal starts again.",
    "If you have restored onto a new disk and the old one still works, take the old one out as \
     well: two disks that say they are the same confuse every system.",
]);

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
            Key::Enter if self.yes => return Reaction::CloseAndDo(Command::End(self.end)),
            Key::Enter => return Reaction::Close,
            _ => {}
        }
        Reaction::None
    }

    fn draw(&self, _shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
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
}

impl Ask {
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
