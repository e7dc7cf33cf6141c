//! The word that has to be typed before anything is overwritten.

use hardware::Disk;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use report::words::sentence;

use super::restore::{HAS_DOUBLE, disk_obstacle, lasting_obstacle, obstacle};
use super::{Reaction, Topic, View};
use crate::input::Key;
use crate::job::{FormatRequest, NewFilesystem, RestorePlan, Work};
use crate::state::Shared;
use crate::theme;
use crate::widgets::card;
use crate::widgets::chrome::KeyHint;
use crate::widgets::field::Field;
use crate::widgets::text;

const HELP: Topic = Topic::About(&[
    "This is the last question. Once it is answered, the disk that is named here is overwritten, \
     and what is on it now cannot be brought back.",
    "The word is the end of the serial number that is printed on the disk's label, so that you can \
     hold one against the other. Capital and small letters are the same.",
    "A disk that tells no serial number is known by the name that the computer gives it, which may \
     be another one after the next start. That name is also added where two disks tell the same \
     number, as those in one case with room for several do: then only what is on them tells them \
     apart. If you are not sure, take the other one out.",
    "A disk that is taken out meanwhile has to be chosen anew, even if it is put back: another one \
     in the same case may tell the same number.",
    "Esc goes back. Nothing has been written so far.",
]);

/// Letters of a word, at most.
const LONGEST: usize = 20;

/// What is to be overwritten, and what has been typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    subject: Subject,
    field: Field,
    /// Another word was typed.
    is_wrong: bool,
    /// Why the disk has to be chosen anew, whatever comes back.
    lasting: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
enum Subject {
    Restore(Box<RestorePlan>),
    Format(Box<FormatRequest>),
}

impl Confirm {
    /// Before a restore.
    pub fn restore(plan: RestorePlan) -> Self {
        Self::new(Subject::Restore(Box::new(plan)))
    }

    /// Before a drive is formatted.
    pub fn format(request: FormatRequest) -> Self {
        Self::new(Subject::Format(Box::new(request)))
    }

    fn new(subject: Subject) -> Self {
        Self { subject, field: Field::new("", LONGEST), is_wrong: false, lasting: None }
    }

    /// What has come in the way since it was planned: disks come and go.
    fn obstacle(&self, shared: &Shared) -> Option<String> {
        let found = self.lasting.or_else(|| match &self.subject {
            Subject::Restore(plan) => obstacle(shared, &plan.request),
            Subject::Format(request) => {
                disk_obstacle(shared, &request.disk).or_else(|| has_changed(shared, request))
            }
        });
        let occupied = || {
            let occupation = shared.disks.attached(self.disk())?.occupation()?;
            Some(format!("The disk {}.", occupation.in_words()))
        };
        found.map(str::to_owned).or_else(occupied)
    }

    fn confirmed(&self) -> Option<Work> {
        let typed = self.field.text();
        Some(match &self.subject {
            Subject::Restore(plan) => Work::Restore(Box::new(plan.confirm(typed)?)),
            Subject::Format(request) => Work::Format(Box::new(request.confirm(typed)?)),
        })
    }

    fn disk(&self) -> &Disk {
        match &self.subject {
            Subject::Restore(plan) => &plan.request.target,
            Subject::Format(request) => &request.disk,
        }
    }

    fn word(&self) -> String {
        match &self.subject {
            Subject::Restore(plan) => plan.word.clone(),
            Subject::Format(request) => request.word(),
        }
    }

    /// What is on the disk now.
    fn lost(&self) -> Vec<String> {
        match &self.subject {
            Subject::Restore(plan) => {
                plan.before.iter().map(|content| content.words.clone()).collect()
            }
            Subject::Format(request) => request.before.clone(),
        }
    }

    fn follows(&self) -> String {
        match &self.subject {
            Subject::Restore(plan) => {
                format!("It gets the content of {}, as it was on {}.", plan.source, plan.made)
            }
            Subject::Format(request) => {
                let name = match request.filesystem {
                    NewFilesystem::ExFat => "exFAT",
                    NewFilesystem::Ext4 => "ext4",
                };
                format!("It becomes an empty drive for backups ({name}).")
            }
        }
    }

