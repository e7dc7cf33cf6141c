//! Raw mode, and the way back.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{
    self, Clear, ClearType, DisableLineWrap, EnableLineWrap, disable_raw_mode, enable_raw_mode,
    is_raw_mode_enabled,
};

/// Gray on black. A colour that was set before would fill the cleared screen.
const COLOURS: &str = "\x1b[0;37;40m";
/// The Linux console goes dark after ten minutes, which looks like death in the middle of a job.
const NO_BLANKING: &str = "\x1b[9;0]";

/// While this lives, keys come one by one and unseen, and the screen is ours.
#[derive(Debug)]
pub struct RawMode {
    linux_console: bool,
}

impl RawMode {
    /// Takes the terminal of standard input and output.
    pub fn enter(linux_console: bool) -> io::Result<Self> {
        let mut mode = Self { linux_console };
        mode.enter_again()?;
        Ok(mode)
    }

    /// Takes the terminal back after [`Self::leave`].
    pub fn enter_again(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        // Without wrapping, the last cell does not scroll the screen. Not the alternate screen:
        // the Linux console has none.
        execute!(
            io::stdout(),
            DisableLineWrap,
            Hide,
            Print(COLOURS),
            Clear(ClearType::All),
            MoveTo(0, 0),
            Print(if self.linux_console { NO_BLANKING } else { "" })
        )
    }

    /// Gives the terminal to another program for a while.
    pub fn leave(&mut self) {
        restore();
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

/// Leaves raw mode, if it is on. For the panic hook; [`RawMode`] does it by itself.
pub fn restore() {
    if is_raw_mode_enabled().unwrap_or(false) {
        // Nothing can be done about a terminal that is gone.
        let _ = execute!(
            io::stdout(),
            Print("\x1b[0m"),
            Clear(ClearType::All),
            MoveTo(0, 0),
            EnableLineWrap,
            Show
        );
        let _ = disable_raw_mode();
    }
}

/// From now on, a panic of this thread leaves the terminal usable and says what happened. Those of
/// other threads are told on the screen, which they must not write over.
pub fn restore_on_panic() {
    let screens = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == screens {
            restore();
            before(panic);
        }
    }));
}

/// Columns and lines as the kernel knows them; `None` where it does not (serial lines say 0).
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    let size = terminal::window_size().ok()?;
    (size.columns > 0 && size.rows > 0).then_some((size.columns, size.rows))
}
