//! Ctrl-C and its relatives ask a job to stop.

use std::sync::Arc;
use std::thread;

use engine::Cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::answer::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// A [`Cancel`] that the first signal sets. The second signal ends the program at once, for a
/// disk that does not answer.
///
/// `terminal` tells of the first, as a note, while the command has it.
pub fn cancel_on_signals(terminal: &Arc<Terminal>) -> Result<Cancel, Failure> {
    let cancel = Cancel::default();
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(|error| {
        let message = format!("the program cannot listen for Ctrl+C: {error}");
        Failure::new("signals", message, "This is a defect in the program; please report it.")
    })?;
    let asked = cancel.clone();
    let terminal = Arc::downgrade(terminal);
    thread::spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            if count > 0 {
                std::process::exit(i32::from(Exit::Failed as u8));
            }
            if let Some(terminal) = terminal.upgrade() {
                terminal
                    .note("stopping after the read or chunk at hand (once more to stop at once)");
            }
            asked.cancel();
        }
    });
    Ok(cancel)
}
