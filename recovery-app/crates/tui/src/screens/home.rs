//! The first screen: the disks that are there, and what can be done.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding, Paragraph};

use super::{Reaction, Screen, Topic, View};
use crate::input::Key;
use crate::machine::{End, Surroundings};
use crate::message::Command;
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::{self, KeyHint};
use crate::widgets::{shelf, text};

/// What can be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Choice {
    #[default]
    BackUp,
    Restore,
    Check,
    Tools,
    ShutDown,
    Restart,
    Shell,
    Quit,
}

/// What is chosen, and which disks are in sight.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    focus: Choice,
    /// The first disk shown, where not all of them fit.
    first: usize,
}

impl Choice {
    fn label(self) -> &'static str {
        match self {
            Self::BackUp => "Back up this computer",
            Self::Restore => "Restore this computer",
            Self::Check => "Check a backup",
            Self::Tools => "Tools",
            Self::ShutDown => "Shut down",
            Self::Restart => "Restart",
            Self::Shell => "Shell",
            Self::Quit => "Quit",
        }
    }

    /// The lines below the label, for the two great ones.
    fn explained(self) -> &'static str {
        match self {
            Self::BackUp => "Save a disk to another drive",
            Self::Restore => "Put a backup back onto a disk",
            _ => "",
        }
    }

    fn reaction(self, surroundings: Surroundings) -> Reaction {
        match self {
            Self::BackUp => Reaction::Open(Screen::back_up()),
            Self::Restore => Reaction::Open(Screen::restore()),
            Self::Check => Reaction::Open(Screen::check()),
            Self::Tools => Reaction::Open(Screen::tools()),
            Self::ShutDown => Reaction::Open(Screen::ask(End::PowerOff)),
            Self::Restart => Reaction::Open(Screen::ask(End::Restart)),
            Self::Shell if surroundings == Surroundings::Serial => Reaction::Do(Command::Shell),
            Self::Shell => Reaction::Open(Screen::page(Topic::Shell)),
            Self::Quit => Reaction::Do(Command::Quit),
        }
    }
}

/// The choices in their two rows.
fn choices(surroundings: Surroundings) -> [&'static [Choice]; 2] {
    const GREAT: &[Choice] = &[Choice::BackUp, Choice::Restore];
    match surroundings {
        Surroundings::Guest => [GREAT, &[Choice::Check, Choice::Tools, Choice::Quit]],
        Surroundings::Screen | Surroundings::Serial => [
            GREAT,
            &[Choice::Check, Choice::Tools, Choice::Shell, Choice::Restart, Choice::ShutDown],
        ],
    }
}

impl View for Home {
    fn title(&self) -> String {
        "Save this computer, or bring it back".to_owned()
    }

    fn help(&self) -> Option<Topic> {
        Some(Topic::AboutHome)
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        draw(self, shared, area, frame);
    }

    fn keys(&self, shared: &Shared) -> Vec<KeyHint> {
        let mut keys = vec![("← → ↑ ↓", "choose"), ("Enter", "do it"), ("F1", "help")];
        if last_disk(shared) > 0 {
            keys.push(("PgUp PgDn", "more disks"));
        }
        keys
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        let rows = choices(shared.surroundings);
        let all: Vec<Choice> = rows.concat();
        let place = all.iter().position(|choice| *choice == self.focus).unwrap_or(0);
        match key {
            Key::Enter => return self.focus.reaction(shared.surroundings),
            Key::Right | Key::Tab => self.focus = all[(place + 1) % all.len()],
            Key::Left | Key::BackTab => self.focus = all[(place + all.len() - 1) % all.len()],
            Key::Up if place >= rows[0].len() => self.focus = rows[0][across(place, rows)],
            Key::Down if place < rows[0].len() => self.focus = rows[1][across(place, rows)],
            Key::PageDown => self.first = (self.first + PAGE).min(last_disk(shared)),
            Key::PageUp => self.first = self.first.min(last_disk(shared)).saturating_sub(PAGE),
            Key::Char(letter) => self.go_to_letter(letter, &all, place),
            _ => {}
        }
        Reaction::None
    }
}

