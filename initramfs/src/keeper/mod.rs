//! PID 1 itself.
//!
//! The kernel stops when PID 1 ends, so as little as possible happens here: it prepares the root,
//! starts the manager and starts it again when it falls, reaps what nobody waits for, and ends the
//! machine cleanly when a signal asks for it.

mod children;
mod ending;
mod farewell;
mod mounted;
mod processes;

use std::panic::catch_unwind;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::system::{RebootCommand, reboot};
use signal_hook::iterator::Signals;

use crate::{early, guard, log, screen};
use children::Manager;
use ending::{Ending, HEARD};

/// How often there is a look around although no signal came: announcements can be lost.
const LOOK: Duration = Duration::from_secs(1);

/// Everything, from the kernel's hand-over to the end of the machine. Never comes back.
pub fn run() -> ! {
    guard::log_panics();
    let signals = hear_signals();
    let mut manager = begin().then(Manager::default);
    guard::until_done(&mut || keep(&signals, &mut manager));
    // `keep` ends only by a panic, and that is caught.
    loop {
        thread::park();
    }
}

/// The signals to this process, as they come.
fn hear_signals() -> Receiver<i32> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut signals) = log::gone_past(Signals::new(HEARD)) {
        guard::spawn("signals", move || {
            for signal in signals.forever() {
                let _ = sender.send(signal);
            }
        });
    }
    receiver
}

/// Prepares the root. Without it, there is nothing to go on with, and the screen says so.
fn begin() -> bool {
    // Ctrl-Alt-Del becomes a signal to us instead of an immediate reset.
    log::gone_past(reboot(RebootCommand::CadOff));
    let prepared = catch_unwind(early::prepare);
    match prepared {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            log::warning(&error);
            apologise(&error.to_string());
            false
        }
        // What it was is in the log.
        Err(_) => {
            apologise("a defect in Remetal");
            false
        }
    }
}

fn apologise(error: &str) {
    screen::tell(&format!(
        "\x1b[2J\x1b[H\n\
         Remetal cannot start: its system image cannot be used.\n\n\
         {error}\n\n\
         Most often the stick or disc that this was started from is damaged, or was\n\
         written or copied with errors. What helps:\n\n\
         - start again, and choose \"Check this medium\" in the boot menu;\n\
         - write the stick anew, or use another one;\n\
         - with less than 512 MiB of memory, add more.\n\n\
         Your disks were not touched. Press Ctrl+Alt+Del to start again, or hold the\n\
         power button to switch off.\n"
    ));
}

/// Keeps the manager running, if there is one, and answers signals, forever.
fn keep(signals: &Receiver<i32>, manager: &mut Option<Manager>) -> ! {
    loop {
        let ended = children::reap();
        if let Some(manager) = manager {
            manager.look_after(&ended, Instant::now());
        }
        match signals.recv_timeout(LOOK) {
            Ok(signal) => {
                if let Some(ending) = Ending::asked_by(signal) {
                    farewell::end(ending, manager.as_ref().and_then(Manager::pid));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
        }
    }
}
