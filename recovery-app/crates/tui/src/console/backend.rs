//! Draws cells with the control sequences that every terminal understands.
//!
//! Not the backend that ratatui has for crossterm: it names colours as `38;5;n`, which a VT220
//! reads as "blink, n", and resets them after each frame, which the Linux console half obeys.

use std::io::{self, Write};

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::terminal::Clear;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Color;

/// Draws on a terminal. Each frame is one write.
#[derive(Debug)]
pub struct ConsoleBackend<W: Write> {
    out: W,
    frame: Vec<u8>,
    size: Size,
    /// The colours that the terminal has set.
    colours: Option<(Color, Color)>,
    /// The screen was cleared and nothing was drawn since.
    is_blank: bool,
    /// The last frame had something to draw.
    has_drawn: bool,
}

impl<W: Write> ConsoleBackend<W> {
    /// For a terminal of this many columns and lines.
    pub fn new(out: W, size: (u16, u16)) -> Self {
        Self {
            out,
            frame: Vec::new(),
            size: size.into(),
            colours: None,
            is_blank: false,
            has_drawn: false,
        }
    }

    /// True when the last frame differed from the one before it.
    pub fn has_drawn(&self) -> bool {
        self.has_drawn
    }

    /// The terminal has another size now; the next frame is drawn anew.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size.into();
    }

    /// Sends bytes as they are, at once.
    pub fn send(&mut self, bytes: &str) -> io::Result<()> {
        self.frame.extend_from_slice(bytes.as_bytes());
        self.colours = None;
        self.flush()
    }

    fn move_to(&mut self, x: u16, y: u16) -> io::Result<()> {
        queue!(self.frame, MoveTo(x, y))
    }

    /// Sets both colours from nothing: colours that a terminal does not know cannot stick.
    fn set_colours(&mut self, wanted: (Color, Color)) -> io::Result<()> {
        if self.colours != Some(wanted) {
            self.colours = Some(wanted);
            self.frame.write_all(b"\x1b[0")?;
            write_colour(&mut self.frame, wanted.0, 30)?;
            write_colour(&mut self.frame, wanted.1, 40)?;
            self.frame.write_all(b"m")?;
        }
        Ok(())
    }
}

/// `base` is 30 for text and 40 for what is behind it.
fn write_colour(frame: &mut Vec<u8>, colour: Color, base: u8) -> io::Result<()> {
    match colour {
        Color::Indexed(index) => write!(frame, ";{};5;{index}", base + 8),
        colour => write!(frame, ";{}", base + ansi(colour, base)),
    }
}

/// The colour's place among the eight dark ones (0 to 7) or the eight bright ones (60 to 67).
fn ansi(colour: Color, base: u8) -> u8 {
    match colour {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        // What the screens never ask for: gray on black.
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => {
            if base == 30 {
                7
            } else {
                0
            }
        }
    }
}

impl<W: Write> Backend for ConsoleBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut next = None;
        let is_blank = std::mem::take(&mut self.is_blank);
        for (x, y, cell) in content {
            if is_blank && cell.symbol() == " " && cell.bg == Color::Black {
                continue;
            }
            if next != Some((x, y)) {
                self.move_to(x, y)?;
            }
            self.set_colours((cell.fg, cell.bg))?;
            self.frame.write_all(cell.symbol().as_bytes())?;
            next = Some((x + 1, y));
        }
        self.has_drawn = next.is_some();
        Ok(())
    }

    /// The cursor stays hidden: the screens mark what is chosen themselves.
    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.move_to(x, y)
    }

    fn clear(&mut self) -> io::Result<()> {
        // Another program may have set others since.
        self.colours = None;
        self.set_colours((Color::Gray, Color::Black))?;
        self.is_blank = true;
        queue!(self.frame, Clear(crossterm::terminal::ClearType::All))
    }

    fn clear_region(&mut self, _region: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        self.out.write_all(&self.frame)?;
        self.frame.clear();
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::style::Style;
    use ratatui::widgets::Paragraph;

    fn drawn(terminal: &mut Terminal<ConsoleBackend<Vec<u8>>>, text: &str, style: Style) -> String {
        terminal
            .draw(|frame| frame.render_widget(Paragraph::new(text).style(style), frame.area()))
            .unwrap();
        String::from_utf8(std::mem::take(&mut terminal.backend_mut().out)).unwrap()
    }

    #[test]
    fn only_what_changed_is_sent() {
        let mut terminal = Terminal::new(ConsoleBackend::new(Vec::new(), (10, 2))).unwrap();
        let base = Style::new().gray().on_black();
        drawn(&mut terminal, "disks: 1", base);
        assert_eq!(drawn(&mut terminal, "disks: 2", base), "\x1b[1;8H2");
        assert!(terminal.backend().has_drawn());
        assert_eq!(drawn(&mut terminal, "disks: 2", base), "");
        assert!(!terminal.backend().has_drawn());
        terminal.clear().unwrap();
        assert_eq!(
            drawn(&mut terminal, "a  b", base),
            "\x1b[0;37;40m\x1b[2J\x1b[1;1H\x1b[1;1Ha\x1b[1;4Hb",
            "what is blank already is not drawn"
        );
        drawn(&mut terminal, "disks: 2", base);
        let bright = drawn(&mut terminal, "disks: 2", base.light_red());
        assert!(bright.starts_with("\x1b[1;1H\x1b[0;91;40mdisks:"), "{bright:?}");
    }
}
