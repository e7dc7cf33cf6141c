//! A page with words above, things to choose from, and words below that are always in sight.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::theme;
use crate::widgets::list::{self, Cursor, Row};
use crate::widgets::text;

/// Longer lines are hard to read. Columns.
pub const WIDEST: u16 = 78;

/// Lines of the list that come before the words above it.
const LIST: usize = 6;

/// What is on the page.
pub struct Sheet<'a> {
    /// What it is about. Left out where the screen is too small for it.
    pub above: Vec<Line<'static>>,
    pub rows: &'a [Row],
    pub cursor: Cursor,
    /// What has to be read now.
    pub below: Vec<Line<'static>>,
}

impl Sheet<'_> {
    pub fn draw(self, area: Rect, frame: &mut Frame<'_>) {
        let height = usize::from(area.height);
        let below = apart(self.below.len()).min(height / 2);
        let list = list::height(self.rows, area.width);
        let above = apart(self.above.len());
        let above = if above + list.min(LIST) + below <= height { above } else { 0 };
        let list = list.min(height - above - below);
        let lines = |count: usize| Constraint::Length(u16::try_from(count).unwrap_or(u16::MAX));
        let [head, body, foot, _] =
            Layout::vertical([lines(above), lines(list), lines(below), Constraint::Fill(1)])
                .areas(area);
        frame.render_widget(Paragraph::new(self.above).style(theme::BASE), head);
        list::draw_apart(self.rows, self.cursor, body, frame);
        let foot = Rect { y: foot.y + foot.height.min(1), height: foot.height.max(1) - 1, ..foot };
        frame.render_widget(Paragraph::new(self.below).style(theme::BASE), foot);
    }
}

/// So many lines, and a blank one.
fn apart(lines: usize) -> usize {
    if lines > 0 { lines + 1 } else { 0 }
}

/// Words in lines that are easy to read.
pub fn words(words: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    text::wrapped(words, "", width.min(WIDEST), style)
}

/// What has to be read before going on, each with its sign.
pub fn alarms<'a>(alarms: impl IntoIterator<Item = &'a String>, width: u16) -> Vec<Line<'static>> {
    alarms
        .into_iter()
        .flat_map(|alarm| words(&format!("! {alarm}"), width, theme::WARNING))
        .collect()
}
