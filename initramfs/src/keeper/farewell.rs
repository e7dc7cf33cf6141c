use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::system::reboot;

use super::children::reap;
use super::ending::Ending;
use super::mounted;
use super::processes::{Process, running};
use crate::{log, screen};

/// What programs get to end by themselves: a backup under way closes its files.
const GRACE: Duration = Duration::from_secs(15);

/// What is left of them after that is killed, and gets as long as this to be gone.
const KILLED: Duration = Duration::from_secs(3);

/// For one thing that may hang on a disk that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends the machine: programs first, then what they left in memory is written, then everything
/// is unmounted. A step that hangs is left behind; the machine ends in any case.
pub(super) fn end(ending: Ending, manager: Option<Pid>) -> ! {
    screen::tell(&format!("\n{} ...\n", ending.words()));
    log::info(ending.words());
    stop_programs(manager);
    screen::tell("Writing what is still in memory ...\n");
    within("writing what is in memory", PATIENCE, rustix::fs::sync);
    within("unmounting", PATIENCE, mounted::unmount_disks);
    within("writing what is in memory", PATIENCE, rustix::fs::sync);
    loop {
        let result = reboot(ending.command());
        screen::tell(&format!("\n{} is not possible: {result:?}\n", ending.words()));
        screen::tell("It is safe to switch the machine off by its button.\n");
        thread::sleep(PATIENCE);
    }
}

/// The manager first, or it would start again what is stopped.
///
/// Programs are asked once only: many, ours among them, take a second signal for "at once".
/// Shells get another one, and only when nothing runs in them any more.
fn stop_programs(manager: Option<Pid>) {
    if let Some(manager) = manager {
        let _ = kill_process(manager, Signal::KILL);
    }
    signal_all(Signal::TERM);
    // Those that were stopped by Ctrl-Z cannot end otherwise.
    signal_all(Signal::CONT);
    if !soon(GRACE, |left| left.iter().all(Process::is_shell)) {
        log::warning("not every program ended when asked");
    }
    signal_all(Signal::HUP);
    if !soon(KILLED, <[Process]>::is_empty) {
        signal_all(Signal::KILL);
        soon(KILLED, <[Process]>::is_empty);
    }
}

fn signal_all(signal: Signal) {
    for process in running(Path::new("/proc")) {
        let _ = kill_process(process.pid, signal);
    }
}

/// Waits until `reached` is true of the programs that are left.
fn soon(patience: Duration, reached: impl Fn(&[Process]) -> bool) -> bool {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        reap();
        if reached(&running(Path::new("/proc"))) {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Does `work`, and leaves it behind when it takes too long.
fn within(doing: &str, patience: Duration, work: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let started = thread::Builder::new().spawn(move || {
        work();
        let _ = done.send(());
    });
    if started.is_err() || ended.recv_timeout(patience).is_err() {
        let words = format!("{doing} did not come to an end");
        log::warning(&words);
        screen::tell(&format!("{words}\n"));
    }
}
