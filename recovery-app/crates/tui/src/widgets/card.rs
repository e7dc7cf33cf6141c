//! A disk as a card: who it is, what is where on it, what that is in words.

use std::time::Duration;

use hardware::{Disk, Health, Verdict};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding, Paragraph};
use report::content::Content;
use report::{identity, size};
use unicode_width::UnicodeWidthStr;

use super::entry::Entry;
use super::{bar, entry, text};
use crate::disks::{Condition, Known};
use crate::machine::Look;
use crate::occupation::Occupation;
use crate::theme;

/// How much of a disk is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A frame, a bar, and a line for each thing on the disk, up to this many.
    Roomy(u16),
    /// A frame, a bar, and one line.
    Card,
    /// A line for who it is, a line for what is on it.
    Slim,
    /// One line.
    Row,
}

/// Lines that a disk takes in this form.
pub fn height(known: &Known, form: Form) -> u16 {
    match form {
        Form::Row => 1,
        Form::Slim => 2,
        Form::Card => 4,
        Form::Roomy(most) => {
            let told = |look| entries(look, &entry::contents(look), known.occupation()).len();
            let entries = known.look().map_or(1, told);
            3 + u16::try_from(entries).unwrap_or(most).clamp(1, most)
        }
    }
}

/// Draws a disk.
pub fn draw(known: &Known, now: Duration, form: Form, area: Rect, frame: &mut Frame<'_>) {
    let condition = known.condition(now);
    match form {
        Form::Row => return frame.render_widget(row(known, condition, area.width), area),
        Form::Slim => {
            let lines = slim(known, condition, usize::from(area.width));
            return frame.render_widget(Paragraph::new(lines), area);
        }
        Form::Roomy(_) | Form::Card => {}
    }
    let block = frame_of(&known.disk, condition, area.width);
    let inner = block.inner(area);
    let width = usize::from(inner.width);
    frame.render_widget(block, area);
    let lines = match condition.look() {
        Some(look) => told(known, look, form, width, inner.height),
        None => {
            let (words, style) = waiting_words(condition);
            text::wrapped(&words, "", inner.width, style)
        }
    };
    frame.render_widget(Paragraph::new(lines), inner);
}

fn frame_of(disk: &Disk, condition: Condition<'_>, width: u16) -> Block<'static> {
    let facts = format!(" {} ", facts(disk));
    let room = usize::from(width).saturating_sub(facts.width() + 5);
    let block = Block::bordered()
        .border_type(BorderType::Plain)
        .border_style(theme::QUIET)
        .style(theme::BASE)
        .padding(Padding::horizontal(1))
        .title(Line::styled(format!(" {} ", text::cut(&name(disk), room)), theme::STRONG))
        .title(Line::styled(facts, theme::BASE).right_aligned());
    match health(condition) {
        Some((words, style)) => {
            block.title_bottom(Line::styled(format!(" {words} "), style).right_aligned())
        }
        None => block,
    }
}

/// The model as people read it on the label.
pub fn name(disk: &Disk) -> String {
    identity::name(disk)
}

/// A disk in one phrase: name, size, bus, and what tells it from others.
pub fn identity(disk: &Disk) -> String {
    identity::of_disk(disk)
}

/// Size, bus, and what tells the disk from others.
fn facts(disk: &Disk) -> String {
    let mut facts = vec![size::on_label(disk.size), disk.bus.to_string()];
    let marks = identity::marks(disk).join(" ");
    facts.push(if disk.serial_tail().is_some() { format!("serial {marks}") } else { marks });
    facts.join(" · ")
}

/// The same in as little room as there is in a column.
fn short_mark(disk: &Disk) -> String {
    if disk.has_double {
        return disk.confirmation_word().to_uppercase();
    }
    identity::marks(disk).join(" ")
}

fn health(condition: Condition<'_>) -> Option<(String, Style)> {
    let Health { verdict, warnings, .. } = condition.look()?.report.health.as_ref()?;
    Some(match (verdict, warnings.len()) {
        (Verdict::Failing, _) => ("FAILING".to_owned(), theme::DANGER),
        (_, 1) => ("1 health warning".to_owned(), theme::WARNING),
        (_, 2..) => (format!("{} health warnings", warnings.len()), theme::WARNING),
        (Verdict::Good, 0) => ("healthy".to_owned(), theme::GOOD),
        (Verdict::Unknown, 0) => return None,
    })
}

fn waiting_words(condition: Condition<'_>) -> (String, Style) {
    match condition {
        Condition::NotAnswering => {
            let words = "! Not answering. It goes on being asked; nothing else waits for it.";
            (words.to_owned(), theme::WARNING)
        }
        Condition::Occupied(occupation, _) => {
            (format!("! {}", occupied_words(occupation)), theme::WARNING)
        }
        _ => ("Looking at what is on it ...".to_owned(), theme::QUIET),
    }
}

fn occupied_words(occupation: Occupation) -> String {
    format!("It {}.", occupation.in_words())
}

/// Everything there is to tell of a disk.
fn entries(look: &Look, contents: &[Content], occupation: Option<Occupation>) -> Vec<Entry> {
    let occupied = occupation.map(|occupation| Entry::warning(occupied_words(occupation)));
    occupied.into_iter().chain(entry::of_look(look, contents)).collect()
}

fn told(known: &Known, look: &Look, form: Form, width: usize, height: u16) -> Vec<Line<'static>> {
    let contents = entry::contents(look);
    let entries = entries(look, &contents, known.occupation());
    let mut lines = Vec::new();
    if !contents.is_empty() {
        lines.push(bar::draw(&contents, known.disk.size, width));
    }
    let room = usize::from(height).saturating_sub(lines.len());
    match form {
        Form::Roomy(_) if entries.len() <= room => {
            lines.extend(entries.iter().map(|entry| entry.line(width)));
        }
        Form::Roomy(_) => {
            let (alone, together) = entries.split_at(room.saturating_sub(1));
            lines.extend(alone.iter().map(|entry| entry.line(width)));
            lines.push(entry::summary(together, width));
        }
        _ => lines.push(entry::summary(&entries, width)),
    }
    lines
}

