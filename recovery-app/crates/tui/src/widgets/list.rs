//! Things to choose from, one below the other.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{List, ListItem, ListState};

use super::text;
use crate::input::Key;
use crate::theme;

/// Something that can be chosen, or cannot and says why.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What it is, in one line. Its first letter leads to it.
    pub label: String,
    /// More about it, a line each.
    pub more: Vec<String>,
    /// Whether it is marked, in a list where several things can be.
    pub marked: Option<bool>,
    /// Why it cannot be chosen.
    pub refusal: Option<String>,
    /// Something to be read before it is chosen, a line each.
    pub warnings: Vec<String>,
}

impl Row {
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    fn lines(&self, chosen: bool, width: usize) -> Vec<Line<'static>> {
        let sign = match self.marked {
            Some(true) => "[x] ",
            Some(false) => "[ ] ",
            None => "",
        };
        let (label, quiet) = match (chosen, self.refusal.is_some()) {
            (true, _) => (theme::CHOSEN, theme::BASE),
            (false, true) => (theme::QUIET, theme::QUIET),
            (false, false) => (theme::STRONG, theme::BASE),
        };
        let words = text::cut(&self.label, width.saturating_sub(sign.len() + 3));
        let mut lines = vec![Line::from(vec![
            Span::styled(sign, theme::BASE),
            Span::styled(format!("{words} "), label),
        ])];
        lines.extend(self.more.iter().flat_map(|more| wrapped(more, width, quiet)));
        lines.extend(
            self.warnings
                .iter()
                .flat_map(|words| wrapped(&format!("! {words}"), width, theme::WARNING)),
        );
        if let Some(refusal) = &self.refusal {
            lines.extend(wrapped(&format!("- cannot be chosen: {refusal}"), width, theme::WARNING));
        }
        lines
    }
}

fn wrapped(words: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let width = u16::try_from(width.saturating_sub(2)).unwrap_or(u16::MAX);
    text::wrapped(words, "  ", width, style)
}

/// Which row Enter acts on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    place: usize,
}

impl Cursor {
    /// On this row.
    pub fn at(place: usize) -> Self {
        Self { place }
    }

    /// The row, of so many; rows may have gone since it was moved.
    pub fn place(self, rows: usize) -> usize {
        self.place.min(rows.saturating_sub(1))
    }

    /// Moves by a key: arrows, Tab, Home, End, pages, and the first letter of a label. False for
    /// a key that moves nothing.
    pub fn press(&mut self, key: Key, rows: &[Row]) -> bool {
        const PAGE: usize = 5;
        let last = rows.len().saturating_sub(1);
        let place = self.place(rows.len());
        self.place = match key {
            Key::Up => place.saturating_sub(1),
            Key::Down => (place + 1).min(last),
            Key::Tab => {
                if place == last {
                    0
                } else {
                    place + 1
                }
            }
            Key::BackTab => {
                if place == 0 {
                    last
                } else {
                    place - 1
                }
            }
            Key::Home => 0,
            Key::End => last,
            Key::PageUp => place.saturating_sub(PAGE),
            Key::PageDown => (place + PAGE).min(last),
            Key::Char(letter) if letter.is_alphanumeric() => {
                match with_letter(letter, rows, place) {
                    Some(place) => place,
                    None => return false,
                }
            }
            _ => return false,
        };
        true
    }
}

/// The next row that begins with a letter.
fn with_letter(letter: char, rows: &[Row], place: usize) -> Option<usize> {
    let begins = |place: &usize| {
        let first = rows[*place].label.chars().find(|letter| letter.is_alphanumeric());
        first.is_some_and(|first| first.to_lowercase().eq(letter.to_lowercase()))
    };
    (1..=rows.len()).map(|step| (place + step) % rows.len()).find(begins)
}

/// Columns of the sign before the chosen row.
const SIGN: usize = 2;

/// Draws the rows with the chosen one in sight.
pub fn draw(rows: &[Row], cursor: Cursor, area: Rect, frame: &mut Frame<'_>) {
    render(lines(rows, cursor, area.width), cursor, area, frame);
}

/// As [`draw`], with a blank line between two rows where there is room for that. Where not even
/// the rows fit, the last line says so.
pub fn draw_apart(rows: &[Row], cursor: Cursor, area: Rect, frame: &mut Frame<'_>) {
    let mut lines = lines(rows, cursor, area.width);
    let (height, gaps) = (lines.iter().map(Vec::len).sum::<usize>(), lines.len().saturating_sub(1));
    let room = usize::from(area.height);
    if height + gaps <= room {
        lines.iter_mut().take(gaps).for_each(|row| row.push(Line::default()));
    } else if height > room && room > 2 {
        let mark = Rect { y: area.bottom() - 1, height: 1, ..area };
        let words = Line::styled("▲▼ there is more: arrow keys ", theme::QUIET);
        frame.render_widget(words.right_aligned(), mark);
        return render(lines, cursor, Rect { height: area.height - 1, ..area }, frame);
    }
    render(lines, cursor, area, frame);
}

/// Lines that the rows take with a blank one between two, in this much width.
pub fn height(rows: &[Row], width: u16) -> usize {
    let lines = lines(rows, Cursor::default(), width);
    lines.iter().map(Vec::len).sum::<usize>() + lines.len().saturating_sub(1)
}

fn lines(rows: &[Row], cursor: Cursor, width: u16) -> Vec<Vec<Line<'static>>> {
    let place = cursor.place(rows.len());
    let width = usize::from(width).saturating_sub(SIGN);
    rows.iter().enumerate().map(|(at, row)| row.lines(at == place, width)).collect()
}

fn render(rows: Vec<Vec<Line<'static>>>, cursor: Cursor, area: Rect, frame: &mut Frame<'_>) {
    let place = cursor.place(rows.len());
    let count = rows.len();
    // A row that is higher than all the room would not be shown at all.
    let most = usize::from(area.height).max(1);
    let items = rows.into_iter().map(|mut lines| {
        lines.truncate(most);
        ListItem::new(lines)
    });
    let list = List::new(items)
        .style(theme::BASE)
        .highlight_symbol(Line::styled("► ", theme::CHOSEN_FRAME))
        .repeat_highlight_symbol(false);
    let mut state = ListState::default().with_selected((count > 0).then_some(place));
    frame.render_stateful_widget(list, area, &mut state);
}
