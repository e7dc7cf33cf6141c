use super::glyphs;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

/// The colours that a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// The 256 of xterm.
    Full,
    /// Eight dark ones, and their bright variants for text.
    Sixteen,
}

/// The characters that a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// What the VGA font of a PC draws: lines, blocks, arrows, Latin letters.
    Drawn,
    /// ASCII.
    Ascii,
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Its colours.
    pub colours: Colours,
    /// Its characters.
    pub glyphs: Glyphs,
}

impl Profile {
    /// By the names in the environment: `TERM` and `COLORTERM`.
    #[must_use]
    pub fn named(term: &str, color_term: &str, glyphs: Glyphs) -> Self {
        let full = term.contains("256color") || matches!(color_term, "truecolor" | "24bit");
        let colours = if full { Colours::Full } else { Colours::Sixteen };
        Self { colours, glyphs }
    }

    /// Makes a finished picture one that the terminal can show, cell by cell.
    pub fn apply(self, picture: &mut Buffer) {
        for cell in &mut picture.content {
            if let Some(other) = glyphs::replacement(cell.symbol(), self.glyphs) {
                cell.set_char(other);
            }
            if self.colours == Colours::Full {
                cell.fg = softened(cell.fg);
                cell.bg = softened(cell.bg);
            }
        }
    }
}

/// The sixteen colours glare on a good screen; these are the same ones, calmer.
fn softened(color: Color) -> Color {
    Color::Indexed(match color {
        Color::Black => 16,
        Color::Gray => 250,
        Color::DarkGray => 240,
        Color::White => 231,
        Color::LightBlue => 75,
        Color::LightCyan => 80,
        Color::LightGreen => 114,
        Color::LightMagenta => 176,
        Color::LightRed => 203,
        Color::LightYellow => 221,
        other => return other,
    })
}
