//! The letters of the computer's own screens.

use std::fs::File;

use rustix::ioctl::{self, Updater};
use rustix::termios::tcgetwinsize;

/// A font that the kernel brings along. All have 256 glyphs, so that all colours remain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Font {
    /// 8 by 16 dots.
    Normal,
    /// 16 by 32 dots.
    Large,
}

impl Font {
    /// The kernel's name for it, with the zero at its end (Linux `lib/fonts/`).
    fn name(self) -> &'static [u8] {
        match self {
            Self::Normal => b"VGA8x16\0",
            Self::Large => b"TER16x32\0",
        }
    }
}

/// A screen in columns and rows, and the dots of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextGrid {
    /// Letters in a row.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// Dots of a letter from left to right.
    pub width: u32,
    /// Dots of a letter from top to bottom.
    pub height: u32,
}

/// `struct console_font_op` of `linux/kd.h`.
#[repr(C)]
struct FontRequest {
    operation: u32,
    flags: u32,
    width: u32,
    height: u32,
    glyphs: u32,
    data: *mut u8,
}

const KDFONTOP: ioctl::Opcode = 0x4B72;

impl TextGrid {
    /// That of a virtual terminal; `None` where the kernel does not draw the letters.
    #[must_use]
    pub fn of(terminal: &File) -> Option<Self> {
        const GET: u32 = 1;
        let window = tcgetwinsize(terminal).ok()?;
        let data = std::ptr::null_mut();
        let mut request =
            FontRequest { operation: GET, flags: 0, width: 32, height: 32, glyphs: 512, data };
        // SAFETY: KDFONTOP takes a `struct console_font_op`; without a place for the glyphs, the
        // kernel only fills in their number and size.
        unsafe { ioctl::ioctl(terminal, Updater::<KDFONTOP, FontRequest>::new(&mut request)) }
            .ok()?;
        let (width, height) = (request.width, request.height);
        Some(Self { columns: window.ws_col.into(), rows: window.ws_row.into(), width, height })
    }

    /// Columns and rows that there would be with another font.
    #[must_use]
    pub fn with(self, font: Font) -> (u32, u32) {
        let (width, height) = match font {
            Font::Normal => (8, 16),
            Font::Large => (16, 32),
        };
        (self.columns * self.width / width, self.rows * self.height / height)
    }
}

/// Gives a virtual terminal another font. A VGA text screen, whose letters are in the card, has
/// no other.
pub fn set_font(terminal: &File, font: Font) -> std::io::Result<()> {
    const SET_DEFAULT: u32 = 2;
    let data = font.name().as_ptr().cast_mut();
    let mut request =
        FontRequest { operation: SET_DEFAULT, flags: 0, width: 0, height: 0, glyphs: 0, data };
    // SAFETY: with this operation the kernel reads a name that ends with a zero from `data`, and
    // writes to the request only.
    unsafe { ioctl::ioctl(terminal, Updater::<KDFONTOP, FontRequest>::new(&mut request)) }?;
    Ok(())
}