    /// All above the field, in an area of so many columns and lines.
    fn lines(&self, area: Rect) -> Vec<Line<'static>> {
        let width = area.width.min(78);
        let wrapped = |words: &str, style: Style| text::wrapped(words, "", width, style);
        let mut lines =
            wrapped("! Everything on this disk is about to be overwritten:", theme::DANGER);
        lines.push(Line::default());
        lines.extend(wrapped(&format!("  {}", card::identity(self.disk())), theme::STRONG));
        if self.disk().has_double {
            let words = sentence(HAS_DOUBLE);
            lines.extend(text::hanging("  ! ", &words, width, theme::WARNING));
        }
        let below = self.question(width);
        // Below them are a gap, the field, and a line to spare.
        let room = usize::from(area.height).saturating_sub(lines.len() + below.len() + 3);
        lines.extend(lost_lines(&self.lost(), room, width));
        lines.extend(below);
        lines
    }

    /// What is below the list of what is lost: what follows, and the word.
    fn question(&self, width: u16) -> Vec<Line<'static>> {
        let mut lines = vec![Line::default()];
        lines.extend(text::wrapped(&self.follows(), "", width, theme::BASE));
        lines.push(Line::default());
        lines.extend(text::wrapped(self.asks(), "", width, theme::BASE));
        lines.push(Line::default());
        lines.push(Line::styled(format!("    {}", self.word().to_uppercase()), theme::STRONG));
        lines
    }

    /// What is to be typed.
    fn asks(&self) -> &'static str {
        let disk = self.disk();
        if disk.serial_tail().is_none() {
            "This cannot be undone. This disk tells no serial number: if you are sure, type the \
             name that the computer gives it, as it stands here, and press Enter:"
        } else if disk.has_double {
            "This cannot be undone. If you are sure, type the end of the disk's serial number with \
             the name that the computer gives it, as they stand here, and press Enter:"
        } else {
            "This cannot be undone. If you are sure, type the end of the disk's serial number, as \
             it stands here, and press Enter:"
        }
    }

    /// The field, and what is in the way below it.
    fn answer(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let obstacle = self.obstacle(shared);
        let mut lines = vec![self.field_line(obstacle.is_some())];
        if let Some(obstacle) = obstacle {
            lines.extend(text::hanging("  ! ", &obstacle, width.min(78), theme::WARNING));
        }
        lines
    }

    fn field_line(&self, is_hindered: bool) -> Line<'static> {
        let state = if is_hindered {
            Span::raw("")
        } else if self.is_wrong {
            Span::styled("   That is another word. Nothing was written.", theme::WARNING)
        } else if self.confirmed().is_some() {
            Span::styled("   Enter begins.", theme::DANGER)
        } else {
            Span::raw("")
        };
        let mut line = self.field.line(LONGEST + 3, true);
        line.spans.insert(0, Span::styled("  ► ", theme::CHOSEN_FRAME));
        line.spans.push(state);
        line
    }
}

/// What there is to say when something else is on a drive than was told.
fn has_changed(shared: &Shared, request: &FormatRequest) -> Option<&'static str> {
    let look = shared.disks.attached(&request.disk)?.look()?;
    let words = "What is on the drive has changed: go back, and look again.";
    (look.holdings() != request.held).then_some(words)
}

/// What is lost, as many lines as there is room for.
fn lost_lines(lost: &[String], room: usize, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width).saturating_sub(4);
    let shown = if lost.len() > room { room.saturating_sub(1) } else { lost.len() };
    let mut lines: Vec<Line<'_>> = lost[..shown]
        .iter()
        .map(|words| Line::styled(format!("  - {}", text::cut(words, width)), theme::BASE))
        .collect();
    if shown < lost.len() {
        lines.push(Line::styled(format!("  - and {} more", lost.len() - shown), theme::BASE));
    }
    if lost.is_empty() {
        lines.push(Line::styled("  - nothing that Remetal knows", theme::BASE));
    }
    lines
}

impl View for Confirm {
    fn title(&self) -> String {
        match self.subject {
            Subject::Restore(_) => "Restore: the last question",
            Subject::Format(_) => "Make a drive ready for backups: the last question",
        }
        .to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("Enter", "overwrite the disk"), ("Esc", "go back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter if self.obstacle(shared).is_some() => {}
            Key::Enter => match self.confirmed() {
                Some(work) => return Reaction::Begin(work),
                None => self.is_wrong = true,
            },
            key => {
                if self.field.press(key) {
                    self.is_wrong = false;
                }
            }
        }
        Reaction::None
    }

    fn settle(&mut self, shared: &Shared) {
        self.lasting = self.lasting.or_else(|| lasting_obstacle(shared, self.disk()));
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let height = |lines: &[Line<'_>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let answer = self.answer(shared, area.width);
        let below = height(&answer);
        let lines = self
            .lines(Rect { height: area.height.saturating_sub(below.saturating_sub(1)), ..area });
        let [words, _, field] = Layout::vertical([
            Constraint::Max(height(&lines)),
            Constraint::Max(1),
            Constraint::Length(below),
        ])
        .areas(area);
        frame.render_widget(Paragraph::new(lines).style(theme::BASE), words);
        frame.render_widget(Paragraph::new(answer).style(theme::BASE), field);
    }
}
