use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::ioctl::{self, Updater};
use rustix::termios::tcgetwinsize;

use crate::options::TextSize;
use crate::{guard, log};

/// The virtual terminals that are in use.
const TERMINALS: [&str; 4] = ["tty1", "tty2", "tty3", "tty4"];

/// The kernel's own large font: 16 by 32 dots, 256 glyphs, so that all colours remain.
const LARGE: &[u8] = b"TER16x32\0";
const LARGE_WIDTH: u32 = 16;
const LARGE_HEIGHT: u32 = 32;

/// Gives every screen the font that fits it.
pub(super) fn choose_everywhere(size: TextSize) {
    let terminals =
        TERMINALS.iter().filter_map(|name| File::open(Path::new("/dev").join(name)).ok());
    let changed = terminals.filter(|terminal| choose(terminal, size)).count();
    if changed > 0 {
        log::info(format_args!("large text on {changed} terminals"));
    }
}

/// The same for a screen whose driver has just announced itself. The kernel's console moves over
/// to it a moment later, and nothing tells when.
pub(super) fn choose_on_new_screen(size: TextSize) {
    const MOMENTS: [u64; 4] = [0, 100, 400, 1500];
    guard::spawn("text", move || {
        for moment in MOMENTS {
            thread::sleep(Duration::from_millis(moment));
            choose_everywhere(size);
        }
    });
}

/// The screen in columns and rows, and the dots of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grid {
    columns: u32,
    rows: u32,
    width: u32,
    height: u32,
}

impl Grid {
    /// True when the large font is what `size` asks for on this screen.
    fn should_be_large(self, size: TextSize) -> bool {
        // A usable screen has to remain; without being asked, plenty of room.
        let (columns, rows) = match size {
            TextSize::Normal => (100, 30),
            TextSize::Large => (80, 24),
        };
        let dots = (self.columns * self.width, self.rows * self.height);
        self.height < LARGE_HEIGHT
            && dots.0 / LARGE_WIDTH >= columns
            && dots.1 / LARGE_HEIGHT >= rows
    }
}

/// True when the font is another one now. A VGA text screen, whose letters are in the card, stays
/// as it is.
fn choose(terminal: &File, size: TextSize) -> bool {
    let grid = grid_of(terminal).filter(|grid| grid.should_be_large(size));
    grid.is_some() && set_large(terminal).is_ok()
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

fn grid_of(terminal: &File) -> Option<Grid> {
    const GET: u32 = 1;
    let window = tcgetwinsize(terminal).ok()?;
    let data = std::ptr::null_mut();
    let mut request =
        FontRequest { operation: GET, flags: 0, width: 32, height: 32, glyphs: 512, data };
    // SAFETY: KDFONTOP takes a `struct console_font_op`; without a place for the glyphs, the
    // kernel only fills in their number and size.
    unsafe { ioctl::ioctl(terminal, Updater::<KDFONTOP, FontRequest>::new(&mut request)) }.ok()?;
    let (width, height) = (request.width, request.height);
    let (columns, rows) = (window.ws_col.into(), window.ws_row.into());
    Some(Grid { columns, rows, width, height })
}

fn set_large(terminal: &File) -> rustix::io::Result<()> {
    const SET_DEFAULT: u32 = 2;
    let data = LARGE.as_ptr().cast_mut();
    let mut request =
        FontRequest { operation: SET_DEFAULT, flags: 0, width: 0, height: 0, glyphs: 0, data };
    // SAFETY: with this operation the kernel reads a name that ends with a zero from `data`, and
    // writes to the request only.
    unsafe { ioctl::ioctl(terminal, Updater::<KDFONTOP, FontRequest>::new(&mut request)) }
}

/// Loads a keyboard layout by its name.
pub(super) fn choose_keymap(layout: Option<&str>) {
    let Some(layout) = layout else { return };
    let mut program = Command::new("/usr/bin/loadkeys");
    program.args(["--quiet", layout]).stdin(Stdio::null()).stdout(Stdio::null());
    match program.output() {
        Ok(output) if output.status.success() => log::info(format_args!("keyboard: {layout}")),
        Ok(output) => log::warning(format_args!(
            "the keyboard layout {layout} cannot be loaded: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => log::warning(format_args!("starting loadkeys: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large(width: u32, height: u32, size: TextSize) -> bool {
        Grid { columns: width / 8, rows: height / 16, width: 8, height: 16 }.should_be_large(size)
    }

    #[test]
    fn text_is_large_where_enough_of_it_fits() {
        let sizes = [(640, 480), (1024, 768), (1280, 800), (1366, 768), (1920, 1080), (3840, 2160)];
        let normal = sizes.map(|(width, height)| large(width, height, TextSize::Normal));
        assert_eq!(normal, [false, false, false, false, true, true]);
        let wanted = sizes.map(|(width, height)| large(width, height, TextSize::Large));
        assert_eq!(wanted, [false, false, true, true, true, true]);
    }

    #[test]
    fn what_is_large_already_stays() {
        let grid = Grid { columns: 240, rows: 67, width: 16, height: 32 };
        assert!(!grid.should_be_large(TextSize::Large));
    }
}
