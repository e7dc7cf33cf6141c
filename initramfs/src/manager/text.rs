use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use hardware::text::{Font, TextGrid, set_font};

use crate::options::TextSize;
use crate::{guard, log};

/// The virtual terminals that are in use.
const TERMINALS: [&str; 4] = ["tty1", "tty2", "tty3", "tty4"];

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

/// True when the large font is what `size` asks for on this screen.
fn should_be_large(grid: TextGrid, size: TextSize) -> bool {
    // A usable screen has to remain; without being asked, plenty of room.
    let (columns, rows) = match size {
        TextSize::Normal => (100, 30),
        TextSize::Large => (80, 24),
    };
    let large = grid.with(Font::Large);
    (grid.columns, grid.rows) != large && large.0 >= columns && large.1 >= rows
}

/// True when the font is another one now.
fn choose(terminal: &File, size: TextSize) -> bool {
    let grid = TextGrid::of(terminal).filter(|grid| should_be_large(*grid, size));
    grid.is_some() && set_font(terminal, Font::Large).is_ok()
}

/// Loads a keyboard layout by its name; gives what is to be said when that fails.
pub(super) fn choose_keymap(layout: &str) -> Option<String> {
    let mut program = Command::new("/usr/bin/loadkeys");
    program.args(["--quiet", layout]).stdin(Stdio::null()).stdout(Stdio::null());
    match program.output() {
        Ok(output) if output.status.success() => {
            log::info(format_args!("keyboard: {layout}"));
            return None;
        }
        Ok(output) => log::warning(String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => log::warning(format_args!("starting loadkeys: {error}")),
    }
    Some(format!("There is no keyboard layout {layout}: the keys are those of the USA."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large(width: u32, height: u32, size: TextSize) -> bool {
        let grid = TextGrid { columns: width / 8, rows: height / 16, width: 8, height: 16 };
        should_be_large(grid, size)
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
        let grid = TextGrid { columns: 240, rows: 67, width: 16, height: 32 };
        assert!(!should_be_large(grid, TextSize::Large));
    }
}