impl Home {
    /// The next choice that begins with a letter. It is only marked: a slip does nothing.
    fn go_to_letter(&mut self, letter: char, all: &[Choice], place: usize) {
        let begins = |choice: &&Choice| {
            choice.label().chars().next().is_some_and(|first| first.eq_ignore_ascii_case(&letter))
        };
        let mut ahead = all.iter().cycle().skip(place + 1).take(all.len());
        if let Some(choice) = ahead.find(begins) {
            self.focus = *choice;
        }
    }
}

/// The place in the other row that lies nearest.
fn across(place: usize, rows: [&[Choice]; 2]) -> usize {
    let (from, index, to) = if place < rows[0].len() {
        (rows[0].len(), place, rows[1].len())
    } else {
        (rows[1].len(), place - rows[0].len(), rows[0].len())
    };
    if from > 1 { index * (to - 1) / (from - 1) } else { 0 }
}

/// How far a page leads, in disks.
const PAGE: usize = 5;

/// The first disk in sight when the last one is, on the screen as it is.
fn last_disk(shared: &Shared) -> usize {
    let places = places(shared, chrome::body(shared.size));
    shelf::last_start(shared.disks.known(), places.disks.height)
}

/// Where things lie on the screen.
struct Places {
    notice: Rect,
    disks: Rect,
    great: Rect,
    small: Rect,
    news: Rect,
    /// There is room for frames around the two great choices.
    is_roomy: bool,
}

/// On a large screen the choices stay near the disks, but do not jump with each that comes.
const LINES_FOR_DISKS: u16 = 24;

fn places(shared: &Shared, area: Rect) -> Places {
    let is_roomy = area.height >= 16 && area.width >= 60;
    let notice = u16::try_from(notice_lines(shared, area.width).len()).unwrap_or(0);
    let great = if is_roomy { 4 } else { 2 };
    let small = small_height(shared, area);
    let gap = u16::from(area.height >= 20);
    let room = area.height.saturating_sub(notice + great + small + gap + 1);
    let needed = shelf::height(shared.disks.known(), room);
    let disks = room.min(needed.saturating_add(1).max(LINES_FOR_DISKS));
    let [notice, disks, great, small, _, news, _] = Layout::vertical([
        Constraint::Length(notice),
        Constraint::Length(disks),
        Constraint::Length(great),
        Constraint::Length(small),
        Constraint::Length(gap),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(area);
    Places { notice, disks, great, small, news, is_roomy }
}

fn draw(home: &Home, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
    let places = places(shared, area);
    frame.render_widget(Paragraph::new(notice_lines(shared, area.width)), places.notice);
    draw_disks(home, shared, places.disks, frame);
    let [first_row, second_row] = choices(shared.surroundings);
    if places.is_roomy {
        draw_boxes(home, first_row, places.great, frame);
    } else {
        draw_list(home, first_row, places.great, frame);
    }
    draw_small(home, second_row, places.small, frame);
    frame.render_widget(news_line(shared, places.news.width), places.news);
}

fn notice_lines(shared: &Shared, width: u16) -> Vec<Line<'static>> {
    let notice = shared.notice.iter().chain(&shared.trouble);
    notice
        .flat_map(|words| text::wrapped(&format!("! {words}"), "", width, theme::WARNING))
        .collect()
}

fn news_line(shared: &Shared, width: u16) -> Line<'static> {
    let news = shared.news().unwrap_or_default();
    Line::styled(text::cut(news, usize::from(width)), theme::GOOD)
}

