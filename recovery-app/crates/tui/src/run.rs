use std::io::{IsTerminal, stdin, stdout};
use std::sync::Arc;

use crate::TuiError;
use crate::console::{self, Glyphs, Profile, RawMode};
use crate::event_loop::EventLoop;
use crate::machine::{Machine, Surroundings};

/// How the screens are shown.
#[derive(Debug, Clone)]
pub struct Options {
    /// Nothing but ASCII.
    pub ascii: bool,
    /// The terminal is at the other end of a serial line.
    pub serial: bool,
    /// Told on the home screen.
    pub notice: Option<String>,
    /// Where the program runs.
    pub surroundings: Surroundings,
    /// The keyboard layout that is loaded, as `loadkeys` names it, where that is known.
    pub keymap: Option<String>,
}

/// Shows the screens on standard input and output until the person leaves.
pub fn run(machine: Arc<dyn Machine>, options: &Options) -> Result<(), TuiError> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(TuiError::NoTerminal);
    }
    let term = std::env::var("TERM").unwrap_or_default();
    let color_term = std::env::var("COLORTERM").unwrap_or_default();
    let glyphs = if options.ascii || options.serial { Glyphs::Ascii } else { Glyphs::Drawn };
    let profile = Profile::named(&term, &color_term, glyphs);
    console::restore_on_panic();
    let raw = RawMode::enter(term == "linux")?;
    EventLoop::new(machine, options, profile)?.run(raw)
}
