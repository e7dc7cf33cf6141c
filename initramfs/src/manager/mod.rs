//! All that happens after the system image is the root: drivers, consoles, the unattended command.
//!
//! It is a process of its own, so that nothing here can end PID 1. It may be started a second time
//! after a fall: whatever it does at the start does no harm when it is done again.

pub mod aliases;
mod app;
pub mod console;
mod devices;
mod kernel_log;
mod loader;
mod machine;
mod power_button;
pub mod queue;
pub mod settling;
mod shells;
pub mod supervision;
mod terminal;
mod text;
mod unattended;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::options::{After, Options};
use crate::{guard, log};
use loader::Loader;

/// The argument that tells the manager from PID 1.
pub const STARTED_BY_KEEPER: &str = "--manager";

/// A driver for the screen is waited for, so that nothing flickers, but not for longer than this.
/// Disks are not waited for: they appear by themselves.
const SCREENS_AT_LATEST: Duration = Duration::from_millis(700);

/// True when this process is the manager, and not started by somebody at a shell.
pub fn was_started_by_keeper(mut arguments: impl Iterator<Item = OsString>) -> bool {
    let told = arguments.nth(1).is_some_and(|argument| argument == STARTED_BY_KEEPER);
    told && rustix::process::getppid() == Some(rustix::process::Pid::INIT)
}

/// Everything, forever.
pub fn run() -> ! {
    guard::log_panics();
    guard::until_done(&mut start);
    // All work is done by threads.
    loop {
        thread::park();
    }
}

fn start() {
    let mut options = Options::of_this_start();
    machine::set_up(&options);
    options.problems.extend(console::missing(Path::new("/sys"), &options));
    options.problems.extend(options.keymap.as_deref().and_then(text::choose_keymap));
    options.problems.iter().for_each(log::warning);
    let options = Arc::new(options);
    let loader = Loader::start();
    // The listener before the look at what is there: nothing falls in between.
    devices::listen(loader.clone(), Arc::clone(&options));
    let devices = aliases::present(Path::new("/sys"));
    log::info(format_args!("{} devices found at {:.2} s", devices.len(), log::uptime()));
    loader.submit(devices);
    machine::set_up_later();
    kernel_log::show();
    shells::offer();
    loader.wait_for_screens(SCREENS_AT_LATEST);
    text::choose_everywhere(options.text);
    let first = unattended_first(&options, &loader);
    if !first {
        app::start_everywhere(&options);
    }
}

/// Runs the unattended command, if there is one. True when the machine ends after it.
fn unattended_first(options: &Options, loader: &Loader) -> bool {
    let Some(command) = &options.run else { return false };
    loader.wait_until_settled();
    if !unattended::run(command, options) {
        return false;
    }
    match options.after {
        After::Stay => false,
        After::PowerOff => machine::ask_keeper(rustix::process::Signal::USR2),
        After::Reboot => machine::ask_keeper(rustix::process::Signal::TERM),
    }
}
