use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::termios::Termios;

use super::console::{self, Console};
use super::supervision::{End, Supervision};
use super::terminal::Terminal;
use crate::layout::PROGRAM;
use crate::options::Options;
use crate::{InitError, guard, log};

/// Starts the program on every console that it belongs on, and keeps it running there.
pub(super) fn start_everywhere(options: &Arc<Options>) {
    // From now on the screen is the program's.
    let _ = std::fs::write("/proc/sys/kernel/printk", "3");
    for console in console::for_program(Path::new("/sys"), options) {
        let options = Arc::clone(options);
        guard::spawn(&console.name.clone(), move || Screens::new(&console, &options).keep());
    }
}

/// The program on one console.
struct Screens<'a> {
    console: &'a Console,
    options: &'a Options,
    supervision: Supervision,
    /// How the terminal was before any program changed it.
    settings: Option<Termios>,
    notice: Option<String>,
}

impl<'a> Screens<'a> {
    fn new(console: &'a Console, options: &'a Options) -> Self {
        let problems = options.problems.join(" ");
        let notice = (!problems.is_empty()).then_some(problems);
        Self { console, options, supervision: Supervision::default(), settings: None, notice }
    }

    /// Runs the program again and again, forever.
    fn keep(&mut self) {
        self.wait_for_earlier_one();
        loop {
            let started = Instant::now();
            let end = self.run_once().unwrap_or_else(|error| End::NotStarted(error.to_string()));
            log::info(format_args!("the program on {}: {end:?}", self.console.name));
            let next = self.supervision.after(&end, started.elapsed());
            if let Some(words) = &next.words {
                log::error(words.trim());
                crate::screen::show(&self.console.name, words);
            }
            self.notice = next.notice;
            thread::sleep(next.pause);
        }
    }

    fn run_once(&mut self) -> Result<End, InitError> {
        let mut terminal = Terminal::open(self.console)?;
        if self.settings.is_none() {
            self.settings = terminal.settings();
        }
        terminal.restore(self.settings.as_ref());
        let mut child = terminal.start(PROGRAM, &self.arguments())?;
        self.remember(&child);
        log::info(format_args!(
            "program started on {} at {:.2} s",
            self.console.name,
            log::uptime()
        ));
        let status = child.wait().map_err(|error| InitError::start(PROGRAM, error))?;
        Ok(end_of(status))
    }

    fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["screens"];
        if self.options.ascii {
            arguments.push("--ascii");
        }
        if self.console.serial {
            arguments.push("--serial");
        }
        if let Some(notice) = &self.notice {
            arguments.extend(["--notice", notice]);
        }
        arguments
    }

    /// The number of the program, for a manager that comes after this one.
    fn remember(&self, child: &Child) {
        log::gone_past(std::fs::write(self.memory(), child.id().to_string()));
    }

    fn memory(&self) -> PathBuf {
        Path::new(log::FOLDER).join(format!("program.{}", self.console.name))
    }

    /// If a manager before this one fell, the program it started runs on, perhaps in the middle
    /// of a restore: it is left in peace until it ends.
    fn wait_for_earlier_one(&self) {
        let number = std::fs::read_to_string(self.memory()).unwrap_or_default();
        let positive = number.parse().ok().filter(|number: &i32| *number > 0);
        let Some(pid) = positive.and_then(Pid::from_raw) else { return };
        let terminal = std::fs::read_link(format!("/proc/{number}/fd/0"));
        if terminal.is_ok_and(|path| path == Path::new("/dev").join(&self.console.name)) {
            log::info(format_args!("the program on {} is still there", self.console.name));
            if let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) {
                let _ = poll(&mut [PollFd::new(&process, PollFlags::IN)], None);
            }
        }
    }
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Code(code),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    }
}