fn draw_disks(home: &Home, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
    let known = shared.disks.known();
    if known.is_empty() {
        let words = if shared.is_searching() {
            "Looking for disks ..."
        } else {
            "No disk was found. Drives that you attach appear here by themselves. If a built-in \
             disk is missing, F1 says what to try."
        };
        let lines = text::wrapped(words, "", area.width, theme::BASE);
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    shelf::draw(known, home.first, shared.now, area, frame);
}

fn draw_boxes(home: &Home, row: &[Choice], area: Rect, frame: &mut Frame<'_>) {
    let places = Layout::horizontal(row.iter().map(|_| Constraint::Fill(1))).spacing(1).split(area);
    for (choice, place) in row.iter().zip(places.iter()) {
        let chosen = home.focus == *choice;
        let (border, style) = if chosen {
            (BorderType::Double, theme::CHOSEN_FRAME)
        } else {
            (BorderType::Plain, theme::QUIET)
        };
        let block = Block::bordered()
            .border_type(border)
            .border_style(style)
            .padding(Padding::horizontal(1));
        let lines = vec![
            Line::from_iter(marked(choice.label(), chosen)),
            Line::styled(format!("  {}", choice.explained()), theme::BASE),
        ];
        frame.render_widget(Paragraph::new(lines).style(theme::BASE).block(block), *place);
    }
}

fn draw_list(home: &Home, row: &[Choice], area: Rect, frame: &mut Frame<'_>) {
    let lines: Vec<Line<'_>> = row
        .iter()
        .map(|choice| Line::from_iter(marked(choice.label(), home.focus == *choice)))
        .collect();
    frame.render_widget(Paragraph::new(lines).style(theme::BASE), area);
}

/// The small choices. Where not all lines fit, the one with what is chosen is in sight.
fn draw_small(home: &Home, row: &[Choice], area: Rect, frame: &mut Frame<'_>) {
    let (between, rows) = small_rows(row, area.width);
    let chosen = rows.iter().position(|row| row.contains(&home.focus)).unwrap_or(0);
    let first = (chosen + 1).saturating_sub(usize::from(area.height));
    let lines = rows.iter().skip(first).map(|row| {
        let spans = row.iter().flat_map(|choice| {
            let [sign, label] = marked(choice.label(), home.focus == *choice);
            [sign, label, Span::raw(between)]
        });
        Line::from_iter(spans)
    });
    let lines: Vec<Line<'_>> = lines.collect();
    frame.render_widget(Paragraph::new(lines).style(theme::BASE), area);
}

/// The small choices, as many in a line as there is room for, and what is between two of them.
fn small_rows(row: &[Choice], width: u16) -> (&'static str, Vec<&[Choice]>) {
    const WIDE: &str = "    ";
    const NARROW: &str = " ";
    let needed = |row: &[Choice], between: &str| {
        // The sign before a label, and the space behind it.
        let labels = row.iter().map(|choice| choice.label().len() + 3);
        labels.sum::<usize>() + between.len() * row.len().saturating_sub(1)
    };
    if needed(row, WIDE) <= usize::from(width) {
        return (WIDE, vec![row]);
    }
    let fits =
        |count: &usize| row.chunks(*count).all(|row| needed(row, NARROW) <= usize::from(width));
    let count = (1..=row.len()).rev().find(fits).unwrap_or(1);
    (NARROW, row.chunks(count).collect())
}

fn small_height(shared: &Shared, area: Rect) -> u16 {
    /// On lower screens the disks need the room.
    const HIGH: u16 = 12;
    let [_, row] = choices(shared.surroundings);
    let rows = small_rows(row, area.width).1.len();
    if area.height < HIGH { 1 } else { u16::try_from(rows).unwrap_or(1) }
}

/// A label, marked by a sign and by colour when Enter acts on it.
fn marked(label: &'static str, chosen: bool) -> [Span<'static>; 2] {
    if chosen {
        [Span::styled("► ", theme::CHOSEN_FRAME), Span::styled(format!("{label} "), theme::CHOSEN)]
    } else {
        [Span::raw("  "), Span::styled(format!("{label} "), theme::STRONG)]
    }
}
