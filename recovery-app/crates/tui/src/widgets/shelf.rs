//! All disks, one below the other, as roomy as the screen allows.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::card::{self, Form};
use crate::disks::Known;
use crate::theme;

/// A form for all disks, and the lines between two of them.
type Arrangement = (Form, u16);

/// The roomiest form in which all disks fit.
fn form_for(known: &[Known], height: u16) -> Arrangement {
    let forms = [
        (Form::Roomy(8), 1),
        (Form::Roomy(3), 1),
        (Form::Card, 1),
        (Form::Card, 0),
        (Form::Slim, 1),
        (Form::Slim, 0),
    ];
    forms.into_iter().find(|form| arranged(known, *form) <= height).unwrap_or((Form::Row, 0))
}

/// Lines that the disks take where there are so many.
pub fn height(known: &[Known], room: u16) -> u16 {
    arranged(known, form_for(known, room))
}

/// The first disk in sight when the last one is: 0 where all fit.
pub fn last_start(known: &[Known], height: u16) -> usize {
    match form_for(known, height) {
        (Form::Row, _) => known.len().saturating_sub(usize::from(height)),
        _ => 0,
    }
}

/// Draws the disks from the `first` one on, as far as there is room.
pub fn draw(known: &[Known], first: usize, now: Duration, area: Rect, frame: &mut Frame<'_>) {
    let (form, gap) = form_for(known, area.height);
    let first = first.min(last_start(known, area.height));
    let mut y = area.y;
    for (place, disk) in known.iter().enumerate().skip(first) {
        let height = card::height(disk, form);
        let more_follow = place + 1 < known.len();
        if y + height + u16::from(more_follow && form == Form::Row) > area.bottom() {
            let words = format!("▼ {} more: PgDn", known.len() - place);
            let line = Rect { y, height: area.bottom().saturating_sub(y).min(1), ..area };
            frame.render_widget(Line::styled(words, theme::QUIET), line);
            return;
        }
        card::draw(disk, now, form, Rect { y, height, ..area }, frame);
        y += height + gap;
    }
}

fn arranged(known: &[Known], (form, gap): Arrangement) -> u16 {
    let heights = known.iter().map(|known| card::height(known, form));
    heights.reduce(|sum, height| sum.saturating_add(gap).saturating_add(height)).unwrap_or(0)
}