/// Two lines: name and facts, then a small bar and the most important things.
fn slim(known: &Known, condition: Condition<'_>, width: usize) -> Vec<Line<'static>> {
    const BAR: usize = 24;
    let disk = &known.disk;
    let (health, style) = health(condition).unwrap_or_default();
    let facts = if health.is_empty() { facts(disk) } else { format!("{} · ", facts(disk)) };
    let room = width.saturating_sub(facts.width() + health.width() + 1);
    let name = text::cut(&name(disk), room);
    let blank = " ".repeat(width.saturating_sub(name.width() + facts.width() + health.width()));
    let head = Line::from(vec![
        Span::styled(name, theme::STRONG),
        Span::styled(blank + &facts, theme::BASE),
        Span::styled(health, style),
    ]);
    let Some(look) = condition.look() else {
        let (words, style) = waiting_words(condition);
        return vec![head, Line::styled(text::cut(&words, width), style)];
    };
    let contents = entry::contents(look);
    let mut body = if contents.is_empty() {
        Vec::new()
    } else {
        bar::draw(&contents, disk.size, BAR.min(width)).spans
    };
    let used: usize = body.iter().map(Span::width).sum();
    if used > 0 {
        body.push(Span::raw("  "));
    }
    let entries = entries(look, &contents, known.occupation());
    body.extend(entry::summary(&entries, width.saturating_sub(used + 2)).spans);
    vec![head, Line::from(body)]
}

/// One line: name, facts and the most important thing on it.
fn row(known: &Known, condition: Condition<'_>, width: u16) -> Line<'static> {
    let disk = &known.disk;
    let width = usize::from(width);
    let name_width = (width / 3).min(32);
    let size_width = 9;
    let serial_width = if width < 60 { 0 } else { 9 };
    let column = |words: &str, width: usize| {
        let words = text::cut(words, width.saturating_sub(1));
        let blank = width.saturating_sub(words.width());
        words + &" ".repeat(blank)
    };
    let mut spans = vec![
        Span::styled(column(&name(disk), name_width), theme::STRONG),
        Span::styled(column(&size::on_label(disk.size), size_width), theme::BASE),
        Span::styled(column(&short_mark(disk), serial_width), theme::BASE),
    ];
    let room = width.saturating_sub(name_width + size_width + serial_width);
    match condition {
        Condition::Told(look) | Condition::Occupied(_, Some(look)) => {
            let entries = entries(look, &entry::contents(look), known.occupation());
            spans.extend(entry::summary(&entries, room).spans);
        }
        Condition::Occupied(occupation, None) => {
            let words = text::cut(&format!("! {}", occupation.in_words()), room);
            spans.push(Span::styled(words, theme::WARNING));
        }
        Condition::NotAnswering => spans.push(Span::styled("! not answering", theme::WARNING)),
        Condition::Asked => spans.push(Span::styled("looking ...", theme::QUIET)),
    }
    Line::from(spans)
}
