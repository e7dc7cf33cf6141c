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

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::system::{RebootCommand, reboot};
use signal_hook::iterator::Signals;

use crate::{InitError, early, guard, log, screen};
use children::Manager;
use ending::{Ending, HEARD};

/// How often there is a look around although no signal came: announcements can be lost.
const LOOK: Duration = Duration::from_secs(1);

/// Everything, from the kernel's hand-over to the end of the machine. Never comes back.
pub fn run() -> ! {
    guard::log_panics();
    let mut prepared = false;
    let signals = hear_signals();
    guard::until_done(&mut || {
        // A panic below comes back here; what is mounted by then is not mounted again.
        if !std::mem::replace(&mut prepared, true) {
            begin();
        }
        keep(&signals);
    });
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

fn begin() {
    // Ctrl-Alt-Del becomes a signal to us instead of an immediate reset.
    log::gone_past(reboot(RebootCommand::CadOff));
    if let Err(error) = early::prepare() {
        log::error(&error);
        apologise(&error);
    }
}

/// There is no system to go on with, and no program to ask: say what happened and what helps.
fn apologise(error: &InitError) {
    screen::tell(&format!(
        "\n\n\
         Remetal cannot start: its system image cannot be used.\n\n\
         {error}\n\n\
         Most often the stick or disc that this was started from is damaged, or was\n\
         written or copied with errors. What helps:\n\n\
         - start again, and choose \"Check the medium\" in the boot menu;\n\
         - write the stick anew, or use another one;\n\
         - with less than 512 MiB of memory, add more.\n\n\
         Your disks were not touched. Press Ctrl-Alt-Del to start again, or hold the\n\
         power button to switch off.\n"
    ));
}

/// Keeps the manager running and answers signals, forever.
fn keep(signals: &Receiver<i32>) -> ! {
    let mut manager = Manager::default();
    loop {
        manager.look_after(&children::reap(), Instant::now());
        match signals.recv_timeout(LOOK) {
            Ok(signal) => {
                if let Some(ending) = Ending::asked_by(signal) {
                    farewell::end(ending, manager.pid());
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
        }
    }
}
