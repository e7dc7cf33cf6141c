//! Work that goes on: how far, how fast, how long still, and what holds it back.

use std::time::Duration;

use engine::Progress as Told;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::symbols::bar;
use ratatui::text::{Line, Span};
use ratatui::widgets::{LineGauge, Paragraph, Sparkline};

use super::stop::StopQuestion;
use super::words;
use crate::input::Key;
use crate::running::Running;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::KeyHint;
use crate::widgets::text;
use report::size;

const HELP: Topic = Topic::About(&[
    "The bar shows how far the step at hand is. Rates are those of the last seconds; the time left \
     settles after a while. The plot shows the rate since the step began: the newest at the right.",
    "The slow part is what all the rest waits for. A faster drive, port or cable there makes the \
     whole work faster.",
    "If nothing moves for a minute, the screen says so. A disk that fails may be silent for \
     minutes at a bad place and then go on; wait before you give up.",
    "Esc asks whether to stop, and says what that means. The work goes on meanwhile.",
]);

/// Lines of the plot, at most.
const PLOT: u16 = 6;

/// Shows the work in [`Shared::running`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress;

impl View for Progress {
    fn title(&self) -> String {
        "Working".to_owned()
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        if may_ask(shared) { vec![("Esc", "stop"), ("F1", "help")] } else { vec![("F1", "help")] }
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        match key {
            Key::Esc | Key::Char('s' | 'S') if may_ask(shared) => {
                Reaction::Open(Screen::StopQuestion(StopQuestion::default()))
            }
            _ => Reaction::None,
        }
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let Some(running) = &shared.running else { return };
        let head = head(running, area.width);
        let facts = facts(running, shared.now, area.width);
        let notes = notes(running, area.width);
        let [top, gauge, _, middle, plot, below] = Layout::vertical([
            Constraint::Length(height(&head)),
            Constraint::Length(1),
            Constraint::Max(1),
            Constraint::Length(height(&facts)),
            Constraint::Max(PLOT),
            Constraint::Length(height(&notes)),
        ])
        .areas(area);
        frame.render_widget(Paragraph::new(head).style(theme::BASE), top);
        draw_gauge(running.progress, gauge, frame);
        frame.render_widget(Paragraph::new(facts).style(theme::BASE), middle);
        draw_plot(running, plot, frame);
        frame.render_widget(Paragraph::new(notes).style(theme::BASE), below);
    }
}

/// Whether it can be asked to stop: once is enough.
fn may_ask(shared: &Shared) -> bool {
    shared.running.as_ref().is_some_and(|running| !running.is_stopping)
}

fn height(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

/// What is done, and its steps.
fn head(running: &Running, width: u16) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'_>> = words::subject(running)
        .iter()
        .flat_map(|words| text::wrapped(words, "", width, theme::STRONG))
        .collect();
    lines.push(Line::default());
    let steps = words::steps(&running.work);
    let at = running.phase().and_then(|phase| steps.iter().position(|step| *step == phase));
    for (place, step) in steps.iter().enumerate() {
        let (sign, style) = match at {
            Some(at) if place < at => ("√", theme::GOOD),
            Some(at) if place == at => ("►", theme::CHOSEN_FRAME),
            None if place == 0 => ("►", theme::CHOSEN_FRAME),
            _ => ("·", theme::QUIET),
        };
        let is_at = at.unwrap_or(0) == place;
        lines.push(Line::from(vec![
            Span::styled(format!("{sign} "), style),
            Span::styled(words::phase(*step), if is_at { theme::STRONG } else { theme::BASE }),
        ]));
    }
    lines.push(Line::default());
    lines
}

fn draw_gauge(progress: Option<Told>, area: Rect, frame: &mut Frame<'_>) {
    let Some(progress) = progress else {
        return frame.render_widget(Line::styled("Getting ready ...", theme::BASE), area);
    };
    let ratio = if progress.total == 0 {
        1.0
    } else {
        // 53 bits are plenty for a bar.
        (progress.done as f64 / progress.total as f64).clamp(0.0, 1.0)
    };
    let gauge = LineGauge::default()
        .ratio(ratio)
        .label(Line::styled(format!("{:>3.0} % ", (ratio * 100.0).floor()), theme::STRONG))
        .filled_symbol("█")
        .unfilled_symbol("░")
        .filled_style(theme::GOOD)
        .unfilled_style(theme::QUIET)
        .style(theme::BASE);
    frame.render_widget(gauge, area);
}

fn facts(running: &Running, now: Duration, width: u16) -> Vec<Line<'static>> {
    let elapsed = pair("Elapsed", words::clock(now.saturating_sub(running.begun)));
    let mut lines = match running.progress {
        Some(progress) => figures(running, &progress, elapsed),
        None => vec![elapsed],
    };
    let mut tell = |words: &str, style| lines.extend(text::wrapped(words, "", width, style));
    if running.is_stopping {
        tell(words::stopping(running), theme::WARNING);
    } else if let Some(silent) = running.stalled(now) {
        tell(&words::stalled(running, silent), theme::WARNING);
    } else if let Some(words) = words::slow_part(running) {
        tell(&words, theme::BASE);
    }
    lines.push(Line::default());
    lines
}

/// What is told of work that moves bytes.
fn figures(running: &Running, progress: &Told, elapsed: Line<'static>) -> Vec<Line<'static>> {
    let errors = match progress.errors {
        0 => "none".to_owned(),
        1 => "1 place, named at the end".to_owned(),
        count => format!("{count} places, named at the end"),
    };
    vec![
        pair("Done", words::done(progress)),
        pair("Speed", running.rates().map_or_else(waiting, |rates| words::rates(progress, rates))),
        pair("Time left", running.left().map_or_else(waiting, words::about)),
        elapsed,
        pair("Errors", errors),
    ]
}

fn waiting() -> String {
    "being measured ...".to_owned()
}

fn pair(name: &str, value: String) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{name:<11}"), theme::BASE),
        Span::styled(value, theme::STRONG),
    ])
}

/// The rate since the step began. Three heights of a cell are all that the console draws.
fn draw_plot(running: &Running, area: Rect, frame: &mut Frame<'_>) {
    let history = running.history();
    if area.height < 2 || history.len() < 2 {
        return;
    }
    let [scale, plot] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let most = history.iter().copied().max().unwrap_or(0);
    let words = format!("Speed of the last seconds, up to {}/s", size::in_words(most));
    frame.render_widget(Line::styled(words, theme::QUIET), scale);
    let shown = history.len().saturating_sub(usize::from(plot.width));
    let sparkline =
        Sparkline::default().data(&history[shown..]).bar_set(bar::THREE_LEVELS).style(theme::GOOD);
    frame.render_widget(sparkline, plot);
}

/// The last two things that were told.
fn notes(running: &Running, width: u16) -> Vec<Line<'static>> {
    const SHOWN: usize = 2;
    let first = running.notes.len().saturating_sub(SHOWN);
    let notes = running.notes[first..].iter();
    notes
        .map(|note| Line::styled(text::cut(&format!("· {note}"), usize::from(width)), theme::BASE))
        .collect()
}
