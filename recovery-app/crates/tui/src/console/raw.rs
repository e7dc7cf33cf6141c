//! Raw mode, and the way back.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use rustix::stdio::{stdin, stdout};
use rustix::termios::{self, OptionalActions, Termios};

/// The modes that were set before, while raw mode is on. Where a panic hook finds them.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// No wrapping at the right edge (some terminals would scroll the screen from its last cell), no
/// cursor, gray on black, all cleared. Not the alternate screen: the Linux console has none.
const ENTER: &str = "\x1b[?7l\x1b[?25l\x1b[0;37;40m\x1b[2J\x1b[H";
/// The Linux console goes dark after ten minutes, which looks like death in the middle of a job.
const NO_BLANKING: &str = "\x1b[9;0]";
const LEAVE: &str = "\x1b[0m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h";

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
        let before = termios::tcgetattr(stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let blanking = if self.linux_console { NO_BLANKING } else { "" };
        write!(io::stdout(), "{ENTER}{blanking}")?;
        io::stdout().flush()
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
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // Nothing can be done about a terminal that is gone.
        let _ = io::stdout().write_all(LEAVE.as_bytes());
        let _ = io::stdout().flush();
        let _ = termios::tcsetattr(stdin(), OptionalActions::Now, &before);
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
    let size = termios::tcgetwinsize(stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}
