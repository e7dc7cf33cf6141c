//! A disk drawn to scale: what is where, and how full it is.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use report::content::{Content, Role};

use crate::theme;

/// Gaps smaller than this part of a disk are not drawn.
const SMALLEST_GAP: u64 = 200;

/// A stretch of the disk: `None` is space that no partition has.
type Segment<'a> = (u64, Option<&'a Content>);

/// A line of `cells` columns that stands for a disk of `size` bytes. `contents` are in the order of
/// the disk.
pub fn draw(contents: &[Content], size: u64, cells: usize) -> Line<'static> {
    let segments = segments(contents, size);
    let walls = segments.len().saturating_sub(1);
    let widths = shares(segments.iter().map(|(length, _)| *length), cells.saturating_sub(walls));
    let mut spans = Vec::new();
    for ((_, content), width) in segments.iter().zip(widths) {
        if !spans.is_empty() {
            spans.push(Span::styled("│", theme::QUIET));
        }
        spans.extend(content.map_or_else(|| vec![empty(width)], |content| filled(content, width)));
    }
    Line::from(spans)
}

fn segments(contents: &[Content], size: u64) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let mut end = 0;
    let gap = |until: u64, end: u64, segments: &mut Vec<Segment<'_>>| {
        let length = until.saturating_sub(end);
        if length > size / SMALLEST_GAP {
            segments.push((length, None));
        }
    };
    for content in contents {
        gap(content.start, end, &mut segments);
        segments.push((content.length, Some(content)));
        end = end.max(content.start.saturating_add(content.length));
    }
    gap(size, end, &mut segments);
    segments
}

/// Cells in proportion to the lengths, one at least for each while there are any.
fn shares(lengths: impl Iterator<Item = u64> + Clone, cells: usize) -> Vec<usize> {
    let count = lengths.clone().count();
    let total: u128 = lengths.clone().map(u128::from).sum::<u128>().max(1);
    let spare = cells.saturating_sub(count) as u128;
    let mut before = 0_u128;
    let shares = lengths.enumerate().map(|(place, length)| {
        let from = rounded(before * spare, total);
        before += u128::from(length);
        let share = rounded(before * spare, total) - from;
        usize::try_from(share).unwrap_or(0) + usize::from(place < cells)
    });
    shares.collect()
}

fn rounded(dividend: u128, divisor: u128) -> u128 {
    (dividend + divisor / 2) / divisor
}

fn filled(content: &Content, width: usize) -> Vec<Span<'static>> {
    let style = theme::of_role(content.role);
    let Some(used) = content.used else {
        let nothing_known = content.role == Role::Unknown;
        return vec![cells(if nothing_known { "░" } else { "▒" }, width, style)];
    };
    let used = u128::from(used.min(content.length)) * width as u128;
    let full = used.div_ceil(u128::from(content.length.max(1)));
    let full = usize::try_from(full).unwrap_or(width).min(width);
    vec![cells("█", full, style), cells("░", width - full, style)]
}

fn empty(width: usize) -> Span<'static> {
    cells(" ", width, theme::QUIET)
}

fn cells(glyph: &str, count: usize, style: Style) -> Span<'static> {
    Span::styled(glyph.repeat(count), style)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(start: u64, length: u64, used: Option<u64>) -> Content {
        Content { role: Role::Files, words: String::new(), start, length, used }
    }

    #[test]
    fn is_to_scale() {
        let contents =
            [content(0, 10, None), content(10, 400, Some(100)), content(410, 400, Some(400))];
        let drawn = draw(&contents, 1000, 43).to_string();
        assert_eq!(drawn, "▒│████░░░░░░░░░░░░│███████████████│        ");
    }

    #[test]
    fn fits_whatever_comes() {
        let many: Vec<Content> = (0..128).map(|i| content(i * 7, 7, None)).collect();
        for cells in [0, 1, 2, 10, 200] {
            let drawn = draw(&many, 900, cells).to_string().chars().count();
            assert!(drawn <= cells.max(many.len()), "{drawn} cells of {cells}");
        }
        assert_eq!(draw(&[], 0, 10).to_string(), "");
        let beyond = [content(u64::MAX - 5, u64::MAX, Some(u64::MAX)), content(3, 0, Some(9))];
        draw(&beyond, 100, 40);
    }

    #[test]
    fn every_part_is_seen() {
        let lengths = [1_u64, 1_000_000_000, 1];
        assert_eq!(shares(lengths.into_iter(), 20), [1, 18, 1]);
        assert_eq!(shares(lengths.into_iter(), 2), [1, 1, 0]);
    }
}
