//! Text in a given width. Names of others are in it: nothing of it makes a line of its own.

use image::text::one_line;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text`, cut to `width` columns; where it is cut, three dots say so.
pub fn cut(text: &str, width: usize) -> String {
    let text = one_line(text);
    if text.width() <= width {
        return text;
    }
    let dots = ".".repeat(width.min(3));
    let mut left = width - dots.len();
    let fits = |letter: &char| {
        let columns = letter.width().unwrap_or(0);
        let fits = columns <= left;
        left = left.saturating_sub(columns);
        fits
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push_str(&dots);
    kept
}

/// `text` in lines of `width` columns, each with `margin` before it.
pub fn wrapped(text: &str, margin: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    let options = textwrap::Options::new(usize::from(width).max(1))
        // A hyphen is no place to break: names of disks and serial numbers have them.
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent(margin)
        .subsequent_indent(margin);
    lines(text, options, style)
}

/// `text` in lines of `width` columns, a sign before the first and the others below its text.
pub fn hanging(sign: &str, text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    let below = " ".repeat(sign.width());
    let options = textwrap::Options::new(usize::from(width).max(1))
        .initial_indent(sign)
        .subsequent_indent(&below);
    lines(text, options, style)
}

fn lines(text: &str, options: textwrap::Options<'_>, style: Style) -> Vec<Line<'static>> {
    let text = one_line(text);
    let lines = textwrap::wrap(&text, options);
    lines.into_iter().map(|line| Line::styled(line.into_owned(), style)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_makes_no_line() {
        let name = "\"a\nforged\u{1b}[2J\"";
        assert_eq!(cut(name, 80), "\"a?forged?[2J\"");
        let expected = [Line::raw("  \"a?forged?[2J\"")];
        assert_eq!(wrapped(name, "  ", 80, Style::new()), expected);
        assert_eq!(hanging("- ", name, 80, Style::new()), [Line::raw("- \"a?forged?[2J\"")]);
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("Samsung", 7), "Samsung");
        assert_eq!(cut("Samsung SSD", 8), "Samsu...");
        assert_eq!(cut("漢字漢字", 6), "漢...");
        assert_eq!(cut("Samsung", 2), "..");
        assert_eq!(cut("Samsung", 0), "");
    }
}
