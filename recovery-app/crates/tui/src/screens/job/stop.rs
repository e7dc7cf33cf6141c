//! "Do you want to stop?"

use engine::Phase;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::input::Key;
use crate::job::Work;
use crate::message::Command;
use crate::running::Running;
use crate::screens::{Reaction, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::text;

/// The question. The work goes on meanwhile, and nothing stops unless the person moves away from
/// "go on".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StopQuestion {
    /// The answer that Enter gives.
    stops: bool,
}

/// What stopping means, in sentences.
fn consequence(running: &Running) -> String {
    match &running.work {
        Work::BackUp(request) => {
            // Until there is progress, it is found out what is in use.
            let written = match running.phase() {
                None => "Nothing of it has been written yet.".to_owned(),
                Some(_) => format!(
                    "What has been written of it so far is no backup; it stays on the drive as \
                     '{}.partial' and can be deleted.",
                    request.name_of(running.disk)
                ),
            };
            let before = match running.disk {
                0 => String::new(),
                1 => " The disk before it is saved.".to_owned(),
                before => format!(" The {before} disks before it are saved."),
            };
            format!("The disk is only read: it stays as it is. {written}{before}")
        }
        Work::Restore(confirmed) if matches!(running.phase(), None | Some(Phase::Check)) => {
            let disk = card::identity(&confirmed.plan().request.target);
            format!("Nothing has been written yet: {disk} stays as it is.")
        }
        Work::Restore(confirmed) => format!(
            "{} holds a part of the backup only, and what was on it before is lost. It does not \
             start until the same restore is done again and comes to its end. The backup is \
             unharmed.",
            card::identity(&confirmed.plan().request.target)
        ),
        Work::Check(_) => "The backup is only read: it stays as it is.".to_owned(),
        Work::Format(_) => "This takes a moment only; it comes to its end first.".to_owned(),
    }
}

impl View for StopQuestion {
    fn title(&self) -> String {
        "Stop?".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("← →", "choose"), ("Enter", "do it"), ("Esc", "go on")]
    }

    fn help(&self) -> Option<Topic> {
        None
    }

    fn press(&mut self, key: Key, _shared: &Shared) -> Reaction {
        match key {
            Key::Left | Key::Right | Key::Up | Key::Down | Key::Tab | Key::BackTab => {
                self.stops = !self.stops;
            }
            Key::Char('g' | 'G') => self.stops = false,
            Key::Char('s' | 'S') => self.stops = true,
            Key::Enter if self.stops => return Reaction::CloseAndDo(Command::Stop),
            Key::Enter | Key::Esc => return Reaction::Close,
            _ => {}
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let width = area.width.min(78);
        let mut lines = vec![Line::styled("Stop now?", theme::STRONG), Line::default()];
        if let Some(running) = &shared.running {
            lines.extend(text::wrapped(&consequence(running), "", width, theme::BASE));
        }
        let answer = |words: &str, chosen: bool| {
            let (sign, style) = if chosen { ("►", theme::CHOSEN) } else { (" ", theme::BASE) };
            Span::styled(format!("{sign} {words} "), style)
        };
        lines.push(Line::default());
        lines.push(Line::from(vec![
            answer("Go on with the work", !self.stops),
            Span::raw("    "),
            answer("Stop", self.stops),
        ]));
        frame.render_widget(Paragraph::new(lines).style(theme::BASE), area);
    }
}
